import type { Clock } from "../../core/clock.ts";
import { messageOf, type Problem } from "../../core/errors.ts";
import type { Checkpoint } from "../../core/journal.ts";
import { openCheckpointsLog, signCheckpoint } from "../checkpoints.ts";
import { type Committed, erases } from "../committed.ts";
import type { SigningKey } from "../keys.ts";
import { problemOf } from "../messages.ts";
import type { SealedUnit } from "../seal.ts";
import { applyUnit } from "../sql/apply-unit.ts";
import type { Chain } from "../sql/chain.ts";
import { checkpointOf } from "../sql/reads.ts";
import { inTurn } from "../sql/sql.ts";
import type { Receipt } from "../store.ts";
import { blamesData, type PostgresPlace, postgresFailure } from "./connection.ts";
import type { HeldLease } from "./lease.ts";
import { send } from "./postgres-sql.ts";
import { refreshStatistics } from "./refresh-statistics.ts";
import { migratePostgres } from "./schema.ts";
import { type Line, openTransactions } from "./transaction.ts";

/** The connection that writes; one group at a time. */
export interface PostgresWriter {
  /** Commits a group, durable once resolved; what fails is told of each unit. */
  commitGroup(units: readonly SealedUnit[]): Promise<Committed[]>;
  /** Signs the head of a facility's chain, once; undefined when the chain is empty. */
  checkpoint(facility: string): Promise<Checkpoint | undefined>;
  /** Facilities with at least so many entries after their last checkpoint. */
  unsigned(entries: number): string[];
  close(): Promise<void>;
}

export interface PostgresOptions {
  place: PostgresPlace;
  signingKey: SigningKey;
  clock: Clock;
  /** Where this process keeps the checkpoints that it signs, besides the table. */
  checkpointsFile: string;
  /** What it writes under, when only one process may: once it changed hands, nothing more is written. */
  lease?: HeldLease | undefined;
}

const LAST_CHECKPOINT = `SELECT facility, seq, hash, at, signer, signature FROM checkpoints
  WHERE facility = ? ORDER BY seq DESC LIMIT 1`;
const ADD_CHECKPOINT = `INSERT INTO checkpoints (facility, seq, hash, at, signer, signature)
  VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

/** Opens the writer of a shared record, whose tables are made or brought up to date. */
export async function openPostgresWriter(options: PostgresOptions): Promise<PostgresWriter> {
  const { place, signingKey, clock, lease } = options;
  await migratePostgres(place);
  const transactions = openTransactions(place, lease);
  const log = openCheckpointsLog(options.checkpointsFile);
  const statistics = refreshStatistics(place);
  const unsigned = new Map<string, number>();
  /** Checkpoints in the table that the file could not take yet (disk full). */
  const unlogged: Checkpoint[] = [];

  function emptyUnlogged(): void {
    for (let next = unlogged[0]; next !== undefined; next = unlogged[0]) {
      log.append(next);
      unlogged.shift();
    }
  }

  const signed = (facility: string, head: { seq: number; hash: string }) =>
    signCheckpoint({ facility, ...head, at: clock.now() }, signingKey);
  const addCheckpoint = ({ client }: Line, { facility, seq, hash, at, key, signature }: Checkpoint) =>
    send(client, ADD_CHECKPOINT, [facility, seq, hash, at, key, signature]);

  /** One transaction; `careful`: what a unit is refused for leaves the others alone, at two more journeys each. */
  async function commitOf(
    facility: string,
    units: readonly SealedUnit[],
    careful: boolean,
  ): Promise<Committed[]> {
    const made: { entries: number; checkpoint?: Checkpoint } = { entries: 0 };
    const done = await transactions.run(facility, async (line, begun) => {
      const receipts = await applyAll(line, begun, units, careful);
      const chain = await begun;
      const stands = (index: number) => receipts[index]?.outcome === "committed";
      if (!units.some((_, index) => stands(index))) return { result: receipts };
      const signs = units.some((unit, index) => stands(index) && erases(unit));
      const last = () => {
        const flushed = inTurn(chain.flush()).then((entries) => {
          made.entries = entries;
        });
        if (!signs) return flushed;
        made.checkpoint = signed(facility, chain.head());
        return Promise.all([flushed, addCheckpoint(line, made.checkpoint)]);
      };
      return { result: receipts, last };
    });
    if (made.entries > 0) unsigned.set(facility, (unsigned.get(facility) ?? 0) + made.entries);
    if (made.checkpoint !== undefined) unlogged.push(made.checkpoint);
    statistics.wrote(made.entries + units.reduce((sum, { writes }) => sum + writes.length, 0));
    return done;
  }

  async function commitFacility(facility: string, units: readonly SealedUnit[]): Promise<Committed[]> {
    const failed = (problem: Problem): Committed[] => units.map(() => ({ outcome: "failed", problem }));
    try {
      return await commitOf(facility, units, false);
    } catch (error) {
      if (blamesData(error) && units.length === 1) return failed(malformed(error));
      if (!blamesData(error)) return failed(problemOf(postgresFailure(error, place)));
    }
    try {
      return await commitOf(facility, units, true);
    } catch (error) {
      return failed(problemOf(postgresFailure(error, place)));
    }
  }

  return {
    async commitGroup(units) {
      const done = new Array<Committed>(units.length);
      const places = Map.groupBy(units.keys(), (index) => units[index]?.facility ?? "");
      for (const [facility, indexes] of places) {
        const own = indexes.map((index) => units[index] as SealedUnit);
        const committed = await commitFacility(facility, own);
        for (const [place, index] of indexes.entries()) done[index] = committed[place] as Committed;
      }
      return done;
    },
    async checkpoint(facility) {
      const made = await transactions.run<{ checkpoint?: Checkpoint; fresh?: true }>(
        facility,
        async (line, begun) => {
          const head = (await begun).head();
          if (head.seq === 0) return { result: {} };
          const [last] = (await send(line.client, LAST_CHECKPOINT, [facility])).rows;
          if (last?.seq === head.seq) return { result: { checkpoint: checkpointOf(last) } };
          const checkpoint = signed(facility, head);
          return { result: { checkpoint, fresh: true }, last: () => addCheckpoint(line, checkpoint) };
        },
      );
      // The table first: a crash between the two leaves the file behind, never ahead.
      if (made.fresh === true && made.checkpoint !== undefined) unlogged.push(made.checkpoint);
      emptyUnlogged();
      unsigned.delete(facility);
      return made.checkpoint;
    },
    unsigned: (entries) =>
      [...unsigned].filter(([, count]) => count >= entries).map(([facility]) => facility),
    async close() {
      await statistics.settled();
      await transactions.close();
      log.close();
    },
  };
}

/** Applies the units of one facility in their order; those of alerts alone that follow each other go as one. */
async function applyAll(
  line: Line,
  begun: Promise<Chain>,
  units: readonly SealedUnit[],
  careful: boolean,
): Promise<Committed[]> {
  const receipts: Committed[] = [];
  const chain = !careful && asksFirst(units) ? chainToCome(begun) : await begun;
  for (let index = 0; index < units.length; ) {
    const run = careful ? [] : alertUnitsFrom(units, index);
    const [first] = run;
    if (first !== undefined) {
      const writes = run.flatMap((unit) => unit.writes);
      const receipt = await inTurn(applyUnit(line.writes, { ...first, writes }, chain), begun);
      receipts.push(...shared(receipt, run));
      index += run.length;
      continue;
    }
    const unit = units[index] as SealedUnit;
    receipts.push(await applyOne(line, chain, unit, { alone: units.length === 1, careful, begun }));
    index += 1;
  }
  return receipts;
}

/** True when what comes first is a question that needs no chain: one journey less. */
function asksFirst(units: readonly SealedUnit[]): boolean {
  const first = units[0]?.writes[0]?.write;
  return (
    (first === "alert" && onlyAlerts(units[0] as SealedUnit)) || (first === "record" && units.length === 1)
  );
}

/** The chain of a transaction that is beginning, for what uses it once that has begun. */
function chainToCome(begun: Promise<Chain>): Chain {
  let come: Chain | undefined;
  const there = () => {
    if (come === undefined) throw new Error("the chain is used before its transaction has begun");
    return come;
  };
  begun.then(
    (chain) => {
      come = chain;
    },
    () => undefined,
  );
  return {
    append: (entry) => there().append(entry),
    digest: (digest, at) => there().digest(digest, at),
    detections: (count) => there().detections(count),
    mark: () => there().mark(),
    flush: () => there().flush(),
    head: () => there().head(),
  };
}

const onlyAlerts = ({ writes }: SealedUnit) => writes.every(({ write }) => write === "alert");

function alertUnitsFrom(units: readonly SealedUnit[], index: number): SealedUnit[] {
  let end = index;
  for (let next = units[end]; next !== undefined && onlyAlerts(next); next = units[end]) end += 1;
  return units.slice(index, end);
}

/** The receipt of units that were applied as one, to each its own. */
function shared(receipt: Receipt, units: readonly SealedUnit[]): Receipt[] {
  if (receipt.outcome !== "committed") throw new Error("alerts never conflict");
  let from = 0;
  return units.map(({ writes }) => {
    const alerts = receipt.alerts.slice(from, from + writes.length);
    from += writes.length;
    return { outcome: "committed", alerts };
  });
}

/** Applies one unit: what it wrote is undone when it conflicts, with the whole transaction when it is alone. */
async function applyOne(
  { client, sent, writes }: Line,
  chain: Chain,
  unit: SealedUnit,
  { alone, careful, begun }: { alone: boolean; careful: boolean; begun: Promise<Chain> },
): Promise<Committed> {
  const back = alone && !careful ? () => undefined : chain.mark();
  const saved = alone ? undefined : client.query("SAVEPOINT unit");
  const applied = inTurn(applyUnit(writes, unit, chain), begun);
  try {
    const [receipt] = await Promise.all([applied, saved]);
    if (careful) await sent.settled();
    if (receipt.outcome === "committed") return receipt;
    back();
    if (!alone) await client.query("ROLLBACK TO SAVEPOINT unit");
    return receipt;
  } catch (error) {
    if (!careful || !blamesData(error)) throw error;
    back();
    await client.query("ROLLBACK TO SAVEPOINT unit");
    return { outcome: "failed", problem: malformed(error) };
  }
}

const malformed = (error: unknown): Problem => ({ code: "unit_malformed", message: messageOf(error) });
