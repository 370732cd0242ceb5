import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf, TocsinError } from "../core/errors.ts";
import { sqliteCode } from "./sqlite/connection.ts";

/** A state directory held for one daemon. */
export interface StateLock {
  /** Lets another daemon have it; once. */
  release(): void;
}

const SQLITE_BUSY = 5;

/** Kept reachable: a collected connection would close its file, and the kernel drop the lock. */
const held = new Set<DatabaseSync>();

/**
 * Takes a state directory for this process; throws `state_in_use` when another daemon holds it.
 *
 * The lock is the kernel's, through SQLite, on a file that holds nothing: it ends with the process, however that ends.
 */
export function lockState(directory: string): StateLock {
  const file = join(directory, "daemon.lock");
  const pidFile = join(directory, "daemon.pid");
  let database: DatabaseSync | undefined;
  try {
    // Only when missing: closing any descriptor of a file drops this process's own lock on it (POSIX).
    if (!existsSync(file)) closeSync(openSync(file, "a", 0o600));
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    database?.close();
    throw refusal(directory, pidFile, error);
  }
  const lock = database;
  held.add(lock);
  return {
    release() {
      if (!held.delete(lock)) return;
      // Before the lock: afterwards it may be the next daemon's.
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

function refusal(directory: string, pidFile: string, error: unknown): TocsinError {
  if (sqliteCode(error) === SQLITE_BUSY) {
    const pid = pidOf(pidFile);
    return new TocsinError({
      code: "state_in_use",
      where: directory,
      message: `another daemon uses it${pid === undefined ? "" : ` (process ${pid})`}`,
      remedy: "stop that one first, or give this one its own state_directory",
    });
  }
  return new TocsinError(
    {
      code: "state_unusable",
      where: directory,
      message: messageOf(error),
      remedy: "check that the directory exists and that this account may write there",
    },
    { cause: error },
  );
}

function pidOf(file: string): string | undefined {
  try {
    return /^\d+$/.exec(readFileSync(file, "utf8").trim())?.[0];
  } catch {
    return undefined;
  }
}
