import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Regime } from "../../../rules/regimes/regime.ts";
import { canonicalJson } from "../../core/canonical-json.ts";
import type { Clock } from "../../core/clock.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Reads, Store } from "../../store/store.ts";
import type { Setup } from "../work.ts";

/** A law pack as dossiers were last evaluated under it. */
const PackMark = z.object({
  id: z.string(),
  version: z.string(),
  /** Fingerprint of the pack as it is read, and of each of its criteria. */
  sha256: z.string(),
  criteria: z.record(z.string(), z.string()),
});
type PackMark = z.infer<typeof PackMark>;

/** What is kept of the packs: `done` is false while dossiers are being evaluated anew under them and the settings. */
const Kept = z.object({ packs: z.array(PackMark), settings: z.string().optional(), done: z.boolean() });

/** How the packs in force differ from those before. */
export interface PacksChange {
  added: { id: string; version: string }[];
  removed: { id: string; version: string }[];
  changed: {
    id: string;
    from: string;
    to: string;
    criteria: { added: string[]; removed: string[]; changed: string[] };
  }[];
}

const BOOKMARK = "law-packs";

type Looked = { reads: Reads; facility: string; regimes: readonly Regime[] };
type Parts = {
  store: Store;
  facility: string;
  regimes: readonly Regime[];
  /** Mark of the settings that packs read; without one they are not compared. */
  settings?: string | undefined;
  clock: Clock;
};

/** The mark of what packs read beside facts: other systems, or another facility, make for another evaluation. */
export function settingsMark({ facility, systems }: Pick<Setup, "facility" | "systems">): string {
  const listed = [...systems.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  return sha256Hex(canonicalJson(JSON.parse(JSON.stringify({ facility, systems: listed }))));
}

/**
 * Compares the packs in force with those under which dossiers were last evaluated, and journals a change, once; says
 * whether dossiers are still to be evaluated anew, for them or for other settings.
 */
export async function notePacks(parts: Parts): Promise<{ change: PacksChange | undefined; due: boolean }> {
  const { kept, change, packs } = await look({ ...parts, reads: parts.store.reads });
  const { store, facility, settings, clock } = parts;
  const same = settings === undefined || kept?.settings === settings;
  if (change === undefined && same) return { change, due: kept?.done === false };
  const told = (marks: readonly PackMark[]) =>
    marks.map(({ id, version, sha256 }) => ({ id, version, sha256 }));
  const content = { before: kept === undefined ? null : told(kept.packs), after: told(packs), change };
  await store.commit({
    facility,
    at: clock.now(),
    writes: [
      // Other settings have a note of their own.
      ...(change === undefined
        ? []
        : [{ write: "note", what: "law_packs", incident: null, content } as const]),
      { write: "bookmark", name: BOOKMARK, content: textOf(packs, settings, false) },
    ],
  });
  return { change, due: true };
}

/** Remembers that every dossier was evaluated under the packs and settings in force. */
export async function packsDone(parts: Parts): Promise<void> {
  const { store, facility, regimes, settings, clock } = parts;
  const content = textOf(regimes.map(markOf), settings, true);
  await store.commit({ facility, at: clock.now(), writes: [{ write: "bookmark", name: BOOKMARK, content }] });
}

/** The same comparison, journalling nothing. */
export async function packsChange(parts: Looked): Promise<PacksChange | undefined> {
  return (await look(parts)).change;
}

async function look({ reads, facility, regimes }: Looked) {
  const text = await reads.bookmark(facility, BOOKMARK);
  const kept = text === undefined ? undefined : Kept.parse(JSON.parse(text));
  const packs = regimes.map(markOf);
  return {
    kept,
    packs,
    change: isDeepStrictEqual(kept?.packs, packs) ? undefined : compare(kept?.packs ?? [], packs),
  };
}

const textOf = (packs: readonly PackMark[], settings: string | undefined, done: boolean) =>
  canonicalJson({ packs, done, ...(settings !== undefined && { settings }) });

function markOf(regime: Regime): PackMark {
  const fingerprint = (value: unknown) => sha256Hex(canonicalJson(value));
  return {
    id: regime.id,
    version: regime.version,
    sha256: fingerprint(regime),
    criteria: Object.fromEntries(regime.criteria.map((each) => [each.id, fingerprint(each)])),
  };
}

function compare(before: readonly PackMark[], after: readonly PackMark[]): PacksChange {
  const bare = ({ id, version }: PackMark) => ({ id, version });
  const without = (some: readonly PackMark[], others: readonly PackMark[]) =>
    some.filter(({ id }) => others.every((each) => each.id !== id)).map(bare);
  return {
    added: without(after, before),
    removed: without(before, after),
    changed: after.flatMap((pack) => {
      const old = before.find(({ id }) => id === pack.id);
      if (old === undefined || old.sha256 === pack.sha256) return [];
      const [was, is] = [Object.keys(old.criteria), Object.keys(pack.criteria)];
      const criteria = {
        added: is.filter((id) => !was.includes(id)),
        removed: was.filter((id) => !is.includes(id)),
        changed: is.filter((id) => was.includes(id) && old.criteria[id] !== pack.criteria[id]),
      };
      return [{ id: pack.id, from: old.version, to: pack.version, criteria }];
    }),
  };
}
