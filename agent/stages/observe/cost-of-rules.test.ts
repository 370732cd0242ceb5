import { afterEach, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { down, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { costOfRules } from "./cost-of-rules.ts";

let stages: Stages;
afterEach(() => stages?.close());

const AROUND = { from: NIGHT - MICROSECONDS.day, to: NIGHT + MICROSECONDS.day };
const REASON = "Redémarrage prévu du service, rien n'allait mal.";
const ACTOR = { id: "p-1", name: "Paul Durand", role: "rssi", active: true } as const;

/** A candidate, closed by a person. */
async function closed(falseAlarm: boolean) {
  stages = await openStages({});
  await stages.take(down("imprimante-9"));
  const [found] = await stages.desk.incidents({ limit: 1 });
  const incident = found?.incident.id ?? "";
  const told = { write: "note", what: "told", incident, content: { channel: "sms" } } as const;
  await stages.store.commit({ facility: stages.setup.facility.id, at: NIGHT, writes: [told] });
  const done = await stages.desk.closeByHand({ incident, reason: REASON, falseAlarm }, ACTOR as never);
  expect(done).toEqual({ outcome: "closed" });
  return incident;
}
const cost = (between = AROUND) => costOfRules(stages.store.reads, stages.setup.facility, between);

it("counts a dossier closed as a false alarm, and whom it woke, to the rules that made it", async () => {
  await closed(true);
  const { rules, falseAlarms } = await cost();
  expect(falseAlarms).toBe(1);
  expect(rules).not.toEqual([]);
  for (const rule of rules) expect(rule).toMatchObject({ falseAlarms: 1, nightCalls: 1 });
});

it.each([
  { what: "closed for another reason", falseAlarm: false, between: AROUND },
  {
    what: "closed before",
    falseAlarm: true,
    between: { from: NIGHT + MICROSECONDS.day, to: NIGHT + 2 * MICROSECONDS.day },
  },
])("counts no dossier $what", async ({ falseAlarm, between }) => {
  await closed(falseAlarm);
  expect(await cost(between)).toEqual({ rules: [], falseAlarms: 0 });
});

it("counts none that was opened again", async () => {
  const incident = await closed(true);
  await stages.desk.reopen({ incident, reason: REASON }, { ...ACTOR, role: "delegate" } as never);
  expect((await cost()).falseAlarms).toBe(0);
});
