import { canonicalJson } from "../../core/canonical-json.ts";
import type { Conflict, Of, Place } from "./place.ts";
import type { Prepare } from "./prepare.ts";

/** Prepares the statements of what lets people in: means, sessions, tickets. */
export function peopleWrites(prepare: Prepare) {
  const putCredentials = prepare(
    `INSERT INTO credentials (facility, account, password, totp, totp_step) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (facility, account) DO UPDATE SET password = excluded.password, totp = excluded.totp,
       totp_step = excluded.totp_step`,
  );
  const credentialsNow = prepare(
    `SELECT ${prepare.shown("credentials.totp")}, totp_step FROM credentials WHERE facility = ? AND account = ?`,
  );
  const useStep = prepare(
    "UPDATE credentials SET totp_step = ? WHERE facility = ? AND account = ? AND totp_step < ?",
  );
  const putSession = prepare(
    `INSERT INTO sessions (facility, id, expires, content, account) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (facility, id) DO UPDATE SET expires = excluded.expires, content = excluded.content,
       account = excluded.account`,
  );
  const dropSessions = prepare("DELETE FROM sessions WHERE facility = ? AND expires <= ?");
  const dropSession = prepare("DELETE FROM sessions WHERE facility = ? AND id = ?");
  const dropSessionsOf = prepare("DELETE FROM sessions WHERE facility = ? AND account = ? AND id <> ?");
  const factorsNow = prepare("SELECT revision FROM factors WHERE facility = ? AND account = ?");
  const putFactors = prepare(
    `INSERT INTO factors (facility, account, revision, content) VALUES (?, ?, ?, ?)
     ON CONFLICT (facility, account) DO UPDATE SET revision = excluded.revision, content = excluded.content`,
  );
  const putTicket = prepare(
    "INSERT INTO tickets (facility, hash, account, expires) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const dropTickets = prepare("DELETE FROM tickets WHERE facility = ? AND expires <= ?");
  const useTicket = prepare(
    "UPDATE tickets SET used = ? WHERE facility = ? AND hash = ? AND used IS NULL AND expires > ?",
  );

  return {
    credentials({ facility, at, chain }: Place, { credentials }: Of<"credentials">): Conflict {
      const { account, password, totp, totpStep } = credentials;
      const before = credentialsNow.get(facility, account);
      // A new secret starts its steps anew; with the same secret a used code stays used.
      const step = before?.totp === totp ? Math.max(Number(before.totp_step), totpStep) : totpStep;
      const row = [facility, account];
      putCredentials.run(
        facility,
        account,
        prepare.seal("credentials.password", row, password),
        prepare.seal("credentials.totp", row, totp),
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
    totp({ facility }: Place, { account, step }: Of<"totp">): Conflict {
      const done = useStep.run(step, facility, account, step);
      return done.changes === 0 ? `the code of step ${step} was used, or a later one` : undefined;
    },
    session({ facility, at }: Place, { id, content, expires, account }: Of<"session">): Conflict {
      dropSessions.run(facility, at);
      const stored = prepare.seal("sessions.content", [facility, id], content);
      putSession.run(facility, id, expires, stored, account ?? null);
      return undefined;
    },
    sessionEnd({ facility }: Place, { id }: Of<"session_end">): Conflict {
      dropSession.run(facility, id);
      return undefined;
    },
    sessionsEnd({ facility }: Place, { account, except }: Of<"sessions_end">): Conflict {
      dropSessionsOf.run(facility, account, except ?? "");
      return undefined;
    },
    factors({ facility }: Place, { account, revision, factors }: Of<"factors">): Conflict {
      const stands = Number(factorsNow.get(facility, account)?.revision ?? 0);
      if (stands !== revision - 1) return `the means of ${account} stand at revision ${stands}`;
      const stored = prepare.seal("factors.content", [facility, account], JSON.stringify(factors));
      putFactors.run(facility, account, revision, stored);
      return undefined;
    },
    ticket({ facility, at }: Place, { hash, account, expires }: Of<"ticket">): Conflict {
      dropTickets.run(facility, at);
      return putTicket.run(facility, hash, account, expires).changes === 0 ? "this ticket exists" : undefined;
    },
    ticketUse({ facility, at }: Place, { hash }: Of<"ticket_use">): Conflict {
      return useTicket.run(at, facility, hash, at).changes === 0
        ? "this ticket is unknown, used or past"
        : undefined;
    },
  };
}
