import type { NextFunction, Request, Response } from "express";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Account } from "../core/person.ts";
import type { Store } from "../store/store.ts";
import type { WebLog } from "./web-log.ts";

/** Accesses remembered: beyond, the oldest is forgotten, and is journalled again. */
const REMEMBERED = 20_000;
// Whatever its case, as the router takes it.
const DOSSIER = /^\/incidents\/([^/]{1,100})(?:\/|$)/i;
/** Addresses under `/incidents/` that are no dossier. */
const PAGES = new Set(["signaler", "version"]);

/**
 * Journals that a person read a dossier, before the page is shown: once a person, dossier and hour, whatever they read
 * of it. A store that fails keeps nobody from a dossier at night: it is told in the log.
 */
export function journalAccess(parts: { store: Store; clock: Clock; facility: string; log: WebLog }) {
  const { store, clock, facility, log } = parts;
  const known = new Set<string>();
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const person: Account | undefined = response.locals.person;
    const named = DOSSIER.exec(request.path)?.[1];
    if (person === undefined || named === undefined || PAGES.has(named)) return next();
    const incident = decoded(named);
    const now = clock.now();
    const key = `${person.id} ${incident} ${Math.floor(now / MICROSECONDS.hour)}`;
    if (incident === undefined || known.has(key)) return next();
    known.add(key);
    try {
      if ((await store.reads.record(facility, "incident", incident)) !== undefined) {
        const content = { account: person.id, name: person.name, role: person.role };
        const note = { write: "note", what: "dossier_read", incident, content } as const;
        await store.commit({ facility, at: now, writes: [note] });
      }
    } catch (error) {
      known.delete(key);
      log.warn("access to a dossier not journalled", {
        incident,
        account: person.id,
        error: messageOf(error),
      });
    }
    if (known.size > REMEMBERED) known.delete(known.values().next().value ?? "");
    next();
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
