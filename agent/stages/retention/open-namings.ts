import { TocsinError } from "../../core/errors.ts";
import { attachmentsNamed, mayNameAttachments } from "../../store/attachments-named.ts";
import type { Reads } from "../../store/store.ts";

/** Which incidents name which attachment, while a purge lasts. */
export interface Namings {
  /** True when a record of an incident that is none of these names it; rejects while one of another cannot be read. */
  heldByOthers(sha256: string, family: readonly string[]): Promise<boolean>;
}

const KINDS = ["logbook", "exchange", "delivery"] as const;
const PAGE = 200;

type Read = Pick<Reads, "byState" | "changedSince" | "damaged" | "journalEnd">;

/**
 * Opens what tells who names an attachment. Every record that may is read once, at the first question; later ones read
 * only what changed since.
 */
export function openNamings(reads: Read, facility: string): Namings {
  const namers = new Map<string, Set<string>>();
  /** The journal's entry up to which all is known. */
  let known: number | undefined;

  function note(kind: string, incident: string | null, content: unknown): void {
    const type = `${kind}.put`;
    if (!mayNameAttachments({ type })) return;
    for (const { sha256 } of attachmentsNamed({ type, content: JSON.stringify({ content }) })) {
      const naming = namers.get(sha256) ?? new Set();
      namers.set(sha256, naming.add(incident ?? ""));
    }
  }

  async function readAll(): Promise<number> {
    // Taken first: what is put meanwhile is read again below.
    const end = (await reads.journalEnd(facility)).head?.seq ?? 0;
    for (const kind of KINDS)
      for (let after: string | undefined; ; ) {
        const page = await reads.byState(facility, kind, [], { limit: PAGE, after });
        for (const { content } of page) note(kind, content.incident, content);
        after = page.at(-1)?.content.id;
        if (page.length < PAGE) break;
      }
    return end;
  }

  async function catchUp(from: number): Promise<number> {
    for (let entry = from; ; ) {
      const page = await reads.changedSince(facility, entry, PAGE);
      for (const { kind, incident, content } of page) note(kind, incident, content);
      entry = page.at(-1)?.entry ?? entry;
      if (page.length < PAGE) return entry;
    }
  }

  return {
    async heldByOthers(sha256, family) {
      known = await catchUp(known ?? (await readAll()));
      for (const { table, incident } of reads.damaged())
        if (table === "records" && !family.includes(incident ?? ""))
          throw new TocsinError({
            code: "attachment_unsure",
            where: `incident ${incident}`,
            message: "a record of it cannot be read, and might name a file that is to be erased",
            remedy: "put a copy of before in its place, then run `retention apply` again",
          });
      return [...(namers.get(sha256) ?? [])].some((incident) => !family.includes(incident));
    },
  };
}
