import type { Instant } from "../core/clock.ts";
import { ATTACHMENTS, type Attachment, type ErasedAttachment } from "../core/logbook.ts";
import { safeFileName } from "../core/safe-file-name.ts";
import type { Store, Write } from "../store/store.ts";
import { formatBytes, formatInstant } from "./french.ts";
import { MEDIA_TYPE } from "./keep-bytes.ts";
import { type Refused, refuse } from "./person-act.ts";

/** A file as it was received, not kept yet. */
export interface GivenFile {
  /** As the browser gave it: any text. */
  name: string;
  type: string;
  size: number;
  sha256: string;
  /** Its bytes from the beginning, at most 256 kB at once. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** Where files are kept, and when. */
export interface Keeping {
  store: Store;
  facility: { id: string; time_zone: string };
  now: () => Instant;
}

/** Refuses files that cannot be put beside one record. */
export function unfitFiles(files: readonly GivenFile[]): Refused | undefined {
  const { perNote, bytes } = ATTACHMENTS;
  if (files.length > perNote)
    return refuse(
      "too_many_files",
      `${files.length} fichiers pour une note : ${perNote} au plus. Écrivez une autre note pour les suivants.`,
    );
  for (const { name, size } of files) {
    const named = `Le fichier « ${safeFileName(name)} »`;
    if (size === 0) return refuse("empty_file", `${named} est vide : vérifiez-le, ou retirez-le.`);
    if (size > bytes)
      return refuse(
        "file_too_big",
        `${named} dépasse ${formatBytes(bytes)} : réduisez-le, ou notez où il est gardé.`,
      );
  }
  return undefined;
}

/**
 * Puts the bytes of files beside the record, piece by piece: nobody holds all of them. What it returns belongs in one
 * unit: the names for the record, and the writes that keep the bytes. Refused when the incident has no room left for
 * them, or when one of them was erased before.
 */
export async function keepFiles(
  { store, facility, now }: Keeping,
  incident: string,
  files: readonly GivenFile[],
): Promise<{ outcome: "kept"; attachments: Attachment[]; writes: Write[] } | Refused> {
  if (files.length === 0) return { outcome: "kept", attachments: [], writes: [] };
  const held = await attachmentsHeld(store, facility.id, incident);
  const erased = await store.reads.erasedAttachments(
    facility.id,
    held.map(({ sha256 }) => sha256),
  );
  const full = overfull(held, files, new Set(erased.map(({ sha256 }) => sha256)));
  if (full !== undefined) return full;
  const before = await erasedBefore({ store, facility, now }, files);
  if (before !== undefined) return before;
  for (const file of files) await putPieces({ store, facility, now }, file);
  const attachments = files.map(({ name, type, size, sha256 }) => ({
    name: safeFileName(name),
    type: type.toWellFormed().slice(0, MEDIA_TYPE),
    size,
    sha256,
  }));
  const writes = attachments.map(({ sha256, size }): Write => ({ write: "attachment", sha256, size }));
  return { outcome: "kept", attachments, writes };
}

/** When an attachment was erased, and by whom or by which rule, in French. */
export function whenAndWho({ at, by, because }: ErasedAttachment, zone: string): string {
  const who = by.name === "" ? `selon la règle « ${because} »` : `par ${by.name}`;
  return `${formatInstant(at, zone)} ${who}`;
}

/** What people put beside the notes and the exchanges of an incident. */
export async function attachmentsHeld(
  { reads }: Pick<Store, "reads">,
  facility: string,
  incident: string,
): Promise<Attachment[]> {
  const notes = await reads.ofIncident(facility, "logbook", incident);
  const exchanges = await reads.ofIncident(facility, "exchange", incident);
  return [...notes, ...exchanges].flatMap(({ content }) => content.attachments ?? []);
}

async function putPieces({ store, facility, now }: Keeping, { sha256, pieces }: GivenFile): Promise<void> {
  if ((await store.reads.attachmentPiece(facility.id, sha256, 0)) !== undefined) return;
  let position = 0;
  for await (const bytes of pieces()) {
    const write: Write = { write: "attachment_piece", sha256, position: position++, bytes };
    const receipt = await store.commit({ facility: facility.id, at: now(), writes: [write] });
    if (receipt.outcome === "conflict") throw new Error(`attachment not kept: ${receipt.because}`);
  }
}

/** What was erased does not come back by another record: whoever attaches it again does not know. */
async function erasedBefore(
  { store, facility }: Keeping,
  files: readonly GivenFile[],
): Promise<Refused | undefined> {
  const shas = files.map(({ sha256 }) => sha256);
  const [first] = await store.reads.erasedAttachments(facility.id, shas);
  const file = files.find(({ sha256 }) => sha256 === first?.sha256);
  if (first === undefined || file === undefined) return undefined;
  return refuse(
    "erased",
    `Le fichier « ${safeFileName(file.name)} » a été effacé le ${whenAndWho(first, facility.time_zone)} : il ne peut pas être joint de nouveau.`,
  );
}

/** The same bytes attached twice are kept, and counted, once; those erased not at all. */
function overfull(
  held: readonly Attachment[],
  files: readonly GivenFile[],
  gone: ReadonlySet<string>,
): Refused | undefined {
  const sizes = new Map(held.map(({ sha256, size }) => [sha256, size]));
  for (const sha256 of gone) sizes.delete(sha256);
  const sum = () => [...sizes.values()].reduce((total, size) => total + size, 0);
  const stands = sum();
  for (const { name, sha256, size } of files) {
    sizes.set(sha256, size);
    if (sum() > ATTACHMENTS.ofIncident)
      return refuse(
        "incident_full",
        `Le fichier « ${safeFileName(name)} » ne tient plus : les pièces de cet incident font ${formatBytes(stands)}, ${formatBytes(ATTACHMENTS.ofIncident)} au plus. Notez où il est gardé.`,
      );
  }
  return undefined;
}
