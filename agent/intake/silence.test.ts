import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { NIGHT } from "../../test/support/store-samples.ts";
import type { Alert } from "../core/alert.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { openSilence, passSilence, type Silence } from "./silence.ts";

const AFTER = 15 * MICROSECONDS.minute;
const STEP = MICROSECONDS.minute / 2;

/** A watch on one source, with notes that outlive it and a clock in hand. */
function scene() {
  const notes = new Map<string, string>();
  const taken: Alert[] = [];
  const shown: boolean[] = [];
  let now: Instant = NIGHT;
  let seen: number | undefined;
  let failing = false;
  const open = () =>
    openSilence({
      sources: [{ id: "journaux", connector: "syslog", zone: "Europe/Paris", after: AFTER }],
      seen: () => seen,
      async take(_source, records) {
        if (failing) throw new Error("no space left on device");
        taken.push(...records.map(({ alert }) => alert));
      },
      show: (_source, silent) => shown.push(silent),
      notes: {
        read: async (source) => notes.get(source),
        async write(written) {
          for (const { source, content } of written) notes.set(source, content);
        },
      },
      now,
    });
  let watch = open();
  return {
    taken,
    shown,
    notes,
    told: () => taken.map(({ event }) => event?.action),
    speak() {
      seen = Math.floor(now / MICROSECONDS.second);
    },
    fail: (fails: boolean) => {
      failing = fails;
    },
    async pass(minutes: number) {
      for (let passed = 0; passed < minutes * MICROSECONDS.minute; passed += STEP) {
        now += STEP;
        await (await watch).sweep(now);
      }
    },
    /** The clock moves without a sweep: the program sleeps, or the clock is set. */
    jump(minutes: number) {
      now += minutes * MICROSECONDS.minute;
    },
    async stop() {
      await (await watch).close();
    },
    async start(minutesLater: number) {
      now += minutesLater * MICROSECONDS.minute;
      seen = undefined;
      watch = open();
      await watch;
    },
  };
}

describe("the watch over a source", () => {
  it("tells a silence once when it has lasted, and that the source speaks again", async () => {
    const here = scene();
    here.speak();
    await here.pass(14);
    expect(here.told()).toEqual([]);
    await here.pass(60);
    expect(here.told()).toEqual(["source_silent"]);
    here.speak();
    await here.pass(1);
    expect(here.told()).toEqual(["source_silent", "source_heard"]);
    expect(here.shown).toEqual([false, true, false]);
    await here.pass(60);
    expect(here.told()).toEqual(["source_silent", "source_heard", "source_silent"]);
  });

  it("says nothing of a source that speaks in time, however long", async () => {
    const here = scene();
    for (let i = 0; i < 20; i++) {
      here.speak();
      await here.pass(14);
    }
    expect(here.taken).toEqual([]);
  });

  it("makes an alert that says which source, since when and for how long it may be silent", async () => {
    const here = scene();
    here.speak();
    await here.pass(16);
    expect(here.taken[0]).toMatchObject({
      "@timestamp": "2026-06-07T00:25:30.000Z",
      message:
        "La source « journaux » se tait : rien n'est arrivé depuis le 07/06/2026 02:10 (Europe/Paris), pendant plus de 15 min d'écoute.",
      event: {
        kind: "alert",
        module: "tocsin",
        dataset: "tocsin.sources",
        action: "source_silent",
        id: "source_silent/journaux/2026-06-07T00:10:00.000Z",
        start: "2026-06-07T00:10:00.000Z",
        risk_score_norm: 50,
      },
      rule: { name: "Tocsin source silent" },
      service: { name: "journaux", type: "syslog" },
      fields: { "source.id": "journaux", last_heard: "2026-06-07T00:10:00.000Z", silent_after_minutes: 15 },
    });
  });

  it("waits for the first word of a source that never spoke, from its start", async () => {
    const here = scene();
    await here.pass(16);
    expect(here.taken).toMatchObject([
      {
        event: { id: "source_silent/journaux/never/2026-06-07T00:10:00.000Z" },
        fields: { last_heard: null },
      },
    ]);
  });

  it("counts no time in which it did not run, and loses none in which it did", async () => {
    const here = scene();
    here.speak();
    await here.pass(10);
    await here.stop();
    await here.start(24 * 60);
    await here.pass(4);
    expect(here.told()).toEqual([]);
    await here.stop();
    await here.start(24 * 60);
    await here.pass(2);
    expect(here.taken).toMatchObject([{ event: { id: "source_silent/journaux/2026-06-07T00:10:00.000Z" } }]);
  });

  it("does not tell a silence again after a restart, and tells its end", async () => {
    const here = scene();
    here.speak();
    await here.pass(20);
    await here.stop();
    await here.start(5);
    expect(here.shown.at(-1)).toBe(true);
    await here.pass(60);
    here.speak();
    await here.pass(1);
    expect(here.told()).toEqual(["source_silent", "source_heard"]);
  });

  it("gives a silence the same identity when it is told twice, as after a crash before it was noted", async () => {
    const here = scene();
    here.speak();
    await here.pass(10);
    const before = here.notes.get("journaux") ?? "";
    await here.pass(10);
    here.notes.set("journaux", before);
    await here.start(1);
    await here.pass(10);
    const ids = here.taken.map(({ event }) => event?.id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it.each([
    ["forward", 600],
    ["back", -600],
  ])("is not fooled by a clock that is set %s", async (_way, minutes) => {
    const here = scene();
    here.speak();
    await here.pass(10);
    here.jump(minutes);
    await here.pass(3);
    expect(here.told()).toEqual([]);
    await here.pass(3);
    expect(here.told()).toEqual(["source_silent"]);
    here.speak();
    await here.pass(1);
    expect(here.told()).toEqual(["source_silent", "source_heard"]);
  });

  it("tells it later when it could not be stored", async () => {
    const here = scene();
    here.speak();
    here.fail(true);
    await expect(here.pass(20)).rejects.toThrow("no space left");
    expect(here.shown).toEqual([false]);
    here.fail(false);
    await here.pass(1);
    expect(here.told()).toEqual(["source_silent"]);
  });
});

describe("the watch over many sources", () => {
  const many = (count: number, fails: (id: string) => boolean) => {
    const taken: string[] = [];
    const watch = openSilence({
      sources: Array.from({ length: count }, (_, at) => ({
        id: `s-${at}`,
        connector: "syslog",
        zone: "UTC",
        after: AFTER,
      })),
      seen: () => undefined,
      async take(_source, [record]) {
        const id = String(record?.alert.fields?.["source.id"]);
        if (fails(id)) throw new Error(`no room for ${id}`);
        taken.push(id);
      },
      show: () => undefined,
      notes: { read: async () => undefined, write: async () => undefined },
      now: NIGHT,
    });
    return {
      taken,
      sweep: async (minute: number) => (await watch).sweep(NIGHT + minute * MICROSECONDS.minute),
    };
  };

  it("tells each of a thousand that fall silent at once, once", async () => {
    const { taken, sweep } = many(1000, () => false);
    for (let minute = 1; minute <= 20; minute++) await sweep(minute);
    expect(taken).toHaveLength(1000);
    expect(new Set(taken).size).toBe(1000);
  });

  it("tells the others while one cannot be told, and that one as soon as it can", async () => {
    let broken = true;
    const { taken, sweep } = many(4, (id) => broken && id === "s-1");
    for (let minute = 1; minute < 15; minute++) await sweep(minute);
    await expect(sweep(15)).rejects.toMatchObject({ message: "no room for s-1", sources: ["s-1"] });
    expect(taken).toEqual(["s-0", "s-2", "s-3"]);
    broken = false;
    await sweep(15.5);
    expect(taken).toEqual(["s-0", "s-2", "s-3", "s-1"]);
  });
});

describe("passSilence", () => {
  it("tells a silence and its end in turn, whatever is heard and whenever", () => {
    const steps = fc.array(fc.record({ passed: fc.nat(AFTER), heard: fc.boolean() }), { maxLength: 50 });
    fc.assert(
      fc.property(steps, (taken) => {
        let silence: Silence = { heard: null, began: NIGHT, waited: 0, told: false };
        let last: string | undefined;
        for (const [at, { passed, heard }] of taken.entries()) {
          const before = silence;
          const { change, ...after } = passSilence(before, {
            seen: heard ? at : (before.heard ?? undefined),
            passed,
            after: AFTER,
          });
          silence = after.silence;
          if (change === undefined) continue;
          expect(change).toBe(last === "source_silent" ? "source_heard" : "source_silent");
          last = change;
        }
      }),
    );
  });
});
