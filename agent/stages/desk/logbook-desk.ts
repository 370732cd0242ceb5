import { createHash } from "node:crypto";
import { underDefenceSecret } from "../../core/fact.ts";
import { ATTACHMENTS, type ErasedAttachment, LOGBOOK, type LogbookEntry } from "../../core/logbook.ts";
import { mayAct } from "../../core/person.ts";
import { safeFileName } from "../../core/safe-file-name.ts";
import type { Store, Write } from "../../store/store.ts";
import { formatBytes, formatInstant } from "../french.ts";
import { type Refused, refuse } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Setup } from "../work.ts";
import type { GivenFile, LogbookDesk, Note, ReadAttachment } from "./desk.ts";
import { eraseAttachment, UNKNOWN_ATTACHMENT } from "./erase-attachment.ts";
import { type ActBeside, FORM, NOT_ALLOWED } from "./facts-desk.ts";
import { impossible } from "./person-facts.ts";

/** Longest media type kept: `application/vnd.openxmlformats-officedocument.wordprocessingml.document` is 71. */
const TYPE = 100;

/** Builds the part of the desk where people write their own notes on an incident, and put files beside them. */
export function logbookDesk(parts: {
  store: Store;
  pipeline: Pipeline;
  setup: Setup;
  now: () => number;
  /** Works on one incident for a person who may answer; writing on a closed one is allowed, declaring is not touched. */
  actBeside: ActBeside;
}): LogbookDesk {
  const { store, pipeline, setup, actBeside } = parts;
  const facility = setup.facility.id;

  /** Puts the bytes of a file beside the record, piece by piece: nobody holds all of them. */
  async function put({ sha256, pieces }: GivenFile): Promise<void> {
    if ((await store.reads.attachmentPiece(facility, sha256, 0)) !== undefined) return;
    let position = 0;
    for await (const bytes of pieces()) {
      const write: Write = { write: "attachment_piece", sha256, position: position++, bytes };
      const receipt = await store.commit({ facility, at: parts.now(), writes: [write] });
      if (receipt.outcome === "conflict") throw new Error(`attachment not kept: ${receipt.because}`);
    }
  }

  /** What was erased does not come back by another note: whoever attaches it again does not know. */
  async function erasedBefore(files: readonly GivenFile[]): Promise<Refused | undefined> {
    const shas = files.map(({ sha256 }) => sha256);
    const [first] = await store.reads.erasedAttachments(facility, shas);
    const file = files.find(({ sha256 }) => sha256 === first?.sha256);
    if (first === undefined || file === undefined) return undefined;
    return refuse(
      "erased",
      `Le fichier « ${safeFileName(file.name)} » a été effacé le ${whenAndWho(first)} : il ne peut pas être joint de nouveau.`,
    );
  }

  const whenAndWho = ({ at, by }: ErasedAttachment) =>
    `${formatInstant(at, setup.facility.time_zone)} par ${by.name}`;

  return {
    async writeNote(note, actor) {
      const { files = [] } = note;
      const wrong = unfit(note, { setup, now: parts.now() });
      if (wrong !== undefined) return wrong;
      const known = await store.reads.record(facility, "logbook", note.form);
      if (known !== undefined) return known.content.incident === note.incident ? { outcome: "noted" } : STALE;
      const written = (await store.reads.ofIncident(facility, "logbook", note.incident)).map(
        ({ content }) => content,
      );
      if (written.length >= LOGBOOK.notes)
        return refuse(
          "too_many_notes",
          `La main courante de cet incident a ${LOGBOOK.notes} notes : c'est le plus.`,
        );
      const erased = await store.reads.erasedAttachments(facility, fingerprintsOf(written));
      const full = overfull(written, files, new Set(erased.map(({ sha256 }) => sha256)));
      if (full !== undefined) return full;
      // Checked again where the note is written; here, so that nothing is put for who may not.
      if (!mayAct(actor, "answer")) return NOT_ALLOWED;
      const erasedOnce = await erasedBefore(files);
      if (erasedOnce !== undefined) return erasedOnce;
      for (const file of files) await put(file);
      const attachments = files.map(({ name, type, size, sha256 }) => ({
        name: safeFileName(name),
        type: type.toWellFormed().slice(0, TYPE),
        size,
        sha256,
      }));
      return actBeside(note.incident, actor, (work, now) => {
        const content: LogbookEntry = {
          id: note.form,
          incident: note.incident,
          at: now,
          about: note.about ?? now,
          author: { account: actor.id, name: actor.name },
          text: note.text.trim(),
          ...(attachments.length > 0 && { attachments }),
        };
        for (const { sha256, size } of attachments) work.beside.push({ write: "attachment", sha256, size });
        const record = { kind: "logbook", id: content.id, revision: 1, state: null } as const;
        work.beside.push({ write: "record", ...record, incident: note.incident, content });
        return { outcome: "noted" };
      });
    },

    eraseAttachment: (erasing, actor) =>
      eraseAttachment(erasing, actor, { store, facility, pipeline, now: parts.now, masks: setup.masks }),

    async readAttachment({ incident, note, number }, actor): Promise<ReadAttachment | Refused> {
      if (!mayAct(actor, "read")) return NOT_ALLOWED;
      const work = await pipeline.view(incident);
      // Under the secret of national defence the dossier shows nothing but the flag.
      if (work === undefined || underDefenceSecret(work.facts)) return UNKNOWN_ATTACHMENT;
      const entry = (await store.reads.record(facility, "logbook", note))?.content;
      const attachment = entry?.attachments?.[number - 1];
      if (entry?.incident !== incident || attachment === undefined) return UNKNOWN_ATTACHMENT;
      const { type, size, sha256 } = attachment;
      const [erased] = await store.reads.erasedAttachments(facility, [sha256]);
      if (erased !== undefined)
        return refuse("erased", `Cette pièce jointe a été effacée le ${whenAndWho(erased)}.`);
      const name = safeFileName(setup.masks.text(attachment.name, { incident }));
      return { outcome: "found", name, type, size, sha256, pieces: () => wholePieces(sha256) };
    },
  };

  /** The pieces of an attachment; throws before the last one when they are not the bytes that were attached. */
  async function* wholePieces(sha256: string): AsyncGenerator<Uint8Array> {
    const digest = createHash("sha256");
    let last: Uint8Array | undefined;
    for (let position = 0; ; position++) {
      const piece = await store.reads.attachmentPiece(facility, sha256, position);
      if (piece === undefined) break;
      if (last !== undefined) yield last;
      digest.update(piece);
      last = piece;
    }
    if (last === undefined || digest.digest("hex") !== sha256)
      throw new Error(`the bytes of attachment ${sha256} were altered`);
    yield last;
  }
}

const STALE = refuse("bad_form", "Ce formulaire est périmé : rouvrez la page et recommencez.");

function unfit(
  { form, text, about, files = [] }: Note,
  { setup, now }: { setup: Setup; now: number },
): Refused | undefined {
  if (!FORM.test(form)) return STALE;
  if (text.trim() === "") return refuse("nothing_said", "La note est vide : écrivez ce qui s'est passé.");
  if (text.length > LOGBOOK.text)
    return refuse("too_long", `La note compte ${text.length} caractères : ${LOGBOOK.text} au plus.`);
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
  return about === undefined ? undefined : impossible(about, now, setup.facility.time_zone);
}

/** Fingerprints of what was put beside notes. */
export function fingerprintsOf(notes: readonly LogbookEntry[]): string[] {
  return notes.flatMap(({ attachments = [] }) => attachments.map(({ sha256 }) => sha256));
}

/** The same bytes attached twice are kept, and counted, once; those erased not at all. */
function overfull(
  written: readonly LogbookEntry[],
  files: readonly GivenFile[],
  gone: ReadonlySet<string>,
): Refused | undefined {
  const sizes = new Map(
    written.flatMap(({ attachments = [] }) => attachments.map(({ sha256, size }) => [sha256, size])),
  );
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
