import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../core/clock.ts";
import { messageOf, TocsinError } from "../../core/errors.ts";
import { stampOf } from "../../core/stamp-of.ts";
import { sweepPartial, syncFolder } from "../backup/durable-file.ts";
import { refuseFull } from "../backup/refuse-full.ts";
import { checkpointsFileOf } from "../checkpoints.ts";

/** Copies of former schemas that stay beside a database. */
const KEPT = 3;

/**
 * Copies a database, with its checkpoints, beside it before its schema changes: `<name>.schema-<version>-<date>`.
 *
 * Throws `disk_short` or `upgrade_uncopied`, and then nothing of the database is changed.
 */
export function copyBeforeUpgrade(database: DatabaseSync, file: string, version: number): string {
  const folder = dirname(file);
  const copy = `${file}.schema-${version}-${stampOf(systemClock.now())}`;
  refuseFull(folder, statSync(file).size + (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0));
  const aside = `${copy}.${process.pid}.partial`;
  try {
    sweepPartial(folder, `${basename(file)}.schema-`);
    rmSync(aside, { force: true });
    database.prepare("VACUUM INTO ?").run(aside);
    const written = openSync(aside, "r+");
    fsyncSync(written);
    closeSync(written);
    if (existsSync(checkpointsFileOf(file))) copyFileSync(checkpointsFileOf(file), checkpointsFileOf(copy));
    renameSync(aside, copy);
    syncFolder(folder);
  } catch (error) {
    rmSync(aside, { force: true });
    throw new TocsinError(
      {
        code: "upgrade_uncopied",
        where: file,
        message: `schema ${version} is to be brought up to date, and could not be copied first: ${messageOf(error)}; nothing was changed`,
        remedy: "free space beside it and start again, or start the version that ran before",
      },
      { cause: error },
    );
  }
  for (const old of copiesOf(file).slice(0, -KEPT)) {
    rmSync(old, { force: true });
    rmSync(checkpointsFileOf(old), { force: true });
  }
  return copy;
}

/** The copies that upgrades left beside a database, the oldest first. */
export function copiesOf(file: string): string[] {
  const name = `${basename(file)}.schema-`;
  const date = (copy: string) => copy.slice(copy.lastIndexOf("-"));
  return readdirSync(dirname(file))
    .filter((each) => each.startsWith(name) && /^\d+-\d{8}T\d{6}Z$/.test(each.slice(name.length)))
    .sort((a, b) => date(a).localeCompare(date(b)))
    .map((each) => join(dirname(file), each));
}
