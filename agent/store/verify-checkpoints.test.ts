import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { NIGHT, steppingClock } from "../../test/support/store-samples.ts";
import { brokenIn, codes, HERE, rehash, sql, tamperedRecord } from "../../test/support/tampered-record.ts";
import { checkpointsFileOf } from "./checkpoints.ts";
import { makeSigningKey } from "./keys.ts";
import { openSqlite } from "./sqlite.ts";
import { verifyDatabase } from "./verify.ts";

const record = tamperedRecord();

describe("checkpoints, when the record was tampered with", () => {
  it("finds the tail cut off, from the table or from the file beside it", () => {
    const cut = `DELETE FROM journal WHERE facility = 'ght-nord' AND seq > 6;
      DELETE FROM journal_contents WHERE facility = 'ght-nord' AND seq > 6;
      DELETE FROM records WHERE journal_seq > 6`;
    const withTable = record().verifyAfter(sql(cut), { checkpoints: false });
    expect(brokenIn(withTable)).toMatchObject({ seq: 7, through: 8, code: "tail_cut" });
    const withFile = record().verifyAfter(sql(`${cut}; DELETE FROM checkpoints WHERE seq > 6`));
    expect(brokenIn(withFile)).toMatchObject({ seq: 7, through: 8, code: "tail_cut" });
  });

  it("finds a whole facility removed", () => {
    const report = record().verifyAfter((database) => {
      for (const table of ["journal", "journal_contents", "checkpoints", "alerts"]) {
        database.exec(`DELETE FROM ${table} WHERE facility = 'ght-sud'`);
      }
    });
    expect(brokenIn(report, "ght-sud")).toMatchObject({ seq: 1, through: 2, code: "tail_cut" });
  });

  it("finds a tail that was hashed again without the key, between two checkpoints", () => {
    const report = record().verifyAfter((database) => {
      database.exec(`UPDATE journal_contents SET content = replace(content, 'approved', 'set_aside') WHERE seq = 7;
        UPDATE records SET content = replace(content, 'approved', 'set_aside') WHERE kind = 'decision'`);
      rehash(database, 7);
    });
    expect(brokenIn(report)).toMatchObject({ seq: 6, through: 8, code: "chain_forged" });
  });

  it("cannot see what was redone after the last checkpoint, and says so", () => {
    const report = record().verifyAfter(
      (database, file) => {
        database.exec("DELETE FROM checkpoints WHERE seq = 8");
        const text = readFileSync(checkpointsFileOf(record().origin), "utf8");
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
    const other = makeSigningKey(join(record().folder, "other.pem"));
    const report = verifyDatabase(record().origin, other.publicKey, checkpointsFileOf(record().origin));
    expect(brokenIn(report)).toMatchObject({ seq: 5, code: "checkpoint_key" });
  });

  it("says that the checkpoints file is missing, cut or unreadable", () => {
    expect(codes(record().verifyAfter(() => {}, { checkpoints: false }))).toContain("no_checkpoints_file");
    const torn = record().verifyAfter((_, file) => appendFileSync(checkpointsFileOf(file), '{"at":17'));
    expect([torn.ok, codes(torn).includes("torn_line")]).toEqual([true, true]);
    const bad = record().verifyAfter((_, file) => appendFileSync(checkpointsFileOf(file), "{}\n"));
    expect(bad).toMatchObject({ ok: false, faults: [{ code: "checkpoint_line" }] });
  });

  it("takes a line cut by a crash out of the checkpoints file when the store opens again", async () => {
    const file = join(record().folder, "torn.db");
    const open = () => openSqlite({ file, signingKey: record().key, clock: steppingClock() });
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
    const report = verifyDatabase(file, record().key.publicKey, checkpointsFileOf(file));
    expect(report).toMatchObject({ ok: true, facilities: [{ entries: 2, checkpoint: { seq: 2 } }] });
    expect(codes(report)).not.toContain("torn_line");
  });
});
