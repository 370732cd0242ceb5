import { canonicalJson } from "../../core/canonical-json.ts";
import type { Conflict, Of, Place } from "./place.ts";
import type { Asking, Sql } from "./sql.ts";

/** Prepares the statements of what lets people in: means, sessions, tickets. */
export function peopleWrites(sql: Sql) {
  const putCredentials = sql(
    `INSERT INTO credentials (facility, account, password, totp, totp_step) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (facility, account) DO UPDATE SET password = excluded.password, totp = excluded.totp,
       totp_step = excluded.totp_step`,
  );
  const credentialsNow = sql(
    `SELECT ${sql.shown("credentials.totp")}, totp_step FROM credentials WHERE facility = ? AND account = ?`,
  );
  const useStep = sql(
    "UPDATE credentials SET totp_step = ? WHERE facility = ? AND account = ? AND totp_step < ?",
  );
  const putSession = sql(
    `INSERT INTO sessions (facility, id, expires, content, account) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (facility, id) DO UPDATE SET expires = excluded.expires, content = excluded.content,
       account = excluded.account`,
  );
  const dropSessions = sql("DELETE FROM sessions WHERE facility = ? AND expires <= ?");
  const dropSession = sql("DELETE FROM sessions WHERE facility = ? AND id = ?");
  const dropSessionsOf = sql("DELETE FROM sessions WHERE facility = ? AND account = ? AND id <> ?");
  const factorsNow = sql("SELECT revision FROM factors WHERE facility = ? AND account = ?");
  const putFactors = sql(
    `INSERT INTO factors (facility, account, revision, content) VALUES (?, ?, ?, ?)
     ON CONFLICT (facility, account) DO UPDATE SET revision = excluded.revision, content = excluded.content`,
  );
  const putTicket = sql(
    "INSERT INTO tickets (facility, hash, account, expires) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const dropTickets = sql("DELETE FROM tickets WHERE facility = ? AND expires <= ?");
  const useTicket = sql(
    "UPDATE tickets SET used = ? WHERE facility = ? AND hash = ? AND used IS NULL AND expires > ?",
  );

  return {
    *credentials({ facility, at, chain }: Place, { credentials }: Of<"credentials">): Asking<Conflict> {
      const { account, password, totp, totpStep } = credentials;
      const before = yield* credentialsNow.get(facility, account);
      // A new secret starts its steps anew; with the same secret a used code stays used.
      const step = before?.totp === totp ? Math.max(Number(before.totp_step), totpStep) : totpStep;
      const row = [facility, account];
      putCredentials.put(
        facility,
        account,
        sql.seal("credentials.password", row, password),
        sql.seal("credentials.totp", row, totp),
        step,
      );
      chain.append({
        type: "note.credentials_changed",
        at,
        incident: null,
        content: canonicalJson({ account }),
      });
      return undefined;
    },
    *totp({ facility }: Place, { account, step }: Of<"totp">): Asking<Conflict> {
      return (yield* useStep.run(step, facility, account, step)) === 0
        ? `the code of step ${step} was used, or a later one`
        : undefined;
    },
    session({ facility, at }: Place, { id, content, expires, account }: Of<"session">): Conflict {
      dropSessions.put(facility, at);
      const stored = sql.seal("sessions.content", [facility, id], content);
      putSession.put(facility, id, expires, stored, account ?? null);
      return undefined;
    },
    sessionEnd({ facility }: Place, { id }: Of<"session_end">): Conflict {
      dropSession.put(facility, id);
      return undefined;
    },
    sessionsEnd({ facility }: Place, { account, except }: Of<"sessions_end">): Conflict {
      dropSessionsOf.put(facility, account, except ?? "");
      return undefined;
    },
    *factors({ facility }: Place, { account, revision, factors }: Of<"factors">): Asking<Conflict> {
      const stands = Number((yield* factorsNow.get(facility, account))?.revision ?? 0);
      if (stands !== revision - 1) return `the means of ${account} stand at revision ${stands}`;
      const stored = sql.seal("factors.content", [facility, account], JSON.stringify(factors));
      putFactors.put(facility, account, revision, stored);
      return undefined;
    },
    *ticket({ facility, at }: Place, { hash, account, expires }: Of<"ticket">): Asking<Conflict> {
      dropTickets.put(facility, at);
      return (yield* putTicket.run(facility, hash, account, expires)) === 0
        ? "this ticket exists"
        : undefined;
    },
    *ticketUse({ facility, at }: Place, { hash }: Of<"ticket_use">): Asking<Conflict> {
      return (yield* useTicket.run(at, facility, hash, at)) === 0
        ? "this ticket is unknown, used or past"
        : undefined;
    },
  };
}
