import pg from "pg";
import { clientOf, type PostgresPlace } from "./connection.ts";

/** Rows written since the start after which the planner's statistics are refreshed. */
const MILESTONES = [100, 1_000, 10_000, 100_000];
const ANALYZE = "SELECT refresh_statistics()";

/** Keeps plans good while tables grow. */
export interface Statistics {
  /** Told of rows that were committed. */
  wrote(rows: number): void;
  settled(): Promise<void>;
}

/**
 * Refreshes what the planner knows when the record grows quickly: the server does so by itself a minute later, and until
 * then its plans are those of empty tables, which read all of a facility to find one row.
 */
export function refreshStatistics(place: PostgresPlace): Statistics {
  let rows = 0;
  let next = 0;
  let underWay: Promise<void> = Promise.resolve();

  async function analyze(): Promise<void> {
    const client = new pg.Client(clientOf(place, "tocsin statistics"));
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query(ANALYZE);
    } catch {
      // Nothing depends on it but speed.
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  return {
    wrote(more) {
      rows += more;
      if (rows < (MILESTONES[next] ?? Number.POSITIVE_INFINITY)) return;
      next = MILESTONES.findIndex((milestone) => milestone > rows);
      if (next === -1) next = MILESTONES.length;
      underWay = underWay.then(analyze);
    },
    settled: () => underWay,
  };
}
