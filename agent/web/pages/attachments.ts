import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Router } from "express";
import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { LogbookEntry } from "../../core/logbook.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { formatBytes } from "../../stages/french.ts";
import type { Store } from "../../store/store.ts";
import { handedOverAs, savedAs } from "../attachment-header.ts";
import { personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import type { WebLog } from "../web-log.ts";

const NUMBER = /^[1-9]\d{0,2}$/;

/** A note as pages list it, with its files. */
export function noteRow(note: LogbookEntry) {
  return {
    ...note,
    files: (note.attachments ?? []).map(({ name, size, sha256 }, i) => ({
      name,
      size: formatBytes(size),
      sha256,
      path: `notes/${encodeURIComponent(note.id)}/pieces/${i + 1}`,
    })),
  };
}

/** Hands over what people put beside their notes: saved by the browser, never shown by it. */
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
    if (found?.outcome !== "found")
      throw new PageError(404, {
        message: "Aucune pièce jointe de ce dossier n'a cette adresse.",
        remedy: "Revenez à la main courante de l'incident.",
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

  return router;
}
