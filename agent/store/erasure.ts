import { z } from "zod";
import type { JournalEntry } from "../core/journal.ts";

/** The journal's type of entry that declares an erasure: a note of what `erased`. */
export const ERASED = "note.erased";

/**
 * What an entry `note.erased` says: which contents of earlier entries and which alerts are gone, and by which policy.
 *
 * It is written, and signed by a checkpoint, before anything is erased; its own content is never erased.
 */
export const Erasure = z.strictObject({
  /** Seqs of the entries whose content is erased; all before this one. */
  entries: z.array(z.int().min(1)),
  /** SHA-256 of the alerts erased, as the entries of type `alerts` hold them. */
  alerts: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
  /** The name of the rule of conservation that was applied. */
  policy: z.string().min(1),
});
export type Erasure = z.infer<typeof Erasure>;

/** What a journal declares erased: everything else that is missing was taken away. */
export interface Erased {
  entry(entry: { seq: number; type: string }): boolean;
  alert(digest: string): boolean;
  /** How many alerts are declared erased. */
  alerts: number;
}

/** Adds up the erasures of a journal from its entries `note.erased`; one that is unreadable declares nothing. */
export function declaredErased(notes: Iterable<Pick<JournalEntry, "seq" | "type" | "content">>): Erased {
  const entries = new Set<number>();
  const alerts = new Set<string>();
  for (const { seq, type, content } of notes) {
    const erasure = type === ERASED && content !== null ? readErasure(content) : undefined;
    for (const named of erasure?.entries ?? []) if (named < seq) entries.add(named);
    for (const digest of erasure?.alerts ?? []) alerts.add(digest);
  }
  return {
    // An erasure that could erase an erasure would leave no trace of what is missing.
    entry: ({ seq, type }) => type !== ERASED && entries.has(seq),
    alert: (digest) => alerts.has(digest),
    alerts: alerts.size,
  };
}

/** What an entry `note.erased` declares; undefined when its content is none of that. */
export function readErasure(content: string): Erasure | undefined {
  try {
    return Erasure.safeParse(JSON.parse(content)).data;
  } catch {
    return undefined;
  }
}
