import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createCorrelator, type Matched } from "../../rules/engine/correlation/correlator.ts";
import { linkCorrelations } from "../../rules/engine/correlation/link-correlations.ts";
import { readRules } from "../../rules/engine/read.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";

const KEYS = 100_000;
const SECOND = 1_000_000;
/** Correlation's own goals: detections a second, and bytes a key. */
const GOALS = { detections: 500_000, bytes: 300 } as const;

const RULES = `title: Failed sign-in
name: failed-sign-in
logsource: {category: alert}
detection: {sel: {event.action: failed}, condition: sel}
---
title: Many failed sign-ins
correlation: {type: event_count, rules: failed-sign-in, group-by: user.name, timespan: 10m, condition: {gte: 10}}
`;

/** What is held, after a collection of what is not. */
function memory(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Feeds detections of 100,000 groups to one correlation: how many a second of one core, and what a group costs. */
export async function benchCorrelation({
  tiny,
}: BenchOptions): Promise<{ speed: Measure[]; size: Measure[] }> {
  const keys = tiny ? 1_000 : KEYS;
  const total = tiny ? 5_000 : 10_000_000;
  const { rules, correlations } = readRules(RULES, "bench.yml");
  const correlator = createCorrelator(linkCorrelations(rules, correlations).correlations);
  const [rule = ""] = rules.map((one) => one.rule.id);
  const texts = Array.from({ length: keys }, (_, key) =>
    JSON.stringify({ event: { action: "failed" }, user: { name: `utilisateur-${key}` }, fields: {} }),
  );

  const before = memory();
  let at = 1_785_600_000 * SECOND;
  let fired = 0;
  let spent = 0;
  const held: number[] = [];
  let parsed = 0;
  // A round gives each group an event; four lie within the timespan, two more within the lateness.
  for (let done = 0; done < total; ) {
    const slice = Math.min(10_000, total - done);
    const begin = process.cpuUsage();
    let events = Array.from(
      { length: slice },
      (_, i) => JSON.parse(texts[(done + i) % keys] as string) as object,
    );
    const middle = process.cpuUsage();
    for (const [i, event] of events.entries()) {
      at += (150 * SECOND) / keys;
      const matched: Matched = {
        kind: "alert",
        event,
        id: `${done + i}`,
        at,
        now: at,
        ref: done + i,
        rules: [rule],
      };
      fired += correlator.feed(matched).length;
    }
    const end = process.cpuUsage();
    parsed += middle.user - begin.user;
    spent += end.user - middle.user;
    done += slice;
    events = [];
    if (done % (total / 10) < slice) held.push(memory() - before);
  }
  const half = held[Math.floor(held.length / 2) - 1] ?? 0;
  const last = held.at(-1) ?? 0;
  const { keys: open } = correlator.stats();
  if (open !== keys || fired > 0) throw new Error(`${open} groups are open and ${fired} fired`);
  return {
    speed: [
      {
        what: `${keys} groups, event_count`,
        own: { value: total / (spent / 1e6) },
        goal: tiny ? undefined : GOALS.detections,
        against: "JSON.parse of the same alerts",
        peer: { value: total / (parsed / 1e6) },
      },
    ],
    size: [
      {
        what: "bytes a group",
        own: { value: last / keys },
        goal: tiny ? undefined : GOALS.bytes,
        against: "at half of the detections",
        peer: { value: half / keys },
      },
    ],
  };
}
