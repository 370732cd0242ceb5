import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { DELETED, down, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { OPERATOR, REASON, statingScene } from "../../../test/support/stating.ts";
import { MICROSECONDS } from "../../core/clock.ts";

let stages: Stages;
afterEach(() => stages?.close());
const { statement, dossier, factOf, journal } = statingScene(() => stages);

describe("the estimated beginning", () => {
  it("moves back with an older fact of a person, says why, and comes back when it is withdrawn", async () => {
    stages = await openStages();
    await stages.take(down("dpi-01"));
    const [first] = await stages.desk.incidents({ limit: 1 });
    const id = first?.incident.id ?? "";
    const since = NIGHT - 3 * MICROSECONDS.hour;
    await stages.desk.stateFacts(id, statement({ since }), OPERATOR);
    expect((await dossier(id)).incident).toMatchObject({
      occurred: since,
      beginning: { because: expect.stringContaining("cadre de santé, Mme Roux"), before: NIGHT },
    });
    const { id: fact } = await factOf(id, "degraded_mode");
    await stages.desk.withdrawFact({ incident: id, fact, reason: REASON }, OPERATOR);
    expect((await dossier(id)).incident.occurred).toBe(NIGHT);
    expect(
      (await journal("note.beginning_moved")).map(({ content }) => JSON.parse(content ?? "{}")),
    ).toMatchObject([
      { from: NIGHT, to: since, fact },
      { from: since, to: NIGHT, fact },
    ]);
  });

  it("moves back with an alert that arrives late, and names it", async () => {
    stages = await openStages();
    stages.clock.pass(60);
    await stages.take({ ...DELETED, minute: 60 });
    await stages.take({ ...DELETED, minute: 5 }, { ...DELETED, minute: 2 });
    const [first] = await stages.desk.incidents({ limit: 1 });
    expect(first?.incident).toMatchObject({
      occurred: NIGHT + 2 * MICROSECONDS.minute,
      beginning: { because: expect.stringMatching(/^Alerte reçue après coup : « .+ »\.$/), fact: null },
    });
    expect(await journal("note.beginning_moved")).toHaveLength(1);
  });
});
