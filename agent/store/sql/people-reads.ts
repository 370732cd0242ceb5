import { type Factors, NO_FACTORS } from "../../core/person.ts";
import type { Asked } from "./asked.ts";
import type { Sql } from "./sql.ts";

type People = "credentials" | "factors" | "sessionsOf" | "session" | "ticket";

/** The questions about what lets people in: means, sessions, tickets. */
export function peopleReads(sql: Sql): Pick<Asked, People> {
  const credentials = sql(
    `SELECT ${sql.shown("credentials.password")}, ${sql.shown("credentials.totp")}, totp_step
     FROM credentials WHERE facility = ? AND account = ?`,
  );
  const factors = sql(
    `SELECT revision, ${sql.shown("factors.content")} FROM factors WHERE facility = ? AND account = ?`,
  );
  const sessionsOf = sql(
    `SELECT id, ${sql.shown("sessions.content")} FROM sessions WHERE facility = ? AND account = ? AND expires > ?
     ORDER BY expires DESC LIMIT 100`,
  );
  const session = sql(
    `SELECT ${sql.shown("sessions.content")} FROM sessions WHERE facility = ? AND id = ? AND expires > ?`,
  );
  const ticket = sql(
    "SELECT account FROM tickets WHERE facility = ? AND hash = ? AND used IS NULL AND expires > ?",
  );

  return {
    *credentials(facility, account) {
      const row = yield* credentials.get(facility, account);
      if (row === undefined) return undefined;
      return {
        account,
        password: String(row.password),
        totp: String(row.totp),
        totpStep: Number(row.totp_step),
      };
    },
    *factors(facility, account) {
      const row = yield* factors.get(facility, account);
      if (row === undefined) return { revision: 0, factors: NO_FACTORS };
      return { revision: Number(row.revision), factors: JSON.parse(String(row.content)) as Factors };
    },
    *sessionsOf(facility, account, now) {
      return (yield* sessionsOf.all(facility, account, now)).map(({ id, content }) => {
        return { id: String(id), content: String(content) };
      });
    },
    *session(facility, id, now) {
      return (yield* session.get(facility, id, now))?.content as string | undefined;
    },
    *ticket(facility, hash, now) {
      const row = yield* ticket.get(facility, hash, now);
      return row === undefined ? undefined : { account: String(row.account) };
    },
  };
}
