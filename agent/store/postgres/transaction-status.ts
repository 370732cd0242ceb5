import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { clientOf, type PostgresPlace, sqlState } from "./connection.ts";

/** How long PostgreSQL is asked what became of a commit that it did not answer, and how often, ms. */
const ASKED_MS = 10_000;
const EVERY_MS = 200;
/** PostgreSQL does not know the transaction: another server took over that never had it. */
const UNKNOWN_TRANSACTION = "22023";

/** What became of a transaction by its name; undefined when nobody could say in time. */
export async function statusOf(
  place: PostgresPlace,
  transaction: string,
): Promise<"committed" | "aborted" | undefined> {
  for (const end = performance.now() + ASKED_MS; performance.now() < end; await setTimeout(EVERY_MS)) {
    const client = new pg.Client(clientOf(place, "tocsin status"));
    client.on("error", () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query("SELECT pg_xact_status($1::text::xid8) AS status", [transaction]);
      const status = rows[0]?.status as string | null;
      if (status === "committed" || status === "aborted") return status;
      // Too old to be known; what is in progress ends soon.
      if (status === null) return undefined;
    } catch (error) {
      if (sqlState(error) === UNKNOWN_TRANSACTION) return "aborted";
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return undefined;
}
