import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { brokenIn, codes, HERE, sql, tamperedRecord } from "../../test/support/tampered-record.ts";

const record = tamperedRecord();

describe("verifyDatabase", () => {
  it("finds an untouched database intact, and says what that does not prove", () => {
    const report = record().verifyAfter(() => {});
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
      "UPDATE checkpoints SET hash = IIF(hash LIKE 'a%', 'b', 'a') || substr(hash, 2) WHERE facility = 'ght-nord' AND seq = 8",
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
    const report = record().verifyAfter(sql(text));
    expect(report.ok).toBe(false);
    expect(brokenIn(report)).toMatchObject({ seq, code, because: expect.stringMatching(/^[a-zé]/) });
    if (!text.includes("'else'")) expect(brokenIn(report, "ght-sud")).toBeUndefined();
  });

  it("finds two entries that changed places", () => {
    const report = record().verifyAfter(
      sql(`UPDATE journal SET seq = -6 WHERE facility = 'ght-nord' AND seq = 6;
        UPDATE journal SET seq = 6 WHERE facility = 'ght-nord' AND seq = 7;
        UPDATE journal SET seq = 7 WHERE facility = 'ght-nord' AND seq = -6`),
    );
    expect(brokenIn(report)).toMatchObject({ seq: 6, code: "entry_link" });
  });

  it("agrees with a reader who knows only SHA-256 and the canonical JSON", () => {
    const database = new DatabaseSync(record().origin, { readOnly: true });
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
