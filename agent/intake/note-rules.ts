import { z } from "zod";
import type { Instant } from "../core/clock.ts";
import { problemSentence } from "../core/errors.ts";
import type { Receipt, Unit } from "../store/store.ts";
import type { LiveReport } from "./live-rules.ts";

/** Ids of each kind that a note lists; the hash vouches for the rest. */
const LISTED = 1000;

/** A change of the rules in force, or of the mappings: what the journal notes, and what the rest is told. */
export interface RuleChange {
  /** SHA-256 of what is in force: of the lines `id version`. */
  hash: string;
  /** That of the rules noted before: the same when nothing changed, null the first time. */
  before: string | null;
  loaded: number;
  /** Sentences about what does not count as it stands. */
  refused: string[];
  kept: string[];
  /** Ids, at most 1,000 of each. */
  added: string[];
  removed: string[];
  changed: string[];
  /** How many there are in all. */
  counts: { added: number; removed: number; changed: number };
}

const Noted = z.object({ hash: z.string(), versions: z.record(z.string(), z.string()) });

/**
 * Notes in the journal when other rules, or mappings, are in force than those noted last, by this daemon or the one
 * before it; that there have never been any is no news.
 */
export async function noteRules(
  report: LiveReport,
  parts: {
    /** What is noted; the last of it is kept under a bookmark of this name. */
    what: "rules" | "mappings";
    facility: string;
    bookmark: (facility: string, name: string) => Promise<string | undefined>;
    commit: (unit: Unit) => Promise<Receipt>;
    now: Instant;
  },
): Promise<RuleChange> {
  const { what, facility, commit, now } = parts;
  const known = await parts.bookmark(facility, what);
  const noted = known === undefined ? undefined : Noted.parse(JSON.parse(known));
  const change = changeOf(noted, report);
  if (change.hash === change.before || (noted === undefined && report.loaded === 0)) return change;
  const versions = Object.fromEntries(report.versions);
  const content = JSON.stringify({ hash: report.hash, versions } satisfies z.infer<typeof Noted>);
  const receipt = await commit({
    facility,
    at: now,
    writes: [
      { write: "note", what, incident: null, content: change },
      { write: "bookmark", name: what, content },
    ],
  });
  if (receipt.outcome === "conflict") throw new Error(`the note was refused: ${receipt.because}`);
  return change;
}

function changeOf(noted: z.infer<typeof Noted> | undefined, report: LiveReport): RuleChange {
  const before = new Map(Object.entries(noted?.versions ?? {}));
  const added: string[] = [];
  const changed: string[] = [];
  for (const [id, version] of report.versions) {
    const old = before.get(id);
    before.delete(id);
    if (old === undefined) added.push(id);
    else if (old !== version) changed.push(id);
  }
  const removed = [...before.keys()];
  const { hash, loaded, kept } = report;
  return {
    hash,
    before: noted?.hash ?? null,
    loaded,
    refused: report.refused.slice(0, LISTED).map(problemSentence),
    kept: kept.slice(0, LISTED),
    added: added.slice(0, LISTED),
    removed: removed.slice(0, LISTED),
    changed: changed.slice(0, LISTED),
    counts: { added: added.length, removed: removed.length, changed: changed.length },
  };
}
