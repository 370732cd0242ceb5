import type { SQLInputValue } from "node:sqlite";
import { type Factors, NO_FACTORS } from "../../core/person.ts";
import type { Reads } from "../store.ts";
import type { Prepare } from "./prepare.ts";

type Asked = "credentials" | "factors" | "sessionsOf" | "session" | "ticket";

/** The questions about what lets people in: means, sessions, tickets. */
export function peopleReads(prepare: Prepare): Pick<Reads, Asked> {
  const one = (sql: string, ...values: SQLInputValue[]) => prepare(sql).get(...values);
  const all = (sql: string, ...values: SQLInputValue[]) => prepare(sql).all(...values);

  return {
    async credentials(facility, account) {
      const sql = `SELECT ${prepare.shown("credentials.password")}, ${prepare.shown("credentials.totp")}, totp_step
        FROM credentials WHERE facility = ? AND account = ?`;
      const row = one(sql, facility, account);
      if (row === undefined) return undefined;
      return {
        account,
        password: String(row.password),
        totp: String(row.totp),
        totpStep: Number(row.totp_step),
      };
    },
    async factors(facility, account) {
      const sql = `SELECT revision, ${prepare.shown("factors.content")} FROM factors WHERE facility = ? AND account = ?`;
      const row = one(sql, facility, account);
      if (row === undefined) return { revision: 0, factors: NO_FACTORS };
      return { revision: Number(row.revision), factors: JSON.parse(String(row.content)) as Factors };
    },
    async sessionsOf(facility, account, now) {
      const sql = `SELECT id, ${prepare.shown("sessions.content")} FROM sessions WHERE facility = ? AND account = ? AND expires > ?
        ORDER BY expires DESC LIMIT 100`;
      return all(sql, facility, account, now).map(({ id, content }) => {
        return { id: String(id), content: String(content) };
      });
    },
    async session(facility, id, now) {
      const sql = `SELECT ${prepare.shown("sessions.content")} FROM sessions WHERE facility = ? AND id = ? AND expires > ?`;
      return one(sql, facility, id, now)?.content as string | undefined;
    },
    async ticket(facility, hash, now) {
      const sql =
        "SELECT account FROM tickets WHERE facility = ? AND hash = ? AND used IS NULL AND expires > ?";
      const row = one(sql, facility, hash, now);
      return row === undefined ? undefined : { account: String(row.account) };
    },
  };
}
