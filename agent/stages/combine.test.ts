import { describe, expect, it } from "vitest";
import { linkCorrelations } from "../../rules/engine/correlation/link-correlations.ts";
import { readRules } from "../../rules/engine/read.ts";
import { MICROSECONDS } from "../core/clock.ts";
import type { Detection } from "../core/detection.ts";
import type { StoredAlert, Write } from "../store/store.ts";
import { openCombiner } from "./combine.ts";
import type { Arrival } from "./correlate.ts";

const START = 1_785_600_000 * MICROSECONDS.second;
const TEXT = `title: Failed
name: failed
level: low
logsource: {category: alert}
detection: {sel: {event.action: failed}, condition: sel}
---
title: Many failed
id: many
level: high
correlation: {type: event_count, rules: failed, group-by: user.name, timespan: 10m, condition: {gte: 4}}
tocsin: {title_fr: Échecs répétés, reason_fr: Trop d'échecs.}
`;

function loaded(text = TEXT) {
  const { rules, correlations } = readRules(text, "test.yml");
  return linkCorrelations(rules, correlations);
}
const { rules, correlations } = loaded();
const FAILED = rules[0]?.rule as Detection["rule"];

/** A record in memory, with the detections in their order of arrival. */
function openRecord() {
  const arrivals: Arrival[] = [];
  let turn = 0;
  const store = (alert: StoredAlert, detections: readonly Omit<Detection, "alert">[]) => {
    for (const each of detections) {
      const detection = { ...each, alert: alert.id, seq: arrivals.length + 1, occurred: alert.occurred };
      arrivals.push({ detection, alert });
    }
  };
  return {
    arrivals,
    reads: {
      detectionsAfter: async (_: string, seq: number, limit: number) =>
        arrivals.filter(({ detection }) => detection.seq > seq).slice(0, limit),
    },
    /** A failed sign-in so many seconds after the start. */
    fail(second: number, user = "admin", times = 1): void {
      turn += 1;
      const at = START + second * MICROSECONDS.second;
      const alert: StoredAlert = {
        id: `alert-${turn}`,
        source: "s",
        received: at,
        occurred: at,
        eventId: null,
        alert: {
          message: `Failed password for ${user}`,
          user: { name: user },
          host: { name: "srv-1" },
          fields: {},
        },
      };
      store(
        alert,
        Array.from({ length: times }, (_, i) => ({ id: `${alert.id}-${i}`, rule: FAILED, because: [] })),
      );
    },
    /** What a unit does. */
    commit(writes: readonly Write[]): void {
      for (const write of writes) {
        if (write.write !== "alert" || arrivals.some(({ alert }) => alert.eventId === write.alert.eventId))
          continue;
        store(write.alert, write.detections);
      }
    },
  };
}
type Record_ = ReturnType<typeof openRecord>;

function openOn(record: Record_) {
  let id = 0;
  return openCombiner({
    reads: record.reads,
    facility: "f",
    zone: "UTC",
    newId: () => `own-${++id}-${record.arrivals.length}`,
    correlations,
  });
}

const at = (second: number) => START + second * MICROSECONDS.second;
const combined = (record: Record_) =>
  record.arrivals.filter(({ detection }) => detection.rule.role === "correlation");

describe("what correlations make of detections", () => {
  it("is an alert of our own that tells its group, its count and what it rests on", async () => {
    const record = openRecord();
    for (const second of [0, 10, 20, 30]) record.fail(second);
    const [write, ...others] = await openOn(record).take(record.arrivals, 0, at(31));
    expect(others).toEqual([]);
    expect(write).toMatchObject({
      write: "alert",
      alert: {
        source: "tocsin",
        occurred: at(30),
        received: at(31),
        eventId: expect.stringMatching(/^many\/[0-9a-f]{32}\/\d+$/),
        alert: {
          message:
            "Échecs répétés : 4 événements en 10 min, du 01/08/2026 16:00 au 01/08/2026 16:00 (UTC), pour user.name = admin.",
          event: { kind: "alert", module: "tocsin", dataset: "tocsin.correlation", risk_score_norm: 75 },
          host: { name: "srv-1" },
          user: { name: "admin" },
        },
      },
      detections: [
        {
          rule: { id: "many", role: "correlation" },
          based_on: [1, 2, 3, 4],
          because: [
            { selection: "group-by", field: "user.name", value: "admin" },
            { selection: "event_count", pattern: "au moins 4 en 10 min", value: "4" },
            ...Array.from({ length: 4 }, () => ({ selection: "failed", value: "Failed password for admin" })),
          ],
        },
      ],
    });
  });

  it("is said again, and nothing counted twice, when the commit failed", async () => {
    const record = openRecord();
    const combiner = openOn(record);
    for (const second of [0, 10, 20]) record.fail(second);
    expect(await combiner.take(record.arrivals, 0, at(21))).toEqual([]);
    expect(await combiner.take(record.arrivals, 0, at(22))).toEqual([]);
    record.fail(30);
    const first = await combiner.take(record.arrivals, 0, at(31));
    expect(first).toHaveLength(1);
    expect(await combiner.take(record.arrivals, 0, at(32))).toEqual(first);
    combiner.written();
    expect(await combiner.take([], 4, at(33))).toEqual([]);
  });

  it("counts an alert once whose detections come in two batches", async () => {
    const record = openRecord();
    const combiner = openOn(record);
    record.fail(0, "admin", 2);
    for (const second of [10, 20]) record.fail(second);
    expect(await combiner.take(record.arrivals.slice(0, 1), 0, at(21))).toEqual([]);
    expect(await combiner.take(record.arrivals.slice(1), 1, at(21))).toEqual([]);
  });

  it("counts what another process took in meanwhile", async () => {
    const record = openRecord();
    const combiner = openOn(record);
    record.fail(0);
    await combiner.take(record.arrivals, 0, at(1));
    for (const second of [10, 20]) record.fail(second);
    record.fail(30);
    expect(await combiner.take(record.arrivals.slice(3), 3, at(31))).toHaveLength(1);
  });

  it("counts anew from the record with other correlations", async () => {
    const record = openRecord();
    const combiner = openOn(record);
    for (const second of [0, 10, 20]) record.fail(second);
    await combiner.take(record.arrivals, 0, at(21));
    combiner.use(loaded(TEXT.replace("gte: 4", "gte: 2")).correlations);
    record.fail(30);
    expect(await combiner.take(record.arrivals.slice(3), 3, at(31))).toHaveLength(1);
  });

  it("counts an event dated ahead of its receipt at its receipt", async () => {
    const record = openRecord();
    for (const second of [0, 10, 20]) record.fail(second);
    record.fail(30);
    for (const arrival of record.arrivals.slice(0, 1)) arrival.alert.occurred = at(86_400);
    expect(await openOn(record).take(record.arrivals, 0, at(31))).toMatchObject([
      { alert: { occurred: at(30) } },
    ]);
  });
});

describe("a restart", () => {
  /** Runs over the whole record in batches, with a new process after each batch that `dies` says. */
  async function run(dies: (batch: number) => "before the commit" | "after it" | undefined) {
    const record = openRecord();
    let combiner = openOn(record);
    let cursor = 0;
    for (let batch = 0; batch < 60; batch += 1) {
      record.fail(batch * 45);
      if (batch % 7 === 0) record.fail(batch * 45, "other");
      const now = at(batch * 45 + 1);
      const waiting = record.arrivals.filter(({ detection }) => detection.seq > cursor);
      const writes = await combiner.take(waiting, cursor, now);
      const death = dies(batch);
      if (death !== "before the commit") {
        record.commit(writes);
        cursor = waiting.at(-1)?.detection.seq ?? cursor;
        combiner.written();
      }
      if (death !== undefined) combiner = openOn(record);
    }
    return combined(record).map(({ alert }) => (alert.occurred - START) / MICROSECONDS.second);
  }

  it.each<[string, Parameters<typeof run>[0]]>([
    ["after each batch", () => "after it"],
    ["before each third commit", (batch: number) => (batch % 3 === 0 ? "before the commit" : undefined)],
    [
      "at odd moments",
      (batch: number) => (batch % 5 === 1 ? "after it" : batch % 11 === 3 ? "before the commit" : undefined),
    ],
  ])("loses nothing and tells nothing twice: %s", async (_, dies) => {
    expect(await run(dies)).toEqual(await run(() => undefined));
  });

  it("fires at once and then once a timespan while it lasts", async () => {
    expect(await run(() => undefined)).toEqual([135, 765, 1395, 2025, 2655]);
  });
});
