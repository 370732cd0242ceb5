import { expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import {
  decide,
  FACILITY,
  HAPPENING,
  incidentsOf,
  linesOf,
  numbered,
  standingOf,
  workOf,
} from "../../../test/support/night.ts";
import { type Line, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { BOUNDED, fc } from "../../../test/support/property.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Incident } from "../../core/incident.ts";
import { isDecided } from "./grouping.ts";

const RUNS = { ...BOUNDED, numRuns: 25 };

type Step = Line | { act: "approve" | "set_aside" | "take_up"; of: number };
const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: HAPPENING },
    fc.record({ act: fc.constantFrom("approve", "set_aside", "take_up"), of: fc.nat({ max: 20 }) }),
  ),
  { minLength: 4, maxLength: 14, size: "max" },
);

async function play(stages: Stages, step: Step): Promise<void> {
  if ("message" in step) return stages.take(step);
  const standing = (await incidentsOf(stages)).filter(
    ({ state }) => state !== "merged" && state !== "closed",
  );
  const incident = standing[step.of % standing.length]?.id;
  if (incident === undefined) return;
  if (step.act === "take_up") await stages.desk.takeUp(incident, stages.delegate);
  else await decide(stages, incident, step.act);
}

/** Each message with the incident that it is about now: which channel was told what. */
async function toldOf(stages: Stages): Promise<string[]> {
  const standing = await standingOf(stages);
  return stages.messages.map(({ key, incident }) =>
    incident === null ? key : key.replace(incident, standing(incident)),
  );
}

it("keeps the machine from merging what was decided on, the first awareness, and everyone from hearing twice", async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, async (given) => {
      const steps = given.map((step, i) => ("message" in step ? (numbered([step], i)[0] as Line) : step));
      const stages = await openStages();
      try {
        stages.clock.set(NIGHT + 10 * MICROSECONDS.hour);
        for (const step of steps) {
          const before = await incidentsOf(stages);
          const decided = new Set<string>();
          for (const { id } of before) if (isDecided(await workOf(stages, id))) decided.add(id);
          const known = new Set(await toldOf(stages));
          const told = stages.messages.length;
          stages.clock.pass(1);
          await play(stages, step);
          while ((await stages.sweeper.sweep()) > 0);

          const after = new Map((await incidentsOf(stages)).map((each) => [each.id, each]));
          const standing = await standingOf(stages);
          for (const incident of before) {
            const now = after.get(standing(incident.id)) as Incident;
            expect([incident.id, decided.has(incident.id) && now.id !== incident.id]).toEqual([
              incident.id,
              false,
            ]);
            expect(now.occurred).toBeLessThanOrEqual(incident.occurred);
            expect(now.first_alert).toBeLessThanOrEqual(incident.first_alert);
            expect(now.found ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(
              incident.found ?? Number.POSITIVE_INFINITY,
            );
          }
          // Under the names of the incidents as they stand: a message for either half counts for the whole.
          const renamed = new Set([...known].map((key) => renameIn(key, standing)));
          for (const key of (await toldOf(stages)).slice(told))
            expect([key, renamed.has(key)]).toEqual([key, false]);
        }
      } finally {
        await stages.close();
      }
    }),
    RUNS,
  );
}, 60_000);

/** A key of an effect under the incident that its incident went into. */
function renameIn(key: string, standing: (id: string) => string): string {
  const [kind, facility, channel, incident = "", ...rest] = key.split(":");
  return [kind, facility, channel, standing(incident), ...rest].join(":");
}

it("links what a decision keeps apart to what it would have been one with, and asks a person", async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, async (given) => {
      const steps = given.map((step, i) => ("message" in step ? (numbered([step], i)[0] as Line) : step));
      const [asked, free] = [await openStages(), await openStages()];
      try {
        for (const stages of [asked, free]) stages.clock.set(NIGHT + 10 * MICROSECONDS.hour);
        for (const step of steps) {
          await play(asked, step);
          if ("message" in step) await free.take(step);
        }
        const homes = new Map<string, string>();
        const all = (await incidentsOf(asked)).filter(({ state }) => state !== "merged");
        for (const { id } of all) for (const line of await linesOf(asked, id)) homes.set(line, id);
        for (const { id, state } of await incidentsOf(free)) {
          if (state === "merged") continue;
          const opening = (await free.store.reads.detectionsOf(FACILITY, id, 100)).filter(
            ({ detection }) => detection.rule.level !== "informational",
          );
          const parts = new Set(
            opening.map(({ alert }) => homes.get(String(alert.alert.fields?.ticket)) ?? ""),
          );
          expect([...parts].filter((each) => !reaches([...parts][0] ?? "", parts, all).has(each))).toEqual(
            [],
          );
        }
      } finally {
        await asked.close();
        await free.close();
      }
    }),
    RUNS,
  );
}, 60_000);

/** Incidents that one reaches over links, all of one whole. */
function reaches(from: string, whole: ReadonlySet<string>, all: readonly Incident[]): Set<string> {
  const found = new Set([from]);
  for (const id of found)
    for (const { incident } of all.find((each) => each.id === id)?.linked ?? [])
      if (whole.has(incident)) found.add(incident);
  return found;
}
