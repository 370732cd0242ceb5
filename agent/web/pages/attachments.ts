import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { correctionsIn, type LogbookEntry } from "../../core/logbook.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { formatBytes } from "../../stages/french.ts";
import { WRITING } from "../../stages/person-act.ts";
import type { Store } from "../../store/store.ts";
import { handedOverAs, savedAs } from "../attachment-header.ts";
import { Line, readForm } from "../form.ts";
import { personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import type { WebLog } from "../web-log.ts";

const BACK = "Revenez à la main courante de l'incident.";
const NUMBER = /^[1-9]\d{0,2}$/;

/** Notes, or exchanges, as pages list them, with their files and what was erased of those. */
export function noteRows<T extends Pick<LogbookEntry, "id" | "attachments">>({
  notes,
  erased,
}: {
  notes: readonly T[];
  erased: Dossier["erased"];
}) {
  const gone = new Map(erased.map((each) => [each.sha256, each]));
  return notes.map((note) => ({
    ...note,
    files: (note.attachments ?? []).map(({ name, size, sha256 }, i) => ({
      name,
      size: formatBytes(size),
      sha256,
      path: `notes/${encodeURIComponent(note.id)}/pieces/${i + 1}`,
      erased: gone.get(sha256) ?? null,
    })),
  }));
}

/** Notes with what corrects each, and what each corrects: both are shown, and lead to each other. */
export function correctedNotes<T extends Pick<LogbookEntry, "id" | "corrects">>(notes: readonly T[]) {
  const by = correctionsIn(notes);
  const named = new Map(notes.map((note) => [note.id, note]));
  return notes.map((note) => ({
    ...note,
    correctedBy: by.get(note.id) ?? null,
    correction: named.get(note.corrects ?? "") ?? null,
  }));
}

const ErasureForm = z.object({ motif: Line(WRITING.reason.most) });

/** Hands over what people put beside their notes, saved by the browser and never shown by it; and erases it. */
export function attachmentPages(parts: { desk: Desk; store: Store; clock: Clock; log: WebLog }): Router {
  const { desk, store, clock, log } = parts;
  const facility = desk.facility.id;
  const router = Router({ mergeParams: true });

  router.get("/incidents/:id/notes/:note/pieces/:number", async (request, response) => {
    const person = personWho(response, "read");
    const { id: incident, note, number } = request.params;
    const found = NUMBER.test(number)
      ? await desk.readAttachment({ incident, note, number: Number(number) }, person)
      : undefined;
    if (found?.outcome === "refused" && found.code === "erased")
      throw new PageError(410, { message: found.because });
    if (found?.outcome !== "found")
      throw new PageError(404, {
        message: "Aucune pièce jointe de ce dossier n'a cette adresse.",
        remedy: BACK,
      });
    // Bytes cannot be masked: which were handed to whom is written down before they leave.
    const content = { account: person.id, name: person.name, role: person.role, note, sha256: found.sha256 };
    await store.commit({
      facility,
      at: clock.now(),
      writes: [{ write: "note", what: "attachment_read", incident, content }],
    });
    response.status(200).set({
      "Content-Type": handedOverAs(found.type),
      "Content-Length": String(found.size),
      "Content-Disposition": savedAs(found.name),
      "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
      "Cross-Origin-Resource-Policy": "same-origin",
      "X-Content-Type-Options": "nosniff",
    });
    try {
      await pipeline(Readable.from(found.pieces()), response);
    } catch (error) {
      // Who leaves early is no trouble; bytes that are not those attached are, and are never handed over whole.
      log.warn("attachment not handed over whole", { incident, note, error: messageOf(error) });
      response.destroy();
    }
  });

  router.post("/incidents/:id/notes/:note/pieces/:number/effacer", async (request, response) => {
    const person = personWho(response, "erase");
    const { motif } = readForm(request, ErasureForm);
    const { id: incident, note, number } = request.params;
    const place = { incident, note, number: NUMBER.test(number) ? Number(number) : 0 };
    const done = await desk.eraseAttachment({ ...place, reason: motif }, person);
    if (done.outcome === "refused") {
      const status = done.code === "reason_missing" ? 422 : 404;
      throw new PageError(status, { message: done.because, remedy: BACK });
    }
    response.redirect(303, `/${facility}/incidents/${encodeURIComponent(incident)}?fait=piece#main-courante`);
  });

  return router;
}
