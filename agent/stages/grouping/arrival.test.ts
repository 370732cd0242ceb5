import { expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import {
  FACILITY,
  HAPPENING,
  incidentsOf,
  numbered,
  partitionOf,
  pictureOf,
  workOf,
} from "../../../test/support/night.ts";
import { down, type Line, openStages, up } from "../../../test/support/pipeline.ts";
import { BOUNDED, fc } from "../../../test/support/property.ts";
import { MICROSECONDS } from "../../core/clock.ts";

const RUNS = { ...BOUNDED, numRuns: 25 };

/** No two at once: of an outage and a recovery in one instant only the order of arrival tells which was last. */
const lines = (most: number) =>
  fc
    .array(HAPPENING, { minLength: 2, maxLength: most, size: "max" })
    .map((all) => numbered(all.map((line, i) => ({ ...line, minute: (line.minute ?? 0) + i / 60 }))));

const isRecovery = ({ message }: Line) => message.startsWith("Resolved");

async function placed(arrivals: readonly Line[][]): Promise<string[][]> {
  const stages = await openStages();
  try {
    stages.clock.set(NIGHT + 2 * MICROSECONDS.day);
    for (const batch of arrivals) await stages.take(...batch);
    const informing = new Set(
      arrivals
        .flat()
        .filter(isRecovery)
        .map(({ more }) => more?.ticket),
    );
    return await partitionOf(stages, (ticket) => !informing.has(ticket));
  } finally {
    await stages.close();
  }
}

it("puts the same lines together in whatever order and batches they arrive", async () => {
  await fc.assert(
    fc.asyncProperty(
      lines(14).chain((all) =>
        fc.record({ all: fc.constant(all), order: fc.shuffledSubarray(all, { minLength: all.length }) }),
      ),
      async ({ all, order }) => {
        const whole = await placed([all]);
        expect(await placed(order.map((each) => [each]))).toEqual(whole);
      },
    ),
    RUNS,
  );
}, 60_000);

/** Outages and recoveries of a few hosts, no two at once. */
const OUTAGES = fc
  .uniqueArray(fc.nat({ max: 40 }), { minLength: 1, maxLength: 8, size: "max" })
  .chain((steps) =>
    fc.tuple(
      ...steps.map((step) =>
        fc.record({
          minute: fc.constant(step * 15),
          host: fc.constantFrom("pacs-01", "dpi-01", "poste-1"),
          down: fc.boolean(),
        }),
      ),
    ),
  );

it("leaves a host down only if the last that was said of it is that it is down, in whatever order it arrives", async () => {
  await fc.assert(
    fc.asyncProperty(OUTAGES, async (said) => {
      const stages = await openStages();
      try {
        stages.clock.set(NIGHT + 2 * MICROSECONDS.day);
        for (const { minute, host, down: isDown } of said)
          await stages.take(isDown ? down(host, minute) : up(host, minute));
        const works = await Promise.all((await incidentsOf(stages)).map(({ id }) => workOf(stages, id)));
        const open = works.flatMap(({ facts }) =>
          facts.filter(({ until }) => until === null).flatMap(({ subjects }) => subjects),
        );
        const last = new Map(
          [...said].sort((a, b) => a.minute - b.minute).map((each) => [each.host, each.down]),
        );
        expect([...new Set(open)].sort()).toEqual(
          [...last]
            .filter(([, isDown]) => isDown)
            .map(([host]) => host)
            .sort(),
        );
      } finally {
        await stages.close();
      }
    }),
    RUNS,
  );
}, 60_000);

/** All that stands and all that was told, of a night that came in order. */
async function playedTwice(all: readonly Line[], sameIds: boolean) {
  const stages = await openStages();
  const tell = async () => {
    while ((await stages.sweeper.sweep()) > 0);
  };
  const play = async () => {
    for (const line of all) {
      await stages.take(sameIds ? { ...line, id: String(line.more?.ticket) } : line);
      await tell();
    }
  };
  const seen = async () => ({
    picture: await pictureOf(stages),
    told: stages.messages.map(({ key }) => key),
    noted: (await stages.store.reads.journal(FACILITY, 1, 10_000)).filter(({ type }) => type === "note.told")
      .length,
    planned: (
      await Promise.all(
        (await incidentsOf(stages)).map(({ id }) => stages.store.reads.effectsOf(FACILITY, id)),
      )
    )
      .flat()
      .map(({ key, state }) => [key, state]),
  });
  try {
    stages.clock.set(NIGHT + 10 * MICROSECONDS.hour);
    await play();
    const once = await seen();
    await play();
    return { once, twice: await seen() };
  } finally {
    await stages.close();
  }
}

it("is not changed in anything by the same recording, read a second time from a source that names its events", async () => {
  await fc.assert(
    fc.asyncProperty(lines(10), async (all) => {
      const { once, twice } = await playedTwice(all, true);
      expect(twice).toEqual(once);
    }),
    RUNS,
  );
}, 60_000);

it("tells nobody again, and states nothing anew, for the same recording from a source that names no event", async () => {
  await fc.assert(
    fc.asyncProperty(lines(10), async (all) => {
      const { once, twice } = await playedTwice(all, false);
      expect([twice.told, twice.noted, twice.planned]).toEqual([once.told, once.noted, once.planned]);
      const informing = new Set(all.filter(isRecovery).map(({ more }) => String(more?.ticket)));
      const known = ({ picture }: typeof once) =>
        picture.map(({ incident, facts, lines: holds, values, clocks }) => ({
          id: incident.id,
          state: incident.state,
          holds: holds.filter((ticket) => !informing.has(ticket)),
          facts: facts.map(({ id, kind, system, since, until }) => ({ id, kind, system, since, until })),
          values: values.map((each) => each?.[2]),
          clocks,
        }));
      expect(known(twice)).toEqual(known(once));
    }),
    RUNS,
  );
}, 60_000);
