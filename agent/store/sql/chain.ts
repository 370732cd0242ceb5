import { randomBytes } from "node:crypto";
import { canonicalJson } from "../../core/canonical-json.ts";
import type { Instant } from "../../core/clock.ts";
import { bodyHash, contentHash, entryHash, GENESIS } from "../../core/journal.ts";
import type { Asking, Sql } from "./sql.ts";

/** An entry of the journal as it is written. */
export interface EntryRow {
  facility: string;
  seq: number;
  type: string;
  at: number;
  incident: string | null;
  contentHash: string;
  previous: string;
  bodyHash: string;
  hash: string;
  salt: string;
  content: string;
}

/** Where an alert's digest stands in the journal. */
export interface Place {
  seq: number;
  position: number;
}

/** The growing end of one facility's journal within a commit group. */
export interface Chain {
  /** Adds an entry and returns its seq; it is written by `flush`. */
  append(entry: { type: string; at: Instant; incident: string | null; content: string }): number;
  /** Adds an alert's digest to the group's one `alerts` entry. */
  digest(digest: string, at: Instant): Place;
  /** Takes the next numbers in the facility's order of detections and returns the first. */
  detections(count: number): number;
  /** Returns what brings the chain back to where it stands now: a unit in conflict leaves nothing. */
  mark(): () => void;
  /** Hashes and writes the entries of the group; returns how many. */
  flush(): Asking<number>;
  head(): { seq: number; hash: string };
}

interface Draft {
  type: string;
  at: Instant;
  incident: string | null;
  content: string;
}

const SALT_BYTES = 16;
/** The cursor that stands at the number after the last detection that was erased. */
export const ERASED_DETECTIONS = "erased_detections";

/** Reads the end of a facility's journal and returns the means to extend it. */
export function* openChain(
  sql: Sql,
  write: (entries: readonly EntryRow[]) => Asking<void>,
  facility: string,
): Asking<Chain> {
  // One statement: each commit of a shared record begins with it.
  const ends =
    (yield* sql(
      `SELECT j.seq, j.hash, c.position, a.next FROM (SELECT 1) one
     LEFT JOIN (SELECT seq, hash FROM journal WHERE facility = ? ORDER BY seq DESC LIMIT 1) j ON TRUE
     LEFT JOIN (SELECT position FROM cursors WHERE facility = ? AND name = ?) c ON TRUE
     LEFT JOIN (SELECT first_detection + detections AS next FROM alerts WHERE facility = ? AND first_detection = (
       SELECT MAX(first_detection) FROM alerts WHERE facility = ?) ORDER BY detections DESC LIMIT 1) a ON TRUE`,
      // The numbers of detections that were erased are not given again.
    ).get(facility, facility, ERASED_DETECTIONS, facility, facility)) ?? {};

  let seq = Number(ends.seq ?? 0);
  let hash = String(ends.hash ?? GENESIS);
  let detection = Math.max(Number(ends.next ?? 1), Number(ends.position ?? 1));
  const drafts: Draft[] = [];
  const digests: string[] = [];
  /** Index of the `alerts` entry among the drafts; its content is known when the group ends. */
  let alerts: number | undefined;

  function append(entry: Draft): number {
    return seq + drafts.push(entry);
  }

  function digest(text: string, at: Instant): Place {
    if (alerts === undefined) {
      alerts = drafts.length;
      // Stryker disable next-line StringLiteral: `flush` writes the digests over it
      const content = "";
      append({ type: "alerts", at, incident: null, content });
    }
    return { seq: seq + alerts + 1, position: digests.push(text) - 1 };
  }

  function mark(): () => void {
    const stood = { drafts: drafts.length, digests: digests.length, alerts, detection };
    return () => {
      drafts.length = stood.drafts;
      digests.length = stood.digests;
      alerts = stood.alerts;
      detection = stood.detection;
    };
  }

  function* flush(): Asking<number> {
    if (alerts !== undefined) (drafts[alerts] as Draft).content = canonicalJson({ digests });
    const salts = randomBytes(SALT_BYTES * drafts.length).toString("hex");
    const rows = drafts.map(({ type, at, incident, content }, index) => {
      const salt = salts.slice(index * SALT_BYTES * 2, (index + 1) * SALT_BYTES * 2);
      const entry = { facility, seq: seq + 1, type, at, incident, contentHash: contentHash(salt, content) };
      const body = bodyHash(entry);
      const row = { ...entry, previous: hash, bodyHash: body, hash: entryHash(hash, body), salt, content };
      seq += 1;
      hash = row.hash;
      return row;
    });
    drafts.length = 0;
    digests.length = 0;
    alerts = undefined;
    if (rows.length > 0) yield* write(rows);
    return rows.length;
  }

  function detections(count: number): number {
    const first = detection;
    detection += count;
    return first;
  }

  return { append, digest, detections, mark, flush, head: () => ({ seq, hash }) };
}
