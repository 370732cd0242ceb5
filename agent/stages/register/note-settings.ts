import { z } from "zod";
import { canonicalJson } from "../../core/canonical-json.ts";
import type { Instant } from "../../core/clock.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Reads, Store } from "../../store/store.ts";

/** Settings that change what is declared, who is told and when: each section by name, each setting by id. */
export type NotedSettings = Readonly<Record<string, ReadonlyMap<string, unknown>>>;

/** How a section differs from what was noted before, by id. */
interface SectionChange {
  added: string[];
  removed: string[];
  changed: string[];
}

/** One value of a setting that differs; null where there is none. */
interface ValueChange {
  /** `systems.pacs.degraded_after_minutes`. */
  what: string;
  before: string | null;
  after: string | null;
}

const BOOKMARK = "settings";
const Kept = z.record(z.string(), z.record(z.string(), z.string()));
type Kept = z.infer<typeof Kept>;
/** Members that may hold a secret, or where one is: they say nothing to an auditor. */
const SECRET = /secret|token|password|passphrase|credential|api_?key|authorization/i;
/** Characters of one setting that are kept to be compared; of a longer one its SHA-256 is. */
const LONGEST = 8000;
/** Values told of one change, and characters of each. */
const TOLD = 200;
const SHOWN = 200;
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Notes in the journal when the settings are others than those noted last: which by id, what changed of them by value,
 * and their hash; the first time, what there is. No secret is among them, nor the path of an address, which may be one.
 * Returns the change; undefined when there is none.
 */
export async function noteSettings(
  settings: NotedSettings,
  parts: { store: Store; facility: string; now: Instant },
): Promise<Record<string, SectionChange> | undefined> {
  const { store, facility, now } = parts;
  const text = await store.reads.bookmark(facility, BOOKMARK);
  const before = text === undefined ? undefined : Kept.parse(JSON.parse(text));
  const after = Object.fromEntries(
    Object.entries(settings).map(([section, values]) => [
      section,
      Object.fromEntries([...values].map(([id, value]) => [id, keptOf(value)])),
    ]),
  );
  const change = differences(before ?? {}, after);
  if (before !== undefined && Object.keys(change).length === 0) return undefined;
  const values = valuesOf(before ?? {}, after, change);
  const content = {
    first: before === undefined,
    hash: sha256Hex(canonicalJson(after)),
    before: before === undefined ? null : sha256Hex(canonicalJson(before)),
    change,
    values: values.slice(0, TOLD),
    ...(values.length > TOLD ? { values_more: values.length - TOLD } : {}),
  };
  await store.commit({
    facility,
    at: now,
    writes: [
      { write: "note", what: "settings", incident: null, content },
      { write: "bookmark", name: BOOKMARK, content: canonicalJson(after) },
    ],
  });
  return change;
}

/** What the settings that a facility noted last say of it, for others who may read its record; undefined when it noted none. */
export async function readNoted(
  reads: Pick<Reads, "bookmark">,
  facility: string,
): Promise<{ mode: string | undefined; systems: Map<string, string> } | undefined> {
  const text = await reads.bookmark(facility, BOOKMARK);
  if (text === undefined) return undefined;
  const kept = Kept.parse(JSON.parse(text));
  const names = Object.entries(kept.systems ?? {}).flatMap(([id, value]): [string, string][] => {
    const name = DIGEST.test(value) ? undefined : (JSON.parse(value) as { name?: unknown }).name;
    return typeof name === "string" ? [[id, name]] : [];
  });
  const mode: unknown = JSON.parse(kept.facility?.mode ?? "null");
  return { mode: typeof mode === "string" ? mode : undefined, systems: new Map(names) };
}

function keptOf(value: unknown): string {
  const bare = JSON.stringify(value, (name, member: unknown) => {
    if (SECRET.test(name)) return undefined;
    return typeof member === "string" ? withoutPath(member) : member;
  });
  const text = canonicalJson(JSON.parse(bare ?? "null"));
  return text.length > LONGEST ? sha256Hex(text) : text;
}

/** An address without its path, which is a password to some receivers; the SHA-256 still tells another one. */
function withoutPath(text: string): string {
  const [, origin, rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/[^/?#@\s]*)([/?#@]\S*)$/i.exec(text) ?? [];
  return origin === undefined || rest === "/" ? text : `${origin}/… (${sha256Hex(text).slice(0, 12)})`;
}

/** Those of an installation before this kept the SHA-256 alone. */
const isSame = (was: string, is: string) => was === is || was === sha256Hex(is);

function differences(before: Kept, after: Kept): Record<string, SectionChange> {
  const sections = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(
    sections.flatMap((section) => {
      const [was, is] = [before[section] ?? {}, after[section] ?? {}];
      const change = {
        added: Object.keys(is).filter((id) => was[id] === undefined),
        removed: Object.keys(was).filter((id) => is[id] === undefined),
        changed: Object.keys(is).filter((id) => was[id] !== undefined && !isSame(was[id], is[id] as string)),
      };
      return change.added.length + change.removed.length + change.changed.length === 0
        ? []
        : [[section, change]];
    }),
  );
}

function valuesOf(before: Kept, after: Kept, change: Record<string, SectionChange>): ValueChange[] {
  return Object.entries(change).flatMap(([section, { changed }]) =>
    changed.flatMap((id) => {
      const [was, is] = [before[section]?.[id], after[section]?.[id]] as [string, string];
      if (DIGEST.test(was) || DIGEST.test(is)) return [];
      const [old, now] = [leaves(JSON.parse(was)), leaves(JSON.parse(is))];
      return [...new Set([...old.keys(), ...now.keys()])]
        .filter((path) => old.get(path) !== now.get(path))
        .map((path) => ({
          what: [section, id, ...(path === "" ? [] : [path])].join("."),
          before: old.get(path)?.slice(0, SHOWN) ?? null,
          after: now.get(path)?.slice(0, SHOWN) ?? null,
        }));
    }),
  );
}

/** Every value within a setting, by its path; a list of plain values is one. */
function leaves(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  const below = (name: string) => (path === "" ? name : `${path}.${name}`);
  if (Array.isArray(value) && value.every((each) => typeof each !== "object"))
    found.set(path, value.join(", "));
  else if (Array.isArray(value))
    for (const [i, each] of value.entries()) leaves(each, below(String(i)), found);
  else if (typeof value === "object" && value !== null)
    for (const [name, each] of Object.entries(value)) leaves(each, below(name), found);
  else found.set(path, String(value));
  return found;
}
