import session from "express-session";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import { sha256Hex } from "../core/sha256.ts";
import type { Store } from "../store/store.ts";

declare module "express-session" {
  interface SessionData {
    /** Id of the account that signed in. */
    account: string;
  }
}

/** A night on call; it never slides, since looking at a page must write nothing. */
export const SESSION_HOURS = 12;

/** Keeps express-session's sessions in the record; ids are hashed there, so a copy of it opens no door. */
export function sessionStore(store: Store, clock: Clock, facility: string): session.Store {
  return new RecordedSessions({
    read: (id) => store.reads.session(facility, id, clock.now()),
    write: (id, content) => {
      const at = clock.now();
      const expires = at + SESSION_HOURS * MICROSECONDS.hour;
      return store.commit({ facility, at, writes: [{ write: "session", id, content, expires }] });
    },
    end: (id) => store.commit({ facility, at: clock.now(), writes: [{ write: "session_end", id }] }),
  });
}

interface SessionRecord {
  read(id: string): Promise<string | undefined>;
  write(id: string, content: string): Promise<unknown>;
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
    settle(this.#record.write(hashed(id), JSON.stringify(content)), callback);
  }

  override destroy(id: string, callback?: Done): void {
    settle(this.#record.end(hashed(id)), callback);
  }
}

function hashed(id: string): string {
  return sha256Hex(id);
}

function settle(work: Promise<unknown>, callback?: Done): void {
  work.then(
    () => callback?.(),
    (error: unknown) => callback?.(error),
  );
}
