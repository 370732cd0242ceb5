import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sweepPartial } from "../backup/durable-file.ts";
import type { PostgresPlace } from "../postgres/connection.ts";
import { checkSchema } from "../postgres/schema.ts";
import { type CopyLine, openCopyLine } from "./postgres-side.ts";
import { freshDatabase } from "./sqlite-side.ts";
import { openTableDigest, type TableDigest } from "./table-digest.ts";
import { copiedTables } from "./tables.ts";

/** Told how many rows were copied so far, of how many. */
export type Told = (done: number, total: number) => void;

/** A shared record, for what reads a file. */
export interface SharedRecord {
  place: PostgresPlace;
  /** The facility of the configuration. */
  facility: string;
  /** Fingerprint of its key: what it signed for other facilities is read too. */
  signer: string;
  checkpointsFile: string;
  /** The state directory, where the file stands meanwhile. */
  folder: string;
}

const BEGINNING = "verification-";

/**
 * Copies a shared record as it stands at one instant into a database of its own, has it worked on with the checkpoints
 * that were kept before that instant, and takes both away.
 */
export async function withRecordFile<T>(
  record: SharedRecord,
  told: Told,
  work: (file: string, checkpointsFile: string) => T | Promise<T>,
): Promise<T> {
  const { place, folder, checkpointsFile } = record;
  await checkSchema(place);
  sweepPartial(folder, BEGINNING);
  const [file, beside] = ["sqlite", "checkpoints"].map((name) =>
    join(folder, `${BEGINNING}${name}.${process.pid}.partial`),
  ) as [string, string];
  const line = await openCopyLine(place);
  try {
    // Before the view: a checkpoint signed meanwhile would look like a tail cut off.
    if (existsSync(checkpointsFile)) copyFileSync(checkpointsFile, beside);
    await line.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const facilities = await facilitiesOf(line, record);
    await copyToFile(line, facilities, { file, indexed: false, told });
    await line.ask("COMMIT");
    return await work(file, beside);
  } finally {
    await line.close();
    for (const each of [file, beside]) rmSync(each, { force: true });
  }
}

/** The facility of the configuration, and those for which its key signed. */
export async function facilitiesOf(
  line: CopyLine,
  { facility, signer }: Pick<SharedRecord, "facility" | "signer">,
): Promise<string[]> {
  const rows = await line.ask("SELECT DISTINCT facility FROM checkpoints WHERE signer = $1", [signer]);
  return [...new Set([facility, ...rows.map((row) => String(row.facility))])].sort();
}

/** Writes what a transaction sees of facilities into a new database, made with all of its tables. */
export async function copyToFile(
  line: CopyLine,
  facilities: readonly string[],
  { file, indexed, told }: { file: string; indexed: boolean; told: Told },
): Promise<TableDigest[]> {
  const tables = copiedTables();
  let total = 0;
  for (const { name } of tables) {
    const sql = `SELECT COUNT(*) AS count FROM ${name} WHERE facility = ANY($1::text[])`;
    total += Number((await line.ask(sql, [facilities]))[0]?.count);
  }
  const fresh = freshDatabase(file, { indexed });
  const digests: TableDigest[] = [];
  let done = 0;
  try {
    for (const facility of facilities)
      for (const table of tables) {
        const digest = openTableDigest(facility, table);
        for await (const rows of line.rows(table, facility)) {
          digest.take(rows);
          fresh.insert(table, rows);
          done += rows.length;
          told(done, total);
        }
        digests.push(digest.end());
      }
    fresh.finish();
    return digests;
  } finally {
    fresh.database.close();
  }
}
