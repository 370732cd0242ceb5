import { z } from "zod";
import { canonicalJson } from "../../core/canonical-json.ts";
import type { Instant } from "../../core/clock.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Store } from "../../store/store.ts";

/** Settings that change what is declared, who is told and when: each section by name, each setting by id. */
export type NotedSettings = Readonly<Record<string, ReadonlyMap<string, unknown>>>;

/** How a section differs from what was noted before, by id. */
interface SectionChange {
  added: string[];
  removed: string[];
  changed: string[];
}

const BOOKMARK = "settings";
const Kept = z.record(z.string(), z.record(z.string(), z.string()));
/** Members that may hold a secret, or where one is: they say nothing to an auditor. */
const SECRET = /secret|token|password|passphrase|credential|api_?key|authorization/i;

/**
 * Notes in the journal when the settings are others than those noted last, by id and never by value; the first time,
 * what there is. Returns the change; undefined when there is none.
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
      Object.fromEntries([...values].map(([id, value]) => [id, fingerprint(value)])),
    ]),
  );
  const change = differences(before ?? {}, after);
  if (before !== undefined && Object.keys(change).length === 0) return undefined;
  await store.commit({
    facility,
    at: now,
    writes: [
      { write: "note", what: "settings", incident: null, content: { first: before === undefined, change } },
      { write: "bookmark", name: BOOKMARK, content: canonicalJson(after) },
    ],
  });
  return change;
}

function fingerprint(value: unknown): string {
  const bare = JSON.stringify(value, (name, member: unknown) => (SECRET.test(name) ? undefined : member));
  return sha256Hex(canonicalJson(JSON.parse(bare ?? "null")));
}

function differences(
  before: z.infer<typeof Kept>,
  after: z.infer<typeof Kept>,
): Record<string, SectionChange> {
  const sections = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(
    sections.flatMap((section) => {
      const [was, is] = [before[section] ?? {}, after[section] ?? {}];
      const change = {
        added: Object.keys(is).filter((id) => was[id] === undefined),
        removed: Object.keys(was).filter((id) => is[id] === undefined),
        changed: Object.keys(is).filter((id) => was[id] !== undefined && was[id] !== is[id]),
      };
      return change.added.length + change.removed.length + change.changed.length === 0
        ? []
        : [[section, change]];
    }),
  );
}
