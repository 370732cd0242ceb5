import { afterEach, describe, expect, it } from "vitest";
import { MASKS } from "../../../test/support/masks.ts";
import { PROOF } from "../../../test/support/night.ts";
import { DELETED, openStages, type Stages } from "../../../test/support/pipeline.ts";
import type { Reads } from "../../store/store.ts";
import type { Actor } from "../person-act.ts";
import { openRegister } from "../register/open-register.ts";
import { type BreachLine, breachCsv, breachesIn, breachJson, eachBreachLine } from "./breach-register.ts";

const DPO: Actor = { id: "acc-2", name: "Inès Faure", role: "dpo", active: true };
const REASON = "Aucun risque pour les personnes, vérifié.";
const REGISTERS = new Set(["rgpd-33"]);

let stages: Stages;
afterEach(() => stages.close());

async function begin(): Promise<string> {
  stages = await openStages();
  await stages.take(DELETED);
  const incident = (await stages.desk.incidents({ limit: 1 }))[0]?.incident.id ?? "";
  await stages.desk.takeUp(incident, stages.delegate);
  await stages.desk.answer({ incident, question: "personal_data", answer: "yes" }, stages.delegate);
  return incident;
}
async function breaches(registers = REGISTERS) {
  const { reads } = stages.store;
  const register = openRegister({ reads, facility: "ch-exemple", systems: new Map(), masks: MASKS });
  await register.whole();
  return breachesIn(register.entries(), registers);
}
const register = async () => all(eachBreachLine(stages.store.reads, "ch-exemple", await breaches()));
async function all<T>(made: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of made) found.push(each);
  return found;
}
async function* linesOf(lines: readonly BreachLine[]) {
  yield* lines;
}
async function seen(incident: string) {
  const { version = 0, sha256 = "" } = (await stages.desk.dossier(incident))?.duties.at(-1) ?? {};
  return { incident, regime: "rgpd-33", version, sha256 };
}

describe("the internal register of breaches", () => {
  it("has every breach once, by its last version, notified or not", async () => {
    const incident = await begin();
    expect(await register()).toMatchObject([{ incident, state: "draft", version: 1, notified: [] }]);
    await stages.desk.answer({ incident, question: "risk", answer: "yes" }, stages.delegate);
    await stages.desk.leaveUnnotified({ text: await seen(incident), reason: REASON }, PROOF, DPO);
    expect(await register()).toMatchObject([{ state: "not_notified", reason: REASON }]);
    await stages.desk.answer({ incident, question: "risk", answer: "no" }, stages.delegate);
    expect(await register()).toMatchObject([{ state: "draft", version: 2, decidedBy: "Inès Faure" }]);
  });

  it("leaves out a dossier under the secret of national defence, and what has no register", async () => {
    const incident = await begin();
    await stages.desk.flagSecret({ incident, holds: true, reason: REASON }, stages.delegate);
    expect(await register()).toEqual([]);
    await stages.desk.flagSecret({ incident, holds: false, reason: REASON }, stages.delegate);
    expect(await register()).toHaveLength(1);
    expect(await breaches(new Set(["eigs"]))).toEqual([]);
  });

  it("leaves out the draft of an incident that went into another", async () => {
    const incident = await begin();
    const form = stages.desk.newForm();
    const statement = {
      form,
      kinds: ["degraded_mode" as const],
      systems: [],
      source: { who: "self" as const, name: "" },
      text: "",
    };
    await stages.desk.openByHand(statement, stages.delegate);
    await stages.desk.answer({ incident: form, question: "personal_data", answer: "yes" }, stages.delegate);
    expect(await register()).toHaveLength(2);
    const merging = { incident, other: form, reason: "Le même arrêt du réseau." };
    expect((await stages.desk.merge(merging, stages.delegate)).outcome).toBe("merged");
    expect((await register()).map((line) => line.incident)).toEqual([incident]);
  });

  it("runs no formula in a spreadsheet, and tells instants as RFC 3339", async () => {
    const incident = await begin();
    const field = { id: "consequences", value: "=HYPERLINK(1)\n2", unknown: false };
    await stages.desk.amendDuty({ text: await seen(incident), fields: [field] }, DPO);
    const lines = await register();
    const csv = (await all(breachCsv(linesOf(lines)))).join("");
    expect(csv).toContain("'=HYPERLINK(1) 2");
    expect(csv.split("\r\n")).toHaveLength(3);
    const told = [{ at: stages.begun, reference: "N-1", where: "CNIL", by: "DPO" }];
    const json = breachJson(linesOf(lines.map((line) => ({ ...line, notified: told }))));
    expect(JSON.parse((await all(json)).join("")).breaches[0].notified[0].at).toMatch(/^2026-11-15T.*Z$/);
    expect(JSON.parse((await all(breachJson(linesOf([])))).join(""))).toEqual({ breaches: [] });
  });

  it("has the latest first, and reads the text of no line but those asked for", async () => {
    const first = await begin();
    const form = stages.desk.newForm();
    const statement = {
      ...{ form, kinds: ["degraded_mode" as const], systems: [], text: "" },
      source: { who: "self" as const, name: "" },
    };
    await stages.desk.openByHand(statement, stages.delegate);
    await stages.desk.answer({ incident: form, question: "personal_data", answer: "yes" }, stages.delegate);
    const found = await breaches();
    expect(found.map(([version]) => version?.incident)).toEqual([form, first]);
    const read: string[] = [];
    const record: Reads["record"] = (facility, kind, id) => {
      read.push(id);
      return stages.store.reads.record(facility, kind, id);
    };
    await all(eachBreachLine({ record }, "ch-exemple", found.slice(1, 2)));
    expect(read).toEqual([`${first}/rgpd-33/1`]);
  });
});
