import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll } from "vitest";
import { bodyHash, contentHash, entryHash } from "../../agent/core/journal.ts";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { makeSigningKey, type SigningKey } from "../../agent/store/keys.ts";
import { entryOf } from "../../agent/store/sql/reads.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import { type VerifyReport, verifyDatabase } from "../../agent/store/verify.ts";
import { NIGHT, samples, steppingClock } from "./store-samples.ts";

export const HERE = "ght-nord";

/** A record that tests tamper with, each on a copy of its own. */
export interface TamperedRecord {
  folder: string;
  /** The database as it was written. */
  origin: string;
  key: SigningKey;
  /** Copies the database, lets `tamper` at it as an attacker with the file would, and verifies. */
  verifyAfter(
    tamper: (database: DatabaseSync, file: string) => void,
    options?: { checkpoints?: boolean },
  ): VerifyReport;
  remove(): void;
}

/**
 * Writes the story: entries 1 and 4 are alerts, 2 the incident, 3 its joins, 5 the incident's second revision, 6
 * declaration, 7 decision, 8 a note; checkpoints after 5 and 8; 9 has none.
 */
async function recordToTamper(): Promise<TamperedRecord> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-verify-"));
  const origin = join(folder, "origin.db");
  const key = makeSigningKey(join(folder, "key.pem"));
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
    [{ write: "note" as const, what: "bundled" as const, incident: incident.id, content: { copies: 1 } }],
  ];
  for (const [index, writes] of units.entries()) {
    await store.commit({ facility: HERE, at: NIGHT + index, writes });
    if (index === 4) await store.checkpoint(HERE);
  }
  await store.checkpoint(HERE);
  await store.commit({
    facility: "ght-sud",
    at: NIGHT,
    writes: [make.alert(), { write: "note", what: "told", incident: null, content: 1 }],
  });
  await store.close();
  let copies = 0;
  return {
    folder,
    origin,
    key,
    verifyAfter(tamper, { checkpoints = true } = {}) {
      const file = join(folder, `copy-${++copies}.db`);
      copyFileSync(origin, file);
      if (checkpoints) copyFileSync(checkpointsFileOf(origin), checkpointsFileOf(file));
      const database = new DatabaseSync(file);
      database.exec("PRAGMA foreign_keys = OFF");
      tamper(database, file);
      database.close();
      return verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export const sql = (text: string) => (database: DatabaseSync) => database.exec(text);
/** Where the chain of a facility is broken first. */
export const brokenIn = (report: VerifyReport, facility = HERE) =>
  report.facilities.find((candidate) => candidate.facility === facility)?.firstBroken;
/** What a verification cannot prove. */
export const codes = (report: VerifyReport) => report.cannotProve.map(({ code }) => code);

/** Hashes the chain again from an entry on, as someone without the key can. */
export function rehash(database: DatabaseSync, from: number): void {
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

/** Makes a record for the tests of one file, and takes it away after them. */
export function tamperedRecord(): () => TamperedRecord {
  let record: TamperedRecord;
  beforeAll(async () => {
    record = await recordToTamper();
  });
  afterAll(() => record.remove());
  return () => record;
}
