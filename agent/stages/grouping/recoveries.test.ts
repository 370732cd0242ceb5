import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { incidentsOf, linesOf, workOf } from "../../../test/support/night.ts";
import { DELETED, down, type Line, openStages, type Stages, up } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";

let stages: Stages;
afterEach(() => stages?.close());

const at = (minute: number) => NIGHT + minute * MICROSECONDS.minute;

/** Since when and until when something was down, by incident, after lines that came one by one. */
async function outages(...lines: Line[]) {
  stages.clock.set(at(24 * 60));
  for (const line of lines) await stages.take(line);
  const works = await Promise.all((await incidentsOf(stages)).map(({ id }) => workOf(stages, id)));
  return works.map(({ facts }) =>
    facts.filter(({ kind }) => kind === "system_unavailable").map(({ since, until }) => [since, until]),
  );
}

describe("a recovery", () => {
  it("that comes before the outage it ends still ends it, and belongs to it", async () => {
    stages = await openStages();
    const found = await outages(up("pacs-01", 20), down("pacs-01", 5));
    expect(found).toEqual([[[at(5), at(20)]]]);
    const [incident] = await incidentsOf(stages);
    expect(await linesOf(stages, incident?.id ?? "")).toHaveLength(1);
    expect(incident).toMatchObject({ alerts: 2, last_alert: at(20) });
  });

  it("that was taken for a part of something else first, too", async () => {
    stages = await openStages();
    const found = await outages({ ...DELETED, minute: 0 }, up("pacs-01", 20), down("pacs-01", 5));
    expect(found).toEqual([[[at(5), at(20)]]]);
  });

  it("that comes before its outage is remembered over a restart", async () => {
    stages = await openStages();
    stages.clock.set(at(60));
    await stages.take(up("pacs-01", 20), { ...DELETED, host: "dpi-01", minute: 20 });
    stages = { ...(await stages.restart()), close: stages.close };
    const found = await outages(down("pacs-01", 5));
    expect(found.flat()).toEqual([[at(5), at(20)]]);
  });

  it("older than the last word that its subject is down ends nothing", async () => {
    stages = await openStages();
    const found = await outages(down("pacs-01", 30), down("pacs-01", 0), up("pacs-01", 10));
    expect(found).toEqual([[[at(0), null]]]);
  });

  it("in the same instant as an outage that came after it ends nothing", async () => {
    stages = await openStages();
    expect(await outages(up("pacs-01", 5), down("pacs-01", 5))).toEqual([[[at(5), null]]]);
  });

  it("ends what two incidents say of one host", async () => {
    stages = await openStages();
    const found = await outages(down("poste-1", 0), down("poste-1", 300), up("poste-1", 310));
    expect(found).toEqual([[[at(0), at(310)]], [[at(300), at(310)]]]);
  });

  it("of another host ends nothing", async () => {
    stages = await openStages();
    expect(await outages(up("pacs-02", 20), down("pacs-01", 5))).toEqual([[[at(5), null]]]);
  });
});
