import { createHash } from "node:crypto";
import { underDefenceSecret } from "../../core/fact.ts";
import { correctionsIn, LOGBOOK, type LogbookEntry } from "../../core/logbook.ts";
import { mayAct } from "../../core/person.ts";
import { safeFileName } from "../../core/safe-file-name.ts";
import type { Store } from "../../store/store.ts";
import { keepFiles, unfitFiles, whenAndWho } from "../keep-files.ts";
import { type ActBeside, type Refused, refuse } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import { impossible } from "../possible-instant.ts";
import type { Setup } from "../work.ts";
import { attachmentAt } from "./attachment-at.ts";
import type { LogbookDesk, Note, ReadAttachment } from "./desk.ts";
import { eraseAttachment, UNKNOWN_ATTACHMENT } from "./erase-attachment.ts";
import { FORM, NOT_ALLOWED } from "./facts-desk.ts";

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

  const keeping = { store, facility: setup.facility, now: parts.now };

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
      const uncorrectable = mayCorrect(note.corrects, written);
      if (uncorrectable !== undefined) return uncorrectable;
      // Checked again where the note is written; here, so that nothing is put for who may not.
      if (!mayAct(actor, "answer")) return NOT_ALLOWED;
      const kept = await keepFiles(keeping, note.incident, files);
      if (kept.outcome === "refused") return kept;
      const { attachments } = kept;
      return actBeside(note.incident, actor, (work, now) => {
        const content: LogbookEntry = {
          id: note.form,
          incident: note.incident,
          at: now,
          about: note.about ?? now,
          author: { account: actor.id, name: actor.name },
          text: note.text.trim(),
          ...(note.corrects !== undefined && { corrects: note.corrects }),
          ...(attachments.length > 0 && { attachments }),
        };
        work.beside.push(...kept.writes);
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
      const attachment = await attachmentAt(store, facility, { incident, note, number });
      if (attachment === undefined) return UNKNOWN_ATTACHMENT;
      const { type, size, sha256 } = attachment;
      const [erased] = await store.reads.erasedAttachments(facility, [sha256]);
      if (erased !== undefined)
        return refuse(
          "erased",
          `Cette pièce jointe a été effacée le ${whenAndWho(erased, setup.facility.time_zone)}.`,
        );
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
  const wrong = unfitFiles(files);
  if (wrong !== undefined) return wrong;
  return about === undefined ? undefined : impossible(about, now, setup.facility.time_zone);
}

/** A correction is of a note that stands here and that none corrects yet: the last word is one, and can be corrected. */
function mayCorrect(corrects: string | undefined, written: readonly LogbookEntry[]): Refused | undefined {
  if (corrects === undefined) return undefined;
  if (!written.some(({ id }) => id === corrects))
    return refuse("unknown_note", "La note à rectifier n'est pas dans cette main courante.");
  if (correctionsIn(written).has(corrects))
    return refuse("corrected", "Cette note a déjà été rectifiée : rectifiez la note qui l'a rectifiée.");
  return undefined;
}

/** Fingerprints of what was put beside notes. */
export function fingerprintsOf(notes: readonly LogbookEntry[]): string[] {
  return notes.flatMap(({ attachments = [] }) => attachments.map(({ sha256 }) => sha256));
}
