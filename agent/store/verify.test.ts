import { createHash } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { bodyHash, contentHash, entryHash } from "../core/journal.ts";
import { checkpointsFileOf } from "./checkpoints.ts";
import { makeSigningKey, type SigningKey } from "./keys.ts";
import { entryOf } from "./sqlite/reads.ts";
import { openSqlite } from "./sqlite.ts";
import { type VerifyReport, verifyDatabase } from "./verify.ts";

const HERE = "ght-nord";

/**
 * The story that every test tampers with: entries 1 and 4 are alerts, 2 the incident, 3 its joins, 5 the
 * incident's second revision, 6 declaration, 7 decision, 8 a note; checkpoints after 5 and 8; 9 has none.
 */
let folder: string;
let origin: string;
let key: SigningKey;
let copies = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-verify-"));
  origin = join(folder, "origin.db");
  key = makeSigningKey(join(folder, "key.pem"));
  const make = samples();
  const store = openSqlite({ file: origin, signingKey: key, clock: steppingClock() });
  const incident = make.incident();
  const { declaration, decision } = make.declared(incident.id);
  const units = [
    [make.alert({ eventId: "e1" }, 2), make.alert({ eventId: "e2" })],
    [make.incidentPut(incident)],
    [{ write: "join" as const, incident: incident.id, detections: [1, 3] }],
    [make.alert()],
    [make.incidentPut({ ...incident, alerts: 2, state: "open" }, 2)],
    [declaration],
    [decision],
    [{ write: "note" as const, what: "printed", incident: incident.id, content: { copies: 1 } }],
  ];
  for (const [index, writes] of units.entries()) {
    await store.commit({ facility: HERE, at: NIGHT + index, writes });
    if (index === 4) await store.checkpoint(HERE);
  }
  await store.checkpoint(HERE);
  await store.commit({
    facility: "ght-sud",
    at: NIGHT,
    writes: [make.alert(), { write: "note", what: "x", incident: null, content: 1 }],
  });
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Copies the database, lets `tamper` at it as an attacker with the file would, and verifies. */
function verifyAfter(
  tamper: (database: DatabaseSync, file: string) => void,
  { checkpoints = true }: { checkpoints?: boolean } = {},
): VerifyReport {
  const file = join(folder, `copy-${++copies}.db`);
  copyFileSync(origin, file);
  if (checkpoints) copyFileSync(checkpointsFileOf(origin), checkpointsFileOf(file));
  const database = new DatabaseSync(file);
  database.exec("PRAGMA foreign_keys = OFF");
  tamper(database, file);
  database.close();
  return verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
}

const sql = (text: string) => (database: DatabaseSync) => database.exec(text);
const brokenIn = (report: VerifyReport, facility = HERE) =>
  report.facilities.find((candidate) => candidate.facility === facility)?.firstBroken;
const codes = (report: VerifyReport) => report.cannotProve.map(({ code }) => code);

/** Hashes the chain again from an entry on, as someone without the key can. */
function rehash(database: DatabaseSync, from: number): void {
  const rows = database.prepare(
    `SELECT j.*, c.salt, c.content FROM journal j LEFT JOIN journal_contents c USING (facility, seq)
     WHERE facility = ? ORDER BY seq`,
  );
  const set = database.prepare(
    "UPDATE journal SET content_hash = ?, previous = ?, body_hash = ?, hash = ? WHERE facility = ? AND seq = ?",
  );
  let previous = "0".repeat(64);
  for (const row of rows.all(HERE)) {
    const entry = entryOf(row);
    if (entry.seq >= from) {
      const contents = contentHash(entry.salt as string, entry.content as string);
      const body = bodyHash({ ...entry, contentHash: contents });
      entry.hash = entryHash(previous, body);
      set.run(contents, previous, body, entry.hash, HERE, entry.seq);
    }
    previous = entry.hash;
  }
}

describe("verifyDatabase", () => {
  it("finds an untouched database intact, and says what that does not prove", () => {
    const report = verifyAfter(() => {});
    expect(report).toMatchObject({
      ok: true,
      faults: [],
      facilities: [
        { facility: HERE, entries: 8, faults: 0, erased: 0, alertsGone: 0, checkpoint: { seq: 8 } },
        { facility: "ght-sud", entries: 2, faults: 0, checkpoint: { seq: 2 } },
      ],
    });
    expect(codes(report)).toEqual(["working_tables", "older_copy", "truth", "time", "key"]);
  });

  it.each([
    [
      "journal.type",
      "UPDATE journal SET type = 'note.other' WHERE facility = 'ght-nord' AND seq = 6",
      6,
      "entry_body",
    ],
    ["journal.at", "UPDATE journal SET at = at - 1 WHERE facility = 'ght-nord' AND seq = 4", 4, "entry_body"],
    [
      "journal.incident",
      "UPDATE journal SET incident = 'x' WHERE facility = 'ght-nord' AND seq = 7",
      7,
      "entry_body",
    ],
    [
      "journal.incident to nothing",
      "UPDATE journal SET incident = NULL WHERE facility = 'ght-nord' AND seq = 2",
      2,
      "entry_body",
    ],
    [
      "journal.content_hash",
      "UPDATE journal SET content_hash = upper(content_hash) WHERE facility = 'ght-nord' AND seq = 3",
      3,
      "entry_body",
    ],
    [
      "journal.previous",
      "UPDATE journal SET previous = hash WHERE facility = 'ght-nord' AND seq = 5",
      5,
      "entry_link",
    ],
    [
      "journal.body_hash",
      "UPDATE journal SET body_hash = hash WHERE facility = 'ght-nord' AND seq = 5",
      5,
      "entry_body",
    ],
    [
      "journal.hash",
      "UPDATE journal SET hash = previous WHERE facility = 'ght-nord' AND seq = 5",
      5,
      "entry_hash",
    ],
    [
      "journal.facility",
      "UPDATE journal SET facility = 'else' WHERE facility = 'ght-nord' AND seq = 5",
      5,
      "entry_missing",
    ],
    [
      "journal.seq",
      "UPDATE journal SET seq = 90 WHERE facility = 'ght-nord' AND seq = 5",
      5,
      "entry_missing",
    ],
    [
      "the content of an entry",
      "UPDATE journal_contents SET content = replace(content, 'PACS', 'PACs') WHERE facility = 'ght-nord' AND seq = 2",
      2,
      "entry_content",
    ],
    [
      "the content of a note",
      "UPDATE journal_contents SET content = '{\"copies\":2}' WHERE facility = 'ght-nord' AND seq = 8",
      8,
      "entry_content",
    ],
    [
      "a salt",
      "UPDATE journal_contents SET salt = replace(salt, '0', '1') || '0' WHERE facility = 'ght-nord' AND seq = 4",
      4,
      "entry_content",
    ],
    [
      "the case of a salt",
      "UPDATE journal_contents SET salt = 'ABCDEF' || substr(salt, 7) WHERE facility = 'ght-nord' AND seq = 4",
      4,
      "entry_content",
    ],
    [
      "the place of a content",
      "UPDATE journal_contents SET seq = 70 WHERE facility = 'ght-nord' AND seq = 8",
      8,
      "content_removed",
    ],
    ["an entry taken out", "DELETE FROM journal WHERE facility = 'ght-nord' AND seq = 6", 6, "entry_missing"],
    [
      "an alert's content",
      "UPDATE alerts SET content = replace(content, 'locked', 'l0cked') WHERE position = 1",
      1,
      "alert_differs",
    ],
    [
      "an alert's id",
      "UPDATE alerts SET id = 'x' WHERE facility = 'ght-nord' AND journal_seq = 4",
      4,
      "alert_differs",
    ],
    [
      "an alert's event",
      "UPDATE alerts SET event = 'x' WHERE facility = 'ght-nord' AND journal_seq = 4",
      4,
      "alert_differs",
    ],
    [
      "an alert's number",
      "UPDATE alerts SET first_detection = 9 WHERE facility = 'ght-nord' AND journal_seq = 4",
      4,
      "alert_differs",
    ],
    [
      "an alert's detections",
      "UPDATE alerts SET detections = 3 WHERE facility = 'ght-nord' AND journal_seq = 4",
      4,
      "alert_differs",
    ],
    [
      "an alert's entry",
      "UPDATE alerts SET journal_seq = 5 WHERE facility = 'ght-nord' AND journal_seq = 4",
      4,
      "alert_missing",
    ],
    [
      "an alert's position",
      "UPDATE alerts SET position = 7 WHERE facility = 'ght-nord' AND journal_seq = 4",
      4,
      "alert_extra",
    ],
    [
      "a record's content",
      "UPDATE records SET content = replace(content, 'PACS', 'PACs') WHERE kind = 'incident'",
      5,
      "record_differs",
    ],
    ["a record's state", "UPDATE records SET state = 'closed' WHERE kind = 'incident'", 5, "record_differs"],
    ["a record's name", "UPDATE records SET name = '2026-9999' WHERE kind = 'incident'", 5, "record_differs"],
    [
      "a record's incident",
      "UPDATE records SET incident = NULL WHERE kind = 'decision'",
      7,
      "record_differs",
    ],
    ["a record's revision", "UPDATE records SET revision = 3 WHERE kind = 'incident'", 5, "record_differs"],
    ["a record's date", "UPDATE records SET updated = 0 WHERE kind = 'decision'", 7, "record_differs"],
    ["a record's age", "UPDATE records SET created = 1 WHERE kind = 'incident'", 2, "record_differs"],
    ["a record's id", "UPDATE records SET id = 'x' WHERE kind = 'decision'", 7, "record_missing"],
    ["a record's kind", "UPDATE records SET kind = 'fact' WHERE kind = 'decision'", 7, "record_missing"],
    ["a record taken out", "DELETE FROM records WHERE kind = 'declaration'", 6, "record_missing"],
    ["a record set back", "UPDATE records SET journal_seq = 2 WHERE kind = 'incident'", 2, "record_differs"],
    [
      "a record added",
      "INSERT INTO records SELECT facility, 'fact', 'f', 1, incident, NULL, NULL, 8, 8, 0, '{}' FROM records WHERE kind = 'decision'",
      8,
      "record_extra",
    ],
    ["a join taken out", "DELETE FROM joined WHERE detection = 3", 3, "joined_differs"],
    ["a join's time", "UPDATE joined SET occurred = 0 WHERE detection = 3", 3, "joined_differs"],
    ["a join's alert", "UPDATE joined SET alert = 'x' WHERE detection = 3", 3, "joined_differs"],
    [
      "a join added",
      "INSERT INTO joined SELECT facility, incident, 2, alert, 1, occurred, 3 FROM joined WHERE detection = 1",
      3,
      "joined_extra",
    ],
    [
      "a checkpoint's date",
      "UPDATE checkpoints SET at = at + 1 WHERE facility = 'ght-nord' AND seq = 5",
      5,
      "checkpoint_signature",
    ],
    [
      "a checkpoint's hash",
      "UPDATE checkpoints SET hash = replace(hash, 'a', 'b') || '' WHERE facility = 'ght-nord' AND seq = 8",
      8,
      "checkpoint_signature",
    ],
    [
      "a checkpoint's signer",
      "UPDATE checkpoints SET signer = '0000000000000000' WHERE facility = 'ght-nord' AND seq = 8",
      8,
      "checkpoint_key",
    ],
    [
      "a checkpoint taken out",
      "DELETE FROM checkpoints WHERE facility = 'ght-nord' AND seq = 5",
      5,
      "checkpoint_removed",
    ],
  ] as const)("finds %s", (_what, text, seq, code) => {
    const report = verifyAfter(sql(text));
    expect(report.ok).toBe(false);
    expect(brokenIn(report)).toMatchObject({ seq, code, because: expect.stringMatching(/^[a-zé]/) });
    if (!text.includes("'else'")) expect(brokenIn(report, "ght-sud")).toBeUndefined();
  });

  it("finds two entries that changed places", () => {
    const report = verifyAfter(
      sql(`UPDATE journal SET seq = -6 WHERE facility = 'ght-nord' AND seq = 6;
        UPDATE journal SET seq = 6 WHERE facility = 'ght-nord' AND seq = 7;
        UPDATE journal SET seq = 7 WHERE facility = 'ght-nord' AND seq = -6`),
    );
    expect(brokenIn(report)).toMatchObject({ seq: 6, code: "entry_link" });
  });

  it("finds the tail cut off, from the table or from the file beside it", () => {
    const cut = `DELETE FROM journal WHERE facility = 'ght-nord' AND seq > 6;
      DELETE FROM journal_contents WHERE facility = 'ght-nord' AND seq > 6;
      DELETE FROM records WHERE journal_seq > 6`;
    const withTable = verifyAfter(sql(cut), { checkpoints: false });
    expect(brokenIn(withTable)).toMatchObject({ seq: 7, through: 8, code: "tail_cut" });
    const withFile = verifyAfter(sql(`${cut}; DELETE FROM checkpoints WHERE seq > 6`));
    expect(brokenIn(withFile)).toMatchObject({ seq: 7, through: 8, code: "tail_cut" });
  });

  it("finds a whole facility removed", () => {
    const report = verifyAfter((database) => {
      for (const table of ["journal", "journal_contents", "checkpoints", "alerts"]) {
        database.exec(`DELETE FROM ${table} WHERE facility = 'ght-sud'`);
      }
    });
    expect(brokenIn(report, "ght-sud")).toMatchObject({ seq: 1, through: 2, code: "tail_cut" });
  });

  it("finds a tail that was hashed again without the key, between two checkpoints", () => {
    const report = verifyAfter((database) => {
      database.exec(`UPDATE journal_contents SET content = replace(content, 'approved', 'set_aside') WHERE seq = 7;
        UPDATE records SET content = replace(content, 'approved', 'set_aside') WHERE kind = 'decision'`);
      rehash(database, 7);
    });
    expect(brokenIn(report)).toMatchObject({ seq: 6, through: 8, code: "chain_forged" });
  });

  it("cannot see what was redone after the last checkpoint, and says so", () => {
    const report = verifyAfter(
      (database, file) => {
        database.exec("DELETE FROM checkpoints WHERE seq = 8");
        const text = readFileSync(checkpointsFileOf(origin), "utf8");
        writeFileSync(
          checkpointsFileOf(file),
          text
            .split("\n")
            .filter((line) => !line.includes('"seq":8,'))
            .join("\n"),
        );
        database.exec("UPDATE journal_contents SET content = '{\"copies\":9}' WHERE seq = 8");
        rehash(database, 8);
      },
      { checkpoints: false },
    );
    expect(report.ok).toBe(true);
    expect(report.cannotProve[0]).toMatchObject({
      code: "after_checkpoint",
      because: expect.stringContaining("n° 6 à 8"),
    });
  });

  it("refuses checkpoints of another key", () => {
    const other = makeSigningKey(join(folder, "other.pem"));
    const report = verifyDatabase(origin, other.publicKey, checkpointsFileOf(origin));
    expect(brokenIn(report)).toMatchObject({ seq: 5, code: "checkpoint_key" });
  });

  it("says that the checkpoints file is missing, cut or unreadable", () => {
    expect(codes(verifyAfter(() => {}, { checkpoints: false }))).toContain("no_checkpoints_file");
    const torn = verifyAfter((_, file) => appendFileSync(checkpointsFileOf(file), '{"at":17'));
    expect([torn.ok, codes(torn).includes("torn_line")]).toEqual([true, true]);
    const bad = verifyAfter((_, file) => appendFileSync(checkpointsFileOf(file), "{}\n"));
    expect(bad).toMatchObject({ ok: false, faults: [{ code: "checkpoint_line" }] });
  });

  it("takes a line cut by a crash out of the checkpoints file when the store opens again", async () => {
    const file = join(folder, "torn.db");
    const open = () => openSqlite({ file, signingKey: key, clock: steppingClock() });
    const note = {
      facility: HERE,
      at: NIGHT,
      writes: [{ write: "note", what: "n", incident: null, content: 1 }],
    };
    for (const _ of [1, 2]) {
      const store = open();
      await store.commit(note as never);
      await store.close();
      truncateSync(checkpointsFileOf(file), readFileSync(checkpointsFileOf(file)).length - (_ === 1 ? 9 : 0));
    }
    const report = verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
    expect(report).toMatchObject({ ok: true, facilities: [{ entries: 2, checkpoint: { seq: 2 } }] });
    expect(codes(report)).not.toContain("torn_line");
  });

  it("agrees with a reader who knows only SHA-256 and the canonical JSON", () => {
    const database = new DatabaseSync(origin, { readOnly: true });
    const row = database
      .prepare("SELECT * FROM journal JOIN journal_contents USING (facility, seq) WHERE seq = 1")
      .get();
    database.close();
    const sha = (...parts: (string | Buffer)[]) =>
      parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");
    const hex = (value: unknown) => Buffer.from(String(value), "hex");
    expect(sha(hex(row?.salt), String(row?.content))).toBe(row?.content_hash);
    const body = `{"at":${row?.at},"contentHash":"${row?.content_hash}","facility":"ght-nord","incident":null,"seq":1,"type":"alerts"}`;
    expect(sha(body)).toBe(row?.body_hash);
    expect(sha(Buffer.alloc(32), hex(row?.body_hash))).toBe(row?.hash);
  });
});
