import type { Clock } from "../../core/clock.ts";
import { messageOf, TocsinError } from "../../core/errors.ts";
import type { Checkpoint } from "../../core/journal.ts";
import { checkpointsFileOf, openCheckpointsLog, signCheckpoint } from "../checkpoints.ts";
import type { KeyRing } from "../cipher/key-ring.ts";
import { type Committed, erases } from "../committed.ts";
import type { SigningKey } from "../keys.ts";
import type { SealedUnit } from "../seal.ts";
import { applyUnit } from "../sql/apply-unit.ts";
import { type Chain, openChain } from "../sql/chain.ts";
import { atOnce } from "../sql/sql.ts";
import { prepareWrites } from "../sql/writes.ts";
import type { Receipt } from "../store.ts";
import { sqliteBulk } from "./bulk.ts";
import { BUSY_MS, openWriting, sqliteCode } from "./connection.ts";
import { writingCipher } from "./open-cipher.ts";
import { prepareOnce } from "./prepare.ts";
import { sqliteSql } from "./sqlite-sql.ts";
import { watchFiles } from "./watch-files.ts";

/** The one writing connection, synchronous. */
export interface SqliteWriter {
  /** Commits a group in one durable transaction; throws, having acknowledged nothing, when the store itself fails. */
  commitGroup(units: readonly SealedUnit[]): Committed[];
  /** Signs the head of a facility's chain, once; undefined when the chain is empty. */
  checkpoint(facility: string): Checkpoint | undefined;
  /** Facilities with at least so many entries after their last checkpoint. */
  unsigned(entries: number): string[];
  close(): void;
}

export interface SqliteOptions {
  file: string;
  signingKey: SigningKey;
  clock: Clock;
  /** The outer keys, when what is written is encrypted. */
  ring?: KeyRing | undefined;
}

const SQLITE_CONSTRAINT = 19;
const SQLITE_FULL = 13;

/** Opens the writer of a database, made when it does not exist. */
export function openSqliteWriter({ file, signingKey, clock, ring }: SqliteOptions): SqliteWriter {
  const database = openWriting(file);
  const cipher = orClosed(database, () => writingCipher(database, file, ring, clock.now));
  const checkStanding = watchFiles([file, `${file}-wal`]);
  const log = openCheckpointsLog(checkpointsFileOf(file));
  const prepare = prepareOnce(database, cipher);
  const [sql, bulk] = [sqliteSql(prepare), sqliteBulk(prepare)];
  const writes = prepareWrites(sql, bulk);
  const [begin, commit, rollback] = [prepare("BEGIN IMMEDIATE"), prepare("COMMIT"), prepare("ROLLBACK")];
  const [save, release] = [prepare("SAVEPOINT unit"), prepare("RELEASE unit")];
  const undo = prepare("ROLLBACK TO unit");
  const dataVersion = prepare("PRAGMA data_version");
  const lastCheckpoint = prepare(
    "SELECT facility, seq, hash, at, signer, signature FROM checkpoints WHERE facility = ? ORDER BY seq DESC LIMIT 1",
  );
  const insertCheckpoint = prepare(
    "INSERT INTO checkpoints (facility, seq, hash, at, signer, signature) VALUES (?, ?, ?, ?, ?, ?)",
  );

  const addSealed = prepare("UPDATE data_keys SET sealed = sealed + ? WHERE number = ?");

  const chains = new Map<string, Chain>();
  const unsigned = new Map<string, number>();
  /** Checkpoints in the table that the file could not take yet (disk full). */
  const unlogged: Checkpoint[] = [];
  let version: unknown;

  /** Runs work in one transaction; what is kept in memory is forgotten when it fails. */
  function transaction<T>(work: () => T): T {
    try {
      checkStanding();
      begin.run();
      // Another process wrote since: the ends of the chains are to be read again.
      const now = dataVersion.get()?.data_version;
      if (now !== version) chains.clear();
      version = now;
      const result = work();
      commit.run();
      // Again before anything is acknowledged: the file may have gone during the commit.
      checkStanding();
      return result;
    } catch (error) {
      if (database.isTransaction) rollback.run();
      chains.clear();
      throw storeFailure(error, file);
    }
  }

  function chainOf(facility: string): Chain {
    let chain = chains.get(facility);
    if (chain === undefined) {
      chain = atOnce(openChain(sql, bulk.entries, facility));
      chains.set(facility, chain);
    }
    return chain;
  }

  function commitUnit(unit: SealedUnit): Committed {
    const back = chainOf(unit.facility).mark();
    save.run();
    const done = attempt(() => atOnce(applyUnit(writes, unit, chainOf(unit.facility))));
    if (done.outcome !== "committed") {
      undo.run();
      back();
    }
    release.run();
    return done;
  }

  function commitGroup(units: readonly SealedUnit[]): Committed[] {
    const { receipts, written, erased } = transaction(() => {
      const receipts = units.map(commitUnit);
      const facilities = [...new Set(units.map(({ facility }) => facility))];
      const written = facilities.map((facility) => ({
        facility,
        entries: atOnce(chainOf(facility).flush()),
      }));
      // An erasure that is not signed would look like tampering.
      const erasing = units.filter((unit, i) => receipts[i]?.outcome === "committed" && erases(unit));
      const erased = new Set(erasing.map(({ facility }) => facility));
      return { receipts, written, erased: [...erased].map((facility) => signHead(facility).checkpoint) };
    });
    for (const { facility, entries } of written) {
      if (entries > 0) unsigned.set(facility, (unsigned.get(facility) ?? 0) + entries);
    }
    if (erased.length > 0) {
      unlogged.push(...erased.filter((signed) => signed !== undefined));
      emptyLog();
    }
    return receipts;
  }

  /** Signs the head of a chain inside a transaction; not `fresh` when it was signed before. */
  function signHead(facility: string): { checkpoint: Checkpoint | undefined; fresh: boolean } {
    const head = chainOf(facility).head();
    if (head.seq === 0) return { checkpoint: undefined, fresh: false };
    const last = lastCheckpoint.get(facility);
    if (last?.seq === head.seq) {
      const { signer, ...rest } = last;
      return { checkpoint: { ...rest, key: signer } as unknown as Checkpoint, fresh: false };
    }
    const signed = signCheckpoint({ facility, ...head, at: clock.now() }, signingKey);
    insertCheckpoint.run(facility, signed.seq, signed.hash, signed.at, signed.key, signed.signature);
    return { checkpoint: signed, fresh: true };
  }

  /** Moves what was erased out of the log of writes too, unless a reader holds it: then its next turn does. */
  function emptyLog(): void {
    try {
      database.exec("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // What was committed stands all the same.
    } finally {
      database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    }
  }

  /** How often a data key was used, for whoever asks when it is time for another. */
  function noteSealed(): void {
    const count = cipher?.counted() ?? 0;
    if (count > 0) addSealed.run(count, prepare.sealing);
  }

  function checkpoint(facility: string): Checkpoint | undefined {
    const made = transaction(() => {
      noteSealed();
      return signHead(facility);
    });
    // The table first: a crash between the two leaves the file behind, never ahead.
    if (made.fresh && made.checkpoint !== undefined) unlogged.push(made.checkpoint);
    for (let next = unlogged[0]; next !== undefined; next = unlogged[0]) {
      log.append(next);
      unlogged.shift();
    }
    unsigned.delete(facility);
    return made.checkpoint;
  }

  return {
    commitGroup,
    checkpoint,
    unsigned: (entries) =>
      [...unsigned].filter(([, count]) => count >= entries).map(([facility]) => facility),
    close() {
      database.close();
      log.close();
    },
  };
}

function orClosed<T>(database: { close(): void }, open: () => T): T {
  try {
    return open();
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A malformed unit fails alone; what SQLite itself cannot do (disk full, I/O) is the whole group's failure. */
function attempt(work: () => Receipt): Committed {
  try {
    return work();
  } catch (error) {
    const code = sqliteCode(error);
    if (code !== undefined && code !== SQLITE_CONSTRAINT) throw error;
    return { outcome: "failed", problem: { code: "unit_malformed", message: messageOf(error) } };
  }
}

function storeFailure(error: unknown, file: string): TocsinError {
  if (error instanceof TocsinError) return error;
  const full = sqliteCode(error) === SQLITE_FULL;
  return new TocsinError(
    {
      code: full ? "store_full" : "store_failed",
      where: file,
      message: messageOf(error),
      remedy: full
        ? "free space on its disk: commits are tried anew"
        : "check its disk: commits are tried anew",
    },
    { cause: error },
  );
}
