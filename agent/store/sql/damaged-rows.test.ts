import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleRing } from "../../../test/support/key-ring.ts";
import { NIGHT, samples, steppingClock } from "../../../test/support/store-samples.ts";
import type { DamagedRow } from "../../core/damaged-row.ts";
import { makeSigningKey } from "../keys.ts";
import { openSqliteReads, type SqliteReads } from "../sqlite/reads.ts";
import { openSqlite } from "../sqlite.ts";
import type { Write } from "../store.ts";

const HERE = "ght-nord";
const ids = ["i-1", "i-2", "i-3", "i-4", "i-5"];

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-damaged-"));
  file = join(folder, "t.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each([
  ["in clear", undefined],
  ["encrypted", sampleRing()],
])("a record %s, of five incidents with an alert and an effect each", (_, ring) => {
  const reads: SqliteReads[] = [];
  const told: DamagedRow[] = [];
  beforeEach(async () => {
    const make = samples();
    const signingKey = makeSigningKey(join(folder, "key.pem"));
    const store = openSqlite({ file, signingKey, clock: steppingClock(), ring });
    for (const [n, id] of ids.entries()) {
      const writes: Write[] = [
        make.alert({ id: `a-${n + 1}` }),
        make.incidentPut(make.incident({ id, reference: `2026-${id}` })),
        { write: "join", incident: id, detections: [n + 1] },
        { write: "plan", effect: { key: `e-${n + 1}`, kind: "notify", incident: id, due: n, payload: null } },
      ];
      expect(await store.commit({ facility: HERE, at: NIGHT, writes })).toMatchObject({
        outcome: "committed",
      });
    }
    await store.close();
  });
  afterEach(() => {
    for (const each of reads.splice(0)) each.close();
    told.splice(0);
  });

  /** Cuts the end off some values, as a disk does. */
  function damage(table: string, column: string, where: string): void {
    const database = new DatabaseSync(file);
    for (const row of database
      .prepare(`SELECT rowid AS at, ${column} AS value FROM ${table} WHERE ${where}`)
      .all()) {
      const value = row.value as string | Uint8Array;
      database
        .prepare(`UPDATE ${table} SET ${column} = ? WHERE rowid = ?`)
        .run(value.slice(0, -1), row.at as number);
    }
    database.close();
  }
  function open(leavesOut = true): SqliteReads {
    const opened = openSqliteReads(file, ring, leavesOut ? (row) => told.push(row) : undefined);
    reads.push(opened);
    return opened;
  }

  const CASES = [
    {
      what: "records by state",
      of: ["records", "content", "id IN ('i-5', 'i-4')"],
      list: async (from: SqliteReads, limit: number) =>
        (await from.byState(HERE, "incident", ["candidate"], { limit })).map(({ content }) => content.id),
      left: ["i-3", "i-2", "i-1"],
    },
    {
      what: "records of every state",
      of: ["records", "content", "id IN ('i-5', 'i-3')"],
      list: async (from: SqliteReads, limit: number) =>
        (await from.byState(HERE, "incident", [], { limit })).map(({ content }) => content.id),
      left: ["i-4", "i-2", "i-1"],
    },
    {
      what: "what changed",
      of: ["records", "content", "id IN ('i-1', 'i-2')"],
      list: async (from: SqliteReads, limit: number) =>
        (await from.changedSince(HERE, 0, limit)).map(({ id }) => id),
      left: ["i-3", "i-4", "i-5"],
    },
    {
      what: "detections in their order",
      of: ["alerts", "content", "id IN ('a-1', 'a-2')"],
      list: async (from: SqliteReads, limit: number) =>
        (await from.detectionsAfter(HERE, 0, limit)).map(({ alert }) => alert.id),
      left: ["a-3", "a-4", "a-5"],
    },
    {
      what: "effects that are due",
      of: ["effects", "payload", "effect_key IN ('e-1', 'e-2')"],
      list: async (from: SqliteReads, limit: number) =>
        (await from.effectsDue(HERE, NIGHT, limit)).map(({ key }) => key),
      left: ["e-3", "e-4", "e-5"],
    },
    {
      what: "effects of a state",
      of: ["effects", "payload", "effect_key IN ('e-1', 'e-3')"],
      list: async (from: SqliteReads, limit: number) =>
        (await from.effectsIn(HERE, ["planned"], limit)).map(({ key }) => key),
      left: ["e-2", "e-4", "e-5"],
    },
  ] as const;

  it.each(CASES)(
    "gives whole pages of $what without those that cannot be read",
    async ({ of, list, left }) => {
      damage(of[0], of[1], of[2]);
      const from = open();
      expect(await list(from, 2)).toEqual(left.slice(0, 2));
      expect(await list(from, 10)).toEqual(left);
      // Each is told once, by its incident, however often it was met.
      expect(told).toHaveLength(2);
      expect(from.damaged()).toEqual(told);
      for (const row of told) expect(row).toMatchObject({ table: of[0], reference: `2026-${row.incident}` });
    },
  );

  it.each(CASES)("refuses $what where nobody is told", async ({ of, list }) => {
    damage(of[0], of[1], of[2]);
    await expect(list(open(false), 10)).rejects.toMatchObject({ code: "value_damaged" });
  });

  it("says which incident is not whole, and gives the others", async () => {
    damage("records", "content", "id = 'i-2'");
    const held = await open().ofIncidents(HERE, ids);
    expect([...held].map(([id, { damaged }]) => [id, damaged]).sort()).toEqual(
      ids.map((id) => [id, id === "i-2"]),
    );
  });

  it("refuses one row that is asked for by itself, and cites nothing of it", async () => {
    damage("records", "content", "id = 'i-2'");
    damage("alerts", "content", "id = 'a-2'");
    for (const asked of [open().record(HERE, "incident", "i-2"), open().alert(HERE, "a-2")]) {
      const error: Error = await asked.then(
        () => new Error("it was read"),
        (thrown) => thrown,
      );
      expect(error).toMatchObject({
        code: "value_damaged",
        remedy: expect.stringContaining("tocsin verify"),
      });
      expect(error.message).not.toContain("pacs");
    }
  });
});
