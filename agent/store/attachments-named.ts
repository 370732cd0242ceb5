import type { Attachment } from "../core/logbook.ts";

/** What a record that names attachments holds of them, whatever its kind. */
interface Naming {
  /** Of a note, an exchange. */
  attachments?: Attachment[];
  /** Of a delivery: what left, at each attempt, what was answered, and what came back for it. */
  attempts?: { sent?: Attachment; answer?: Attachment }[];
  receipts?: Attachment[];
}

/** The journal's types of entry whose content may name attachments: records that keep files. */
const NAMING: ReadonlySet<string> = new Set(["logbook.put", "exchange.put", "delivery.put"]);

/** True of an entry whose content may name attachments. */
export function mayNameAttachments({ type }: { type: string }): boolean {
  return NAMING.has(type);
}

/**
 * The attachments that the content of a journal entry names, in its order; none when it is of another type.
 *
 * A record of any kind keeps a file so: pieces beside the record (`attachment_piece`, the first one first), then
 * `attachment` in the unit of the record that names it.
 */
export function attachmentsNamed(entry: { type: string; content: string }): Attachment[] {
  if (!mayNameAttachments(entry)) return [];
  const { content } = JSON.parse(entry.content) as { content: Naming };
  const { attachments = [], attempts = [], receipts = [] } = content;
  return [
    ...attachments,
    ...attempts.flatMap(({ sent, answer }) => [sent ?? [], answer ?? []].flat()),
    ...receipts,
  ];
}
