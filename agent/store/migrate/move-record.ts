import { closeSync, copyFileSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Instant } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";
import { stampOf } from "../../core/stamp-of.ts";
import { sweepPartial, syncFolder } from "../backup/durable-file.ts";
import { checkpointsFileOf } from "../checkpoints.ts";
import { dataKeysOf } from "../cipher/data-keys.ts";
import type { SigningKey } from "../keys.ts";
import { type PostgresPlace, placeName } from "../postgres/connection.ts";
import { openReading, openWriting } from "../sqlite/connection.ts";
import { type VerifyReport, verifyDatabase } from "../verify.ts";
import { type CopyLine, openCopyLine } from "./postgres-side.ts";
import { copyToFile, facilitiesOf, type Told } from "./record-file.ts";
import { facilitiesIn, refuseNul, rowsIn, sqliteRows } from "./sqlite-side.ts";
import { openTableDigest, refuseDifference, type TableDigest } from "./table-digest.ts";
import { copiedTables } from "./tables.ts";

/** A record on its way from one engine to the other; nobody else writes it meanwhile. */
export interface Move {
  /** The database, whether it is left or made. */
  file: string;
  place: PostgresPlace;
  facility: string;
  key: SigningKey;
  now: Instant;
  /** Told of each step as it begins, by its words, then of its rows. */
  step(words: string): Told;
}

/** What was moved, verified on both sides. */
export interface Moved {
  digests: TableDigest[];
  report: VerifyReport;
  /** Where the database stands now that it is of no more use; undefined when it is the one in use. */
  aside?: string | undefined;
}

/** Whoever writes for a facility holds this; it waits for nothing else. */
const KEEP_WRITERS_OUT = "SELECT pg_advisory_lock(hashtextextended('tocsin ' || $1::text, 0))";

/**
 * Moves a database into PostgreSQL, whose tables are there already: in one transaction, that ends once all of it was
 * read back and verified. The file is renamed then, so that no daemon goes on with it.
 */
export async function moveToPostgres(move: Move): Promise<Moved> {
  const { file, place, key, step } = move;
  const tables = copiedTables();
  // Brings an older schema up to date, as the daemon would.
  if (existsSync(file)) openWriting(file).close();
  const source = openReading(file);
  const line = await openCopyLine(place).catch((error: unknown) => {
    source.close();
    throw error;
  });
  const copy = `${file}.${process.pid}.partial`;
  sweepPartial(dirname(file), basename(file));
  try {
    if (dataKeysOf(source).length > 0) throw encrypted(file);
    refuseNul(source, tables);
    step("verifying the database")(0, 1);
    const before = verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
    refuseAltered(before, file);
    const facilities = facilitiesIn(source, tables);
    for (const facility of facilities) await line.ask(KEEP_WRITERS_OUT, [facility]);
    await line.ask("BEGIN");
    await refuseFilled(line, { place, facilities });
    const sent = await send(source, line, { facilities, told: step("rows written") });
    const back = await copyToFile(line, facilities, {
      file: copy,
      indexed: false,
      told: step("rows read back"),
    });
    refuseDifference(sent, back);
    const report = verifyDatabase(copy, key.publicKey, checkpointsFileOf(file));
    refuseAltered(report, placeName(place));
    await line.ask("COMMIT");
    source.close();
    return { digests: back, report, aside: setAside(file, move.now) };
  } finally {
    if (source.isOpen) source.close();
    await line.close();
    rmSync(copy, { force: true });
  }
}

/** Moves a record out of PostgreSQL into a database that does not exist yet: it has its name once it was verified. */
export async function moveToSqlite(move: Move): Promise<Moved> {
  const { file, place, facility, key, step } = move;
  if (existsSync(file))
    throw new TocsinError({
      code: "target_not_empty",
      where: file,
      message: "there is a database already",
      remedy: "move it away with its .checkpoints.jsonl left in place, when it is of no more use",
    });
  const tables = copiedTables();
  const line = await openCopyLine(place);
  const copy = `${file}.${process.pid}.partial`;
  sweepPartial(dirname(file), basename(file));
  try {
    // Before the view begins: what others were writing is in it.
    await line.ask(KEEP_WRITERS_OUT, [facility]);
    await line.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const facilities = await facilitiesOf(line, { facility, signer: key.fingerprint });
    const read = await copyToFile(line, facilities, { file: copy, indexed: true, told: step("rows read") });
    if (read.every(({ rows }) => rows === 0))
      throw new TocsinError({
        code: "store_missing",
        where: placeName(place),
        message: `there is nothing of ${facility}`,
        remedy: "check store and facility.id of the configuration",
      });
    step("verifying the database")(0, 1);
    refuseDifference(read, digestsOf(copy, facilities));
    const report = verifyDatabase(copy, key.publicKey, checkpointsFileOf(file));
    refuseAltered(report, placeName(place));
    await line.ask("COMMIT");
    const written = openSync(copy, "r+");
    fsyncSync(written);
    closeSync(written);
    renameSync(copy, file);
    syncFolder(dirname(file));
    openWriting(file).close();
    return { digests: read, report };
  } finally {
    await line.close();
    rmSync(copy, { force: true });
  }

  function digestsOf(from: string, facilities: readonly string[]): TableDigest[] {
    const database = openReading(from);
    try {
      return facilities.flatMap((each) =>
        tables.map((table) => {
          const digest = openTableDigest(each, table);
          for (const rows of sqliteRows(database, table, each)) digest.take(rows);
          return digest.end();
        }),
      );
    } finally {
      database.close();
    }
  }
}

/** Writes every table, the next rows being read while the last ones are on their way. */
async function send(
  source: DatabaseSync,
  line: CopyLine,
  { facilities, told }: { facilities: readonly string[]; told: Told },
): Promise<TableDigest[]> {
  const tables = copiedTables();
  const total = rowsIn(source, tables);
  const digests: TableDigest[] = [];
  let done = 0;
  for (const facility of facilities)
    for (const table of tables) {
      const digest = openTableDigest(facility, table);
      let onTheWay: Promise<void> = Promise.resolve();
      for (const rows of sqliteRows(source, table, facility)) {
        digest.take(rows);
        await onTheWay;
        onTheWay = line.insert(table, rows);
        onTheWay.catch(() => undefined);
        done += rows.length;
        told(done, total);
      }
      await onTheWay;
      digests.push(digest.end());
    }
  return digests;
}

async function refuseFilled(
  line: CopyLine,
  { place, facilities }: { place: PostgresPlace; facilities: readonly string[] },
): Promise<void> {
  for (const { name } of copiedTables()) {
    const sql = `SELECT facility FROM ${name} WHERE facility = ANY($1::text[]) LIMIT 1`;
    const [found] = await line.ask(sql, [facilities]);
    if (found !== undefined)
      throw new TocsinError({
        code: "target_not_empty",
        where: placeName(place),
        message: `there is something of ${found.facility} already, in ${name}; nothing was moved`,
        remedy: "give an empty database: nothing is ever written over a record",
      });
  }
}

function refuseAltered({ ok, facilities, faults }: VerifyReport, where: string): void {
  if (ok) return;
  const first = faults[0] ?? facilities.find(({ firstBroken }) => firstBroken !== undefined)?.firstBroken;
  throw new TocsinError({
    code: "record_altered",
    where,
    message: `the record does not verify (${first?.because ?? "no reason known"}); nothing was moved`,
    remedy: "run `tocsin verify`, and restore a copy that verifies",
  });
}

function encrypted(file: string): TocsinError {
  return new TocsinError({
    code: "store_sealed",
    where: file,
    message: "the record is encrypted, which only the SQLite file can be; nothing was moved",
    remedy:
      "with the configuration that has `encryption` and no `store`: tocsin keys decrypt; and encrypt the disk of the database server",
  });
}

/** Renames a database, with a copy of its checkpoints: the file of these goes on with the record. */
function setAside(file: string, now: Instant): string {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.exec("PRAGMA journal_mode = DELETE");
  database.close();
  const aside = join(dirname(file), `${basename(file)}.moved-${stampOf(now)}`);
  if (existsSync(checkpointsFileOf(file))) copyFileSync(checkpointsFileOf(file), checkpointsFileOf(aside));
  renameSync(file, aside);
  syncFolder(dirname(file));
  return aside;
}
