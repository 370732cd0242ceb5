import { Registry } from "prom-client";
import { expect, it } from "vitest";
import type { Effect } from "../core/effect.ts";
import { type StateParts, stateMetrics } from "./state-metrics.ts";

const NOW = 1_800_000_000_000_000;
const minutes = (count: number) => count * 60_000_000;

const clock = (regime: string, due: number | null, more: object = {}) => ({
  regime,
  due,
  met: null,
  ...more,
});
const effect = (kind: Effect["kind"], due: number) => ({ kind, due }) as Effect;

/** What the metrics say, without help and type, of a house where all is well but for `changes`. */
async function said(changes: Partial<Omit<StateParts, "registry">> = {}): Promise<string[]> {
  const registry = new Registry();
  stateMetrics({
    registry,
    facility: "ch-exemple",
    clock: { now: () => NOW },
    reads: {
      damaged: () => [],
      effectsDue: async () => [],
      journalEnd: async () => ({ head: null, checkpoint: null }),
    },
    entries: () => [],
    house: {
      causes: () => [],
      certificates: () => [],
      disk: () => ({ database: 4096, log: 0, free: 9_000_000, folder: "state" }),
      copies: () => [],
      kit: () => ({ made: NOW, stale: null }),
      canary: () => ({ every: null, ways: [], uncovered: [] }),
    },
    advanced: () => NOW - minutes(1),
    ...changes,
  });
  const text = await registry.metrics();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

const house = {
  causes: () => [],
  certificates: () => [],
  disk: () => ({ database: 0, log: 0, free: null, folder: "" }),
  copies: () => [],
  kit: () => ({ made: NOW, stale: "old" as const }),
  canary: () => ({ every: null, ways: [], uncovered: [] }),
};
const way = { last: null, took: null, since: null, because: null, failing: false };
const copy = { folder: "", every: minutes(5), last: NOW, bytes: 12, problem: null, late: false };

it.each<[string, Partial<Omit<StateParts, "registry">>, string[]]>([
  ["that nothing keeps it from serving", {}, ["tocsin_ready 1"]],
  ["that something does", { house: { ...house, causes: () => ["store"] } }, ["tocsin_ready 0"]],
  ["that the paper kit is stale", { house }, ["tocsin_kit_stale 1"]],
  [
    "when canaries came through, how long they took, which ways fail, and how often they fly",
    {
      house: {
        ...house,
        canary: () => ({
          every: minutes(5),
          ways: [
            { ...way, name: "fw tcp 127.0.0.1:5514", last: NOW, took: 30_000 },
            { ...way, name: "edr http 127.0.0.1:8471", failing: true },
          ],
          uncovered: [{ name: "siem", because: "polled" as const }],
        }),
      },
    },
    [
      'tocsin_canary_last_success_timestamp_seconds{way="fw tcp 127.0.0.1:5514"} 1800000000',
      'tocsin_canary_last_success_timestamp_seconds{way="edr http 127.0.0.1:8471"} 0',
      'tocsin_canary_failing{way="fw tcp 127.0.0.1:5514"} 0',
      'tocsin_canary_failing{way="edr http 127.0.0.1:8471"} 1',
      'tocsin_canary_round_trip_seconds{way="fw tcp 127.0.0.1:5514"} 0.03',
      'tocsin_canary_interval_seconds{way="fw tcp 127.0.0.1:5514"} 300',
      'tocsin_canary_interval_seconds{way="edr http 127.0.0.1:8471"} 300',
    ],
  ],
  [
    "when copies were made, how often they should be, and that one fails",
    {
      house: {
        ...house,
        copies: () => [
          { ...copy, kind: "backup" },
          { ...copy, kind: "crisis", last: null, bytes: null, problem: "no space" },
        ],
      },
    },
    [
      'tocsin_copy_last_timestamp_seconds{kind="backup"} 1800000000',
      'tocsin_copy_last_timestamp_seconds{kind="crisis"} 0',
      'tocsin_copy_interval_seconds{kind="backup"} 300',
      'tocsin_copy_interval_seconds{kind="crisis"} 300',
      'tocsin_copy_failing{kind="backup"} 0',
      'tocsin_copy_failing{kind="crisis"} 1',
      'tocsin_copy_bytes{kind="backup"} 12',
    ],
  ],
  ["when the pipeline last went through", {}, ["tocsin_pipeline_last_success_timestamp_seconds 1799999940"]],
  [
    "incidents by state, those that have none too",
    { entries: () => [{ incident: { state: "in_review" }, deadlines: [] }] },
    ['tocsin_incidents{state="in_review"} 1', 'tocsin_incidents{state="open"} 0'],
  ],
  [
    "the clocks that run: not those that are met, void, or of what was set aside",
    {
      entries: () => [
        {
          incident: { state: "in_review" },
          deadlines: [
            clock("rgpd-33", NOW + minutes(60)),
            clock("rgpd-33", NOW + minutes(30)),
            clock("rgpd-33", NOW, { met: NOW }),
            clock("rgpd-33", NOW, { void: true }),
            clock("sante-2022", null),
          ],
        },
        { incident: { state: "set_aside" }, deadlines: [clock("rgpd-33", NOW)] },
      ],
    },
    [
      'tocsin_clocks_running{regime="rgpd-33"} 2',
      'tocsin_clocks_running{regime="sante-2022"} 1',
      'tocsin_clock_next_due_timestamp_seconds{regime="rgpd-33"} 1800001800',
    ],
  ],
  [
    "what waits to leave, and since when",
    {
      reads: {
        damaged: () => [],
        effectsDue: async (_facility, _now, limit, kinds = []) =>
          kinds.includes("deliver")
            ? [effect("deliver", NOW - minutes(2)), effect("deliver", NOW - minutes(1))].slice(0, limit)
            : [],
        journalEnd: async () => ({ head: null, checkpoint: null }),
      },
    },
    [
      'tocsin_effects_due{kind="deliver"} 2',
      'tocsin_effects_due{kind="notify"} 0',
      'tocsin_effects_late_seconds{kind="deliver"} 120',
      'tocsin_effects_late_seconds{kind="notify"} 0',
    ],
  ],
  [
    "what of the journal is not signed, and when its head last was",
    {
      reads: {
        damaged: () => [],
        effectsDue: async () => [],
        journalEnd: async () => ({
          head: { seq: 9, hash: "", at: NOW },
          checkpoint: { facility: "", seq: 4, hash: "", at: NOW - minutes(5), key: "", signature: "" },
        }),
      },
    },
    ["tocsin_journal_unsigned_entries 5", "tocsin_journal_checkpoint_timestamp_seconds 1799999700"],
  ],
  [
    "bytes",
    {},
    ["tocsin_disk_free_bytes 9000000", "tocsin_database_bytes 4096", "tocsin_database_log_bytes 0"],
  ],
  [
    "the first certificate to end of each listener",
    {
      house: {
        ...house,
        certificates: () => [
          { where: "sources.edr", subject: "", until: NOW + minutes(2), problem: null },
          { where: "sources.edr", subject: "", until: NOW + minutes(1), problem: null },
          { where: "listeners.people", subject: "", until: null, problem: "no such file" },
        ],
      },
    },
    ['tocsin_certificate_not_after_timestamp_seconds{where="sources.edr"} 1800000060'],
  ],
])("says %s", async (_what, changes, lines) => {
  const all = await said(changes);
  expect(all).toEqual(expect.arrayContaining(lines));
  const names = new Set(lines.map((line) => line.split(/[{ ]/)[0]));
  // Nothing else is said under these names than states and kinds at zero.
  const others = all.filter((line) => names.has(line.split(/[{ ]/)[0]) && !lines.includes(line));
  expect(others.filter((line) => !line.endsWith(" 0"))).toEqual([]);
});

it("leaves out what is not known or cannot be read, and says the rest", async () => {
  const broken = async () => {
    throw new Error("the database is closed");
  };
  const all = await said({
    advanced: () => undefined,
    reads: { damaged: () => [], effectsDue: broken, journalEnd: broken },
    house,
  });
  const names = all.map((line) => line.split(/[{ ]/)[0] ?? "");
  expect([...new Set(names)]).toEqual([
    "tocsin_ready",
    "tocsin_incidents",
    "tocsin_damaged_rows",
    "tocsin_database_bytes",
    "tocsin_database_log_bytes",
    "tocsin_kit_stale",
  ]);
});
