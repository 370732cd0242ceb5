import { describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import {
  HAPPENING,
  incidentsOf,
  linesOf,
  numbered,
  pictureOf,
  REASON,
  standingOf,
  workOf,
} from "../../../test/support/night.ts";
import { DELETED, down, type Line, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { BOUNDED, fc } from "../../../test/support/property.ts";
import { MICROSECONDS } from "../../core/clock.ts";

const RUNS = { ...BOUNDED, numRuns: 25 };

type Act = { act: "merge"; one: number; other: number } | { act: "split"; one: number; line: number };
const small = fc.nat({ max: 20 });
const ACTS: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    fc.record({ act: fc.constant("merge" as const), one: small, other: small }),
    fc.record({ act: fc.constant("split" as const), one: small, line: small }),
  ),
  { minLength: 1, maxLength: 4 },
);

interface Night {
  lines: Line[];
  /** What people answered before anything is brought together. */
  said: { of: number; question: string; answer: string }[];
}
const NIGHTS: fc.Arbitrary<Night> = fc.record({
  lines: fc
    .array(HAPPENING, { minLength: 2, maxLength: 10, size: "max" })
    .map((lines) => numbered(lines.sort((a, b) => (a.minute ?? 0) - (b.minute ?? 0)))),
  said: fc.array(
    fc.record({
      of: small,
      question: fc.constantFrom("malicious", "degraded_mode", "health_data"),
      answer: fc.constantFrom("yes", "no"),
    }),
    { maxLength: 3 },
  ),
});

const standing = async (stages: Stages) =>
  (await incidentsOf(stages)).filter(({ state }) => state !== "merged");
const pick = <T>(list: readonly T[], i: number): T => list[i % list.length] as T;

/** Does what can be done; returns the incident that stays, when something was. */
async function play(stages: Stages, act: Act): Promise<string | undefined> {
  const all = await standing(stages);
  const one = all[act.one % all.length];
  if (one === undefined) return undefined;
  if (act.act === "merge") {
    const merged = await stages.desk.merge(
      { incident: one.id, other: pick(all, act.other).id, reason: REASON },
      stages.delegate,
    );
    return merged.outcome === "merged" ? one.id : undefined;
  }
  const detections = await stages.store.reads.detectionsOf("ch-exemple", one.id, 100);
  if (detections.length === 0) return undefined;
  const picks = [`alert:${pick(detections, act.line).alert.id}`];
  const split = await stages.desk.split({ incident: one.id, picks, reason: REASON }, stages.delegate);
  return split.outcome === "split" ? one.id : undefined;
}

async function takenUp({ lines, said }: Night): Promise<Stages> {
  const stages = await openStages();
  for (const line of lines) {
    stages.clock.set(NIGHT + (line.minute ?? 0) * MICROSECONDS.minute);
    await stages.take(line);
  }
  stages.clock.pass(5);
  for (const { id } of await standing(stages)) await stages.desk.takeUp(id, stages.delegate);
  const all = await standing(stages);
  for (const { of, ...answer } of said) {
    const incident = all[of % all.length]?.id;
    stages.clock.pass(1);
    if (incident !== undefined) await stages.desk.answer({ incident, ...answer }, stages.delegate);
  }
  stages.clock.pass(1);
  return stages;
}

it("never brings together again what a person said are others, whatever comes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        night: NIGHTS,
        acts: ACTS,
        undone: fc.nat({ max: 2 }),
        next: fc.array(HAPPENING, { minLength: 1, maxLength: 12, size: "max" }),
      }),
      async ({ night, acts, undone, next }) => {
        let stages = await takenUp(night);
        try {
          const done: string[] = [];
          for (const act of acts)
            done.push(...[await play(stages, act)].filter((each) => each !== undefined));
          for (const incident of done.toReversed().slice(0, undone))
            await stages.desk.undoRegrouping({ incident, reason: REASON }, stages.delegate);
          const others = (await incidentsOf(stages)).flatMap(({ id, state, apart = [] }) =>
            state === "merged" ? [] : apart.map((other) => [id, other] as const),
          );
          const before = await standingOf(stages);
          const kept = others.filter(([one, other]) => before(one) !== before(other));
          if (undone > 0) stages = { ...(await stages.restart()), close: stages.close };
          stages.clock.set(NIGHT + MICROSECONDS.day);
          for (const line of numbered(next, 100)) await stages.take(line);
          const after = await standingOf(stages);
          expect(kept.filter(([one, other]) => after(one) === after(other))).toEqual([]);
        } finally {
          await stages.close();
        }
      },
    ),
    RUNS,
  );
}, 60_000);

it("merging two incidents and splitting off again what one had restores both, and no clock begins later", async () => {
  await fc.assert(
    fc.asyncProperty(NIGHTS, small, small, async ({ lines }, i, j) => {
      const stages = await takenUp({ lines, said: [] });
      try {
        const all = await standing(stages);
        const [one, other] = [all[i % all.length], all[j % all.length]];
        fc.pre(one !== undefined && other !== undefined && one !== other);
        const before = { one: await toldOf(stages, one.id), other: await toldOf(stages, other.id) };
        const moved = await stages.store.reads.detectionsOf("ch-exemple", other.id, 100);
        await stages.desk.merge({ incident: one.id, other: other.id, reason: REASON }, stages.delegate);
        stages.clock.pass(60);
        const split = await stages.desk.split(
          { incident: one.id, picks: moved.map(({ alert }) => `alert:${alert.id}`), reason: REASON },
          stages.delegate,
        );
        if (split.outcome !== "split") throw new Error(split.because);
        const after = { one: await toldOf(stages, one.id), other: await toldOf(stages, split.incident) };
        for (const part of ["one", "other"] as const) {
          const { clocks, values, ...told } = before[part];
          expect(after[part]).toMatchObject(told);
          // What was only watched is evaluated from now on, since a person has looked at it.
          if (!values.includes("not_evaluated")) expect(after[part].values).toEqual(values);
          for (const [clock, from] of Object.entries(clocks))
            expect(after[part].clocks[clock]).toBeLessThanOrEqual(from);
        }
      } finally {
        await stages.close();
      }
    }),
    RUNS,
  );
}, 60_000);

/** What alerts alone tell of an incident, and since when each of its clocks counts. */
async function toldOf(stages: Stages, id: string) {
  const { incident, facts, qualification, others, deadlines } = await workOf(stages, id);
  return {
    lines: await linesOf(stages, id),
    incident: {
      occurred: incident.occurred,
      alerts: incident.alerts,
      systems: [...incident.systems].sort(),
      causes: [...incident.causes].sort(),
    },
    facts: facts
      .filter(({ withdrawn }) => withdrawn === null)
      .map(({ kind, system, since, until, alerts, subjects }) => ({
        kind,
        system,
        since,
        until,
        alerts,
        subjects: [...subjects].sort(),
      }))
      .sort((a, b) => (`${a.kind}${a.system}${a.since}` < `${b.kind}${b.system}${b.since}` ? -1 : 1)),
    values: [qualification, ...others].flatMap(
      (each) => each?.criteria.map(({ value, degree }) => degree ?? value) ?? [],
    ),
    clocks: Object.fromEntries(
      deadlines
        .filter((each) => each.void !== true)
        .map(({ regime, label, started }) => [`${regime}/${label}`, started]),
    ),
  };
}

it("every merge and split of people, undone from the last, leaves all as it was", async () => {
  await fc.assert(
    fc.asyncProperty(NIGHTS, ACTS, async (night, acts) => {
      const stages = await takenUp(night);
      try {
        const before = await pictureOf(stages);
        const done: string[] = [];
        for (const act of acts) {
          stages.clock.pass(1);
          const stays = await play(stages, act);
          if (stays !== undefined) done.push(stays);
        }
        for (const incident of done.toReversed()) {
          stages.clock.pass(1);
          expect(await stages.desk.undoRegrouping({ incident, reason: REASON }, stages.delegate)).toEqual({
            outcome: "undone",
          });
        }
        expect(await pictureOf(stages)).toEqual(before);
      } finally {
        await stages.close();
      }
    }),
    RUNS,
  );
}, 60_000);

describe("what a person knew before", () => {
  /** One incident of two machines, whose criteria were met and noted at 02:01. */
  async function whole(): Promise<{ stages: Stages; id: string }> {
    const stages = await openStages();
    await stages.take(
      { ...DELETED, host: "pacs-01" },
      { ...NOTE, host: "pacs-01" },
      { ...NOTE, host: "dpi-01" },
    );
    const [incident] = await standing(stages);
    stages.clock.pass(1);
    await stages.desk.takeUp(incident?.id ?? "", stages.delegate);
    stages.clock.pass(600);
    return { stages, id: incident?.id ?? "" };
  }
  const awareOf = async (stages: Stages, id: string) =>
    (await workOf(stages, id)).deadlines.find(
      ({ regime, void: over }) => regime === "rgpd-33" && over !== true,
    )?.started;

  it("is known of what is split off: no clock begins anew for it", async () => {
    const { stages, id } = await whole();
    const aware = await awareOf(stages, id);
    const split = await stages.desk.split(
      { incident: id, picks: ["host:dpi-01"], reason: REASON },
      stages.delegate,
    );
    if (split.outcome !== "split") throw new Error(split.because);
    expect(aware).toBe(NIGHT + MICROSECONDS.minute);
    expect(await awareOf(stages, split.incident)).toBe(aware);
    expect(await awareOf(stages, id)).toBe(aware);
    stages.clock.pass(600);
    await stages.desk.undoRegrouping({ incident: id, reason: REASON }, stages.delegate);
    expect(await awareOf(stages, id)).toBe(aware);
    await stages.close();
  });

  it("stays said of the whole when what was split off goes back: others are still others", async () => {
    const { stages, id } = await whole();
    await stages.take(down("imprimante-1"));
    const other = (await standing(stages)).at(-1)?.id ?? "";
    const split = await stages.desk.split(
      { incident: id, picks: ["host:dpi-01"], reason: REASON },
      stages.delegate,
    );
    if (split.outcome !== "split") throw new Error(split.because);
    await stages.desk.keepApart({ incident: split.incident, other, reason: REASON }, stages.delegate);
    await stages.desk.undoRegrouping({ incident: id, reason: REASON }, stages.delegate);
    expect((await workOf(stages, id)).incident.apart).toContain(other);
    await stages.close();
  });

  it("is the last word of a person on malice, whichever incident goes into the other", async () => {
    const { stages, id } = await whole();
    await stages.take(down("imprimante-1"));
    const other = (await standing(stages)).at(-1)?.id ?? "";
    await stages.desk.answer({ incident: id, question: "malicious", answer: "no" }, stages.delegate);
    stages.clock.pass(5);
    await stages.desk.answer({ incident: other, question: "malicious", answer: "yes" }, stages.delegate);
    await stages.desk.merge({ incident: id, other, reason: REASON }, stages.delegate);
    expect((await workOf(stages, id)).incident.malicious).toBe(true);
    stages.clock.pass(5);
    await stages.desk.undoRegrouping({ incident: id, reason: REASON }, stages.delegate);
    expect((await workOf(stages, id)).incident.malicious).toBe(false);
    expect((await workOf(stages, other)).incident.malicious).toBe(true);
    await stages.close();
  });
});
