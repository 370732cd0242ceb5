import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DELETED, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Actor } from "../person-act.ts";
import type { ClockSettlement } from "./desk.ts";

const OPERATOR: Actor = { id: "acc-3", name: "Ève Petit", role: "operator", active: true };
const HOURS_72 = 72 * MICROSECONDS.hour;

let stages: Stages;
let incident: string;
beforeEach(async () => {
  stages = await openStages();
  await stages.take(DELETED);
  incident = (await stages.desk.incidents({ limit: 1 }))[0]?.incident.id ?? "";
  stages.clock.pass(10);
  await stages.desk.takeUp(incident, stages.delegate);
  stages.clock.pass(60);
  await stages.desk.answer({ incident, question: "personal_data", answer: "yes" }, stages.delegate);
  stages.clock.pass(30);
});
afterEach(() => stages.close());

const clockOf = async () => {
  const found = (await stages.desk.dossier(incident))?.deadlines.find(({ regime }) => regime === "rgpd-33");
  if (found === undefined) throw new Error("no clock");
  return found;
};

async function settle(over: Partial<ClockSettlement> = {}, actor: Actor = stages.delegate) {
  const { id } = await clockOf();
  const said = { reason: "Certitude raisonnable à la lecture du constat.", source: "DPO" };
  return stages.desk.settleClock({ incident, deadline: id, from: "found", ...said, ...over }, actor);
}

describe("what the 72 hours count from", () => {
  it("is proposed until a person settles it, and then follows what they chose, whatever becomes known later", async () => {
    const before = await clockOf();
    const found = before.candidates?.find(({ from }) => from === "found")?.at ?? Number.NaN;
    expect(before).toMatchObject({ from: "awareness", settled_by: "dpo" });
    expect(before.started).toBeGreaterThan(found);
    expect(await settle()).toEqual({ outcome: "settled" });
    const settled = await clockOf();
    expect(settled).toMatchObject({
      from: "found",
      started: found,
      due: found + HOURS_72,
      settled: { source: "DPO", writer: "Anne Martin" },
      candidates: before.candidates,
    });
    expect(settled.settled_by).toBeUndefined();
    stages.clock.pass(30);
    await stages.take({ ...DELETED, host: "dpi-01" });
    expect(await clockOf()).toMatchObject({ from: "found", due: found + HOURS_72 });
  });

  it("may be an instant that the person gives, and may be settled anew: the journal keeps each", async () => {
    const at = stages.clock.now() - 20 * MICROSECONDS.minute;
    expect(await settle({ from: "confirmed", at })).toEqual({ outcome: "settled" });
    expect(await clockOf()).toMatchObject({ from: "confirmed", started: at, due: at + HOURS_72 });
    expect(await settle({ from: "awareness" })).toEqual({ outcome: "settled" });
    const entries = await stages.store.reads.journalOf("ch-exemple", incident);
    const told = entries
      .filter(({ type }) => type === "deadline.put")
      .map(({ content }) => JSON.parse(content ?? "{}").content)
      .filter(({ regime }) => regime === "rgpd-33")
      .map(({ from, settled }) => [from, settled !== undefined]);
    expect(told.slice(-3)).toEqual([
      ["awareness", false],
      ["confirmed", true],
      ["awareness", true],
    ]);
  });

  it.each<[string, Partial<ClockSettlement>, string]>([
    ["without a reason", { reason: " " }, "reason_missing"],
    ["without who settles it", { source: " " }, "source_missing"],
    ["for a clock that is none", { deadline: "x" }, "unknown_clock"],
    ["at an instant that nobody gave", { from: "confirmed" }, "unknown_instant"],
    ["in the future", { from: "confirmed", at: Date.UTC(2027, 0, 1) * 1000 }, "future_instant"],
    [
      "before the incident began",
      { from: "confirmed", at: Date.UTC(2026, 10, 14) * 1000 },
      "before_beginning",
    ],
  ])("is not settled %s", async (_, over, code) => {
    const before = await clockOf();
    expect(await settle(over)).toMatchObject({ outcome: "refused", code });
    expect(await clockOf()).toEqual(before);
  });

  it("is not for an operator to settle, nor for anyone where the text says it", async () => {
    expect(await settle({}, OPERATOR)).toMatchObject({ outcome: "refused", code: "not_allowed" });
    await stages.take({ ...NOTE, minute: 100 });
    const health = (await stages.desk.dossier(incident))?.deadlines.find(
      ({ regime }) => regime === "sante-2022",
    );
    expect(await settle({ deadline: health?.id ?? "" })).toMatchObject({ code: "fixed_clock" });
  });
});
