import { Router } from "express";
import type { Masks } from "../../core/masked.ts";
import type { Store } from "../../store/store.ts";
import { type Gate, personWho } from "../gate.ts";
import { refusedWords } from "../refused-words.ts";
import { boundedText, visibleText } from "../visible-text.ts";

const ROWS = 100;
const SAMPLE = 500;

/** What arrived and could not be read, with the reason: for whoever connects the sources. */
export function refusedPage(parts: { store: Store; gate: Gate; facility: string; masks: Masks }): Router {
  const { store, gate, facility, masks } = parts;
  const shown = (text: string) => visibleText(masks.text(text, { incident: null }));
  const router = Router({ mergeParams: true });
  router.get("/messages-non-compris", async (request, response) => {
    personWho(response, "read");
    const entries = await store.reads.quarantine(facility, ROWS);
    gate.render(request, response, {
      view: "refused",
      title: "Messages non compris",
      model: {
        rows: entries.map(({ received, source, code, message, sample }) => ({
          received,
          source,
          code,
          because: refusedWords(code, shown(message)),
          message: shown(message),
          sample: boundedText(shown(sample), SAMPLE).text,
        })),
      },
    });
  });
  return router;
}
