import { afterEach, describe, expect, it } from "vitest";
import { dossierOf, only, RSSI, settle, until, up } from "../../../test/support/muted-night.ts";
import { down, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { setAsideByTwo } from "../../../test/support/set-aside.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { GRACE } from "./outages.ts";

let stages: Stages;
afterEach(() => stages?.close());

describe("what stands behind a main outage", () => {
  /** The directory is down, and for so long that nothing joins it any more when the PACS, which stands on it, goes. */
  async function behind() {
    stages = await openStages();
    await stages.take(down("dc01"));
    await until(stages, 300);
    stages.messages.length = 0;
    return (await only(stages)).incident.id;
  }
  /** Care went to paper: what the PACS would meet is met in the main incident. */
  async function paper(main: string) {
    const source = { who: "self", name: "" } as const;
    const form = stages.desk.newForm();
    const statement = { form, kinds: ["degraded_mode" as const], systems: [], text: "", source };
    await stages.desk.stateFacts(main, statement, RSSI);
    await settle(stages);
    stages.messages.length = 0;
  }
  const other = async (main: string) => {
    const all = await stages.desk.incidents({ limit: 10 });
    const found = all.find(({ incident }) => incident.id !== main);
    if (found === undefined) throw new Error("no other incident");
    return found;
  };

  it("is shown with it, and told apart once it meets what the main one does not", async () => {
    const main = await behind();
    await stages.take(down("pacs-01", 300));
    const { muted, incident } = await other(main);
    expect(muted?.line).toBe("Regroupé sous la panne principale : 2026-0001");
    expect((await dossierOf(stages, incident.id)).muted).toMatchObject({
      holds: true,
      mains: [{ incident: main, reference: "2026-0001", system: "Annuaire" }],
    });
    expect(await until(stages, 329)).toEqual([]);
    // C1: the PACS is critical to care, the directory is not.
    expect(await until(stages, 331)).toContain("decision_needed");
    expect((await other(main)).muted?.line).toBe("Regroupé sous la panne principale : 2026-0001");
  });

  it("is not told apart while all that it meets is met there, and is looked at again once that one is over", async () => {
    const main = await behind();
    await paper(main);
    await stages.take(down("pacs-01", 300));
    const { incident } = await other(main);
    expect(await until(stages, 420)).toEqual([]);
    expect((await other(main)).incident.state).toBe("candidate");
    await stages.take(up("dc01", 420));
    expect(await until(stages, 420 + GRACE / MICROSECONDS.minute - 1)).toEqual([]);
    expect(await until(stages, 420 + GRACE / MICROSECONDS.minute + 1)).toContain("decision_needed");
    expect((await dossierOf(stages, incident.id)).incident.state).toBe("in_review");
  });

  it("closes by itself once it is over, since all that it met is told there, and says so", async () => {
    const main = await behind();
    await paper(main);
    await stages.take(down("pacs-01", 300));
    const { id } = (await other(main)).incident;
    await until(stages, 400);
    await stages.take(up("pacs-01", 400));
    await until(stages, 400 + 260);
    expect((await dossierOf(stages, id)).incident).toMatchObject({
      state: "closed",
      closed_by: "machine",
      because: expect.stringContaining("2026-0001"),
    });
  });

  it("is told at once when the main incident is set aside", async () => {
    const main = await behind();
    await paper(main);
    await stages.take(down("pacs-01", 300));
    expect(await until(stages, 340)).toEqual([]);
    const { declarations } = await dossierOf(stages, main);
    const { id: declaration, version, sha256 } = declarations.at(-1) ?? { id: "", version: 0, sha256: "" };
    const text = { incident: main, declaration, version, sha256 };
    const done = await setAsideByTwo(stages, text, "Le papier suffisait, vu avec la direction.");
    expect(done).toMatchObject({ outcome: "set_aside" });
    expect(await until(stages, 342)).toContain("decision_needed");
  });
});
