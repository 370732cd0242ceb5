import type { Request } from "express";
import session from "express-session";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import type { Account, Role } from "../core/person.ts";
import { sha256Hex } from "../core/sha256.ts";
import type { Store, Write } from "../store/store.ts";

declare module "express-session" {
  interface SessionData {
    /** Id of the account that signed in. */
    account: string;
    /** Its role then: another one now ends the session. */
    role: Role;
    /** When it was opened, and when it was last known to be used. */
    since: Instant;
    used: Instant;
    via: SignInWay;
    address: string;
    device: string;
    /** Who opened the envelope of an *accès de secours*; absent until they have said so. */
    holder: string;
  }
}

export const SIGN_IN_WAYS = {
  password: "mot de passe et second facteur",
  passkey: "clé d'accès",
  oidc: "annuaire de l'établissement",
  ticket: "billet de démonstration",
} as const;
export type SignInWay = keyof typeof SIGN_IN_WAYS;

/** How long a session lasts, microseconds. */
export interface SessionLimits {
  /** Since its last use. */
  idle: number;
  /** Since it was opened, however much it is used. */
  absolute: number;
}

/** A night on call. */
export const SESSION_HOURS = 12;
export const SESSION_LIMITS: SessionLimits = {
  idle: 2 * MICROSECONDS.hour,
  absolute: SESSION_HOURS * MICROSECONDS.hour,
};

/** A use is written down with the next form after this long: looking at a page writes nothing. */
const USE_STEP = 5 * MICROSECONDS.minute;
/** Uses remembered between two forms; far more than there are people. */
const REMEMBERED = 10_000;

/** One of a person's sessions, as they see it. */
export interface SessionRow {
  /** Names it for its owner; opens nothing. */
  mark: string;
  current: boolean;
  since: Instant;
  used: Instant;
  via: SignInWay;
  address: string;
  device: string;
}

/** The sessions of one facility's people. */
export interface Sessions {
  readonly store: session.Store;
  /** Whether the session still stands for the account; notes that it is used now. */
  stands(request: Request, account: Account): boolean;
  of(account: string, request: Request): Promise<SessionRow[]>;
  /** Ends one of the account's own. */
  end(account: string, mark: string): Promise<void>;
  /** The write that ends all of an account's sessions, but this one when given. */
  ending(account: string, but?: Request): Write;
}

/** Keeps express-session's sessions in the record; ids are hashed there, so a copy of it opens no door. */
export function sessions(parts: {
  store: Store;
  clock: Clock;
  facility: string;
  limits: SessionLimits;
}): Sessions {
  const { store, clock, facility, limits } = parts;
  const started = clock.now();
  // Last uses since the start; what is not here was used before, or never since.
  const uses = new Map<string, Instant>();
  const lastUse = (id: string, content: Partial<session.SessionData>) =>
    Math.max(uses.get(id) ?? Math.min(started, clock.now()), content.used ?? 0);
  const shown = async (account: string) =>
    (await store.reads.sessionsOf(facility, account, clock.now())).map(({ id, content }) => {
      return { id, content: JSON.parse(content) as session.SessionData };
    });

  return {
    store: new RecordedSessions({
      read: (id) => store.reads.session(facility, id, clock.now()),
      write(id, data) {
        const at = clock.now();
        // Counted from the opening: it never slides.
        const expires = (data.since ?? at) + limits.absolute;
        const content = JSON.stringify(data);
        const write: Write = { write: "session", id, content, expires, account: data.account };
        return store.commit({ facility, at, writes: [write] });
      },
      end: (id) => store.commit({ facility, at: clock.now(), writes: [{ write: "session_end", id }] }),
    }),

    stands(request, account) {
      const { session } = request;
      const id = hashed(request.sessionID);
      const now = clock.now();
      if (session.role !== account.role || now - lastUse(id, session) >= limits.idle) return false;
      // A page that looks by itself whether anything changed is no use of the session: nobody may sit before it.
      if (request.headers["x-tocsin-background"] !== undefined && uses.has(id)) return true;
      uses.delete(id);
      uses.set(id, now);
      if (uses.size > REMEMBERED) uses.delete(uses.keys().next().value ?? "");
      const form = request.method !== "GET" && request.method !== "HEAD";
      if (form && now - (session.used ?? 0) >= USE_STEP) session.used = now;
      return true;
    },

    async of(account, request) {
      const own = hashed(request.sessionID);
      const rows = (await shown(account)).map(({ id, content }) => ({
        mark: markOf(id),
        current: id === own,
        since: content.since,
        used: id === own ? clock.now() : Math.max(uses.get(id) ?? 0, content.used),
        via: content.via,
        address: content.address,
        device: content.device,
      }));
      return rows.sort((a, b) => Number(b.current) - Number(a.current) || b.used - a.used);
    },

    async end(account, mark) {
      const found = (await shown(account)).find(({ id }) => markOf(id) === mark);
      if (found === undefined) return;
      const writes: Write[] = [
        { write: "session_end", id: found.id },
        {
          write: "note",
          what: "session_ended",
          incident: null,
          content: { account, address: found.content.address },
        },
      ];
      await store.commit({ facility, at: clock.now(), writes });
    },

    ending: (account, but) => ({
      write: "sessions_end",
      account,
      ...(but && { except: hashed(but.sessionID) }),
    }),
  };
}

interface SessionRecord {
  read(id: string): Promise<string | undefined>;
  write(id: string, content: session.SessionData): Promise<unknown>;
  end(id: string): Promise<unknown>;
}

type Done = (error?: unknown) => void;

// A class because express-session wants one of its own; without `touch`, a page that is only read writes nothing.
class RecordedSessions extends session.Store {
  readonly #record: SessionRecord;

  constructor(record: SessionRecord) {
    super();
    this.#record = record;
  }

  override get(id: string, callback: (error: unknown, found?: session.SessionData | null) => void): void {
    this.#record.read(hashed(id)).then(
      (content) => callback(null, content === undefined ? null : JSON.parse(content)),
      (error: unknown) => callback(error),
    );
  }

  override set(id: string, content: session.SessionData, callback?: Done): void {
    settle(this.#record.write(hashed(id), content), callback);
  }

  override destroy(id: string, callback?: Done): void {
    settle(this.#record.end(hashed(id)), callback);
  }
}

function hashed(id: string): string {
  return sha256Hex(id);
}

function markOf(id: string): string {
  return sha256Hex(id).slice(0, 16);
}

function settle(work: Promise<unknown>, callback?: Done): void {
  work.then(
    () => callback?.(),
    (error: unknown) => callback?.(error),
  );
}
