import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { System } from "../../agent/core/asset.ts";
import type { Instant } from "../../agent/core/clock.ts";
import type { FactKind } from "../../agent/core/fact.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { type Arrival, correlate } from "../../agent/stages/correlate.ts";
import { type Grouping, openGrouping } from "../../agent/stages/grouping/grouping.ts";
import { openShelf } from "../../agent/stages/grouping/shelf.ts";
import { judge } from "../../agent/stages/judge.ts";
import { locator } from "../../agent/stages/locate.ts";
import { openPipeline } from "../../agent/stages/open-pipeline.ts";
import { carry } from "../../agent/stages/pipeline.ts";
import { changesOf, type Setup, type Work } from "../../agent/stages/work.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import { loadRegimes } from "../../rules/regimes/load-regime.ts";
import { groupingSetup } from "../support/grouping.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";

const SIZES = { incidents: 10_000, systems: 5_000, rounds: 50_000, storm: 100_000 };
const TINY = { incidents: 200, systems: 100, rounds: 400, storm: 600 };
/** µs for a detection that joins and adds no fact, for one that adds a fact; ms for a storm. */
const GOALS = { joins: 20, adds: 200, storm: 5_000 } as const;
const BATCH = 500;
export const BEGINS: Instant = 1_785_600_000_000_000;
const SECOND = 1_000_000;

/** What a detection costs beside 10,000 open incidents and 5,000 systems, and a storm that is one incident. */
export async function benchGrouping({ tiny }: BenchOptions): Promise<{ each: Measure[]; storm: Measure[] }> {
  const sizes = tiny ? TINY : SIZES;
  const setup = facilityOf(sizes.systems);
  const goal = (value: number) => (tiny ? undefined : value);
  const scene = openScene(setup);
  const host = (i: number) => (i < sizes.systems ? `srv-${i}` : `poste-${i}`);
  const seen = (count: number, facts: readonly FactKind[]) =>
    Array.from({ length: count }, (_, i) => ({ host: host((i * 7919) % sizes.incidents), facts }));

  scene.place(seen(sizes.incidents, ["malicious_action_suspected"]), { after: carry });
  const known = scene.active.size;
  const joins = scene.place(seen(sizes.rounds, ["malicious_action_suspected"]));
  const adds = scene.place(seen(sizes.incidents, ["data_altered"]), { after: judge });
  const drafts = scene.place(seen(sizes.incidents, ["data_disclosed"]), { after: carry });
  if (scene.active.size !== known) throw new Error(`${known} incidents became ${scene.active.size}`);
  const blow = scene.place(
    Array.from({ length: sizes.storm }, () => ({ host: host(1), facts: ["data_altered"] as const })),
    { after: carry },
  );
  const stored = await storedStorm(setup, sizes.storm);
  const against = "JSON.parse of the same alerts";
  const one = (what: string, spent: Spent, count: number, limit?: number): Measure => ({
    what,
    own: { value: spent.own / count },
    goal: limit && goal(limit),
    against,
    peer: { value: spent.parsed / count },
  });
  const all = (what: string, spent: Spent): Measure => ({
    what,
    own: { value: spent.own / 1000 },
    goal: goal(GOALS.storm),
    against,
    peer: { value: spent.parsed / 1000 },
  });
  return {
    each: [
      one("joins, adds no fact", joins, sizes.rounds, GOALS.joins),
      one("adds a fact, evaluated anew under two packs", adds, sizes.incidents, GOALS.adds),
      one("the same, and its text written anew", drafts, sizes.incidents),
    ],
    storm: [
      all(`${sizes.storm} alerts of one incident, placed and evaluated`, blow),
      all(`${sizes.storm} alerts of one incident, read and committed besides`, stored),
    ],
  };
}

/** CPU time of this process, µs. */
interface Spent {
  own: number;
  parsed: number;
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** A facility of so many systems, under two law packs. */
export function facilityOf(count: number): Setup {
  const systems = Array.from({ length: count }, (_, i) =>
    System.parse({ id: `s${i}`, name: `Système ${i}`, kind: "other", hosts: [`srv-${i}`] }),
  );
  return {
    ...groupingSetup(),
    systems: new Map(systems.map((system) => [system.id, system])),
    locate: locator(systems),
    regimes: loadRegimes(["sante-2022", "rgpd-33"]),
  };
}

interface Told {
  host: string;
  facts: readonly FactKind[];
}

/** A rule that states such facts. */
export function rule(facts: readonly FactKind[]): Arrival["detection"]["rule"] {
  return {
    id: "bench",
    version: "0",
    title: "bench",
    level: "high",
    tags: [],
    meaning: {
      title_fr: "banc",
      reason_fr: "banc",
      facts: facts.map((fact) => ({ fact, confidence: "suspected" as const, ended_by: [] })),
    },
  };
}

/** Places detections in memory, as the pipeline does between its reading and its commit. */
function openScene(setup: Setup) {
  const grouping: Grouping = openGrouping(setup);
  const active = new Map<string, Work>();
  let seq = 0;
  let references = 0;

  function place(
    told: readonly Told[],
    { after }: { after?: (work: Work, setup: Setup, now: Instant) => void } = {},
  ): Spent {
    const spent: Spent = { own: 0, parsed: 0 };
    for (let from = 0; from < told.length; from += BATCH) {
      const some = told.slice(from, from + BATCH);
      const texts = some.map(({ host }, i) =>
        JSON.stringify({
          id: `alert-${seq + i}`,
          alert: { host: { name: host }, message: "bench", fields: {} },
        }),
      );
      const begin = cpu();
      const parsed = texts.map((text) => JSON.parse(text) as Pick<Arrival["alert"], "id" | "alert">);
      const read = cpu();
      const now = BEGINS + seq * 10;
      const placed = seq;
      // As they come out of the record.
      const arrivals = parsed.map((alert, i): Arrival => {
        const at = now + i;
        return {
          alert: { ...alert, source: "bench", received: at, occurred: at, eventId: null },
          detection: {
            id: alert.id,
            alert: alert.id,
            seq: ++seq,
            occurred: at,
            because: [],
            rule: rule(some[i]?.facts ?? []),
          },
        };
      });
      const ready = cpu();
      const shelf = openShelf({
        active,
        grouping,
        setup,
        now,
        seq: placed,
        reference: () => `2026-${String(++references).padStart(4, "0")}`,
      });
      for (const arrival of arrivals) {
        const home = correlate(arrival, shelf);
        if (home !== undefined) shelf.placed(arrival, home);
      }
      const changed = shelf.changed();
      if (after !== undefined) for (const work of changed) after(work, setup, now);
      const done = cpu();
      spent.parsed += read - begin;
      spent.own += done - ready;
      for (const work of changed)
        active.set(work.incident.id, { ...work, beside: [], base: changesOf(work).base });
    }
    return spent;
  }
  return { active, place };
}

/** The same storm from a store and into it: what the whole main thread has to do for it. */
async function storedStorm(setup: Setup, count: number): Promise<Spent> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-grouping-"));
  const clock = { now: () => BEGINS + count * SECOND };
  const store = openSqlite({
    file: join(folder, "bench.sqlite"),
    signingKey: makeSigningKey(join(folder, "key.pem")),
    clock,
  });
  try {
    const newId = uuidv7(clock);
    const texts: string[] = [];
    for (let from = 0; from < count; from += BATCH) {
      const writes = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => {
        const at = BEGINS + (from + i) * 1000;
        const id = newId();
        const alert = { host: { name: "srv-1" }, message: "bench", fields: {} };
        texts.push(JSON.stringify(alert));
        return {
          write: "alert" as const,
          alert: { id, source: "bench", received: at, occurred: at, eventId: null, alert },
          detections: [{ id: newId(), alert: id, because: [], rule: rule(["data_altered"]) }],
        };
      });
      await store.commit({ facility: setup.facility.id, at: clock.now(), writes });
    }
    const begin = cpu();
    for (const text of texts) JSON.parse(text);
    const read = cpu();
    const pipeline = await openPipeline({ store, setup: { ...setup, newId }, clock });
    while ((await pipeline.advance()) > 0);
    const done = cpu();
    const { length } = await store.reads.byState(setup.facility.id, "incident", [], { limit: 5 });
    if (length !== 1) throw new Error(`the storm made ${length} incidents`);
    return { own: done - read, parsed: read - begin };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
