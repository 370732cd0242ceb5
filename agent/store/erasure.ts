import { z } from "zod";
import type { JournalEntry } from "../core/journal.ts";
import { ERASED } from "./declare-erasure.ts";

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * What an entry `note.erased` says: which contents of earlier entries, which alerts and which attachments are gone, and
 * by which policy or whose act.
 *
 * It is written, and signed by a checkpoint, before anything is erased or in one transaction with it; its own content is
 * never erased.
 */
export const Erasure = z.strictObject({
  /** Seqs of the entries whose content is erased; all before this one. */
  entries: z.array(z.int().min(1)),
  /** SHA-256 of the alerts erased, as the entries of type `alerts` hold them. */
  alerts: z.array(Sha256),
  /** SHA-256 of the attachments whose bytes are erased; absent when there are none. */
  attachments: z.array(Sha256).optional(),
  /** The name of the rule of conservation that was applied. */
  policy: z.string().min(1),
  /** Who erased it, and why; absent for what a rule of conservation erased. */
  by: z.strictObject({ account: z.string(), name: z.string() }).optional(),
  because: z.string().min(1).optional(),
});
export type Erasure = z.infer<typeof Erasure>;

/** What a journal declares erased: everything else that is missing was taken away. */
export interface Erased {
  entry(entry: { seq: number; type: string }): boolean;
  alert(digest: string): boolean;
  /** The entry that declares an attachment erased; undefined when none does. */
  attachment(sha256: string): number | undefined;
  /** How many alerts are declared erased. */
  alerts: number;
}

/** Adds up the erasures of a journal from its entries `note.erased`; one that is unreadable declares nothing. */
export function declaredErased(notes: Iterable<Pick<JournalEntry, "seq" | "type" | "content">>): Erased {
  const entries = new Set<number>();
  const alerts = new Set<string>();
  const attachments = new Map<string, number>();
  for (const { seq, type, content } of notes) {
    const erasure = type === ERASED && content !== null ? readErasure(content) : undefined;
    for (const named of erasure?.entries ?? []) if (named < seq) entries.add(named);
    for (const digest of erasure?.alerts ?? []) alerts.add(digest);
    for (const sha256 of erasure?.attachments ?? []) attachments.set(sha256, seq);
  }
  return {
    // An erasure that could erase an erasure would leave no trace of what is missing.
    entry: ({ seq, type }) => type !== ERASED && entries.has(seq),
    alert: (digest) => alerts.has(digest),
    attachment: (sha256) => attachments.get(sha256),
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
