import { Router } from "express";
import type { Store } from "../../store/store.ts";
import { type Gate, personWho } from "../gate.ts";
import { boundedText, visibleText } from "../visible-text.ts";

const ROWS = 100;
const SAMPLE = 500;

/** What arrived and could not be read, with the reason: for whoever connects the sources. */
export function refusedPage(parts: { store: Store; gate: Gate; facility: string }): Router {
  const { store, gate, facility } = parts;
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
          message: visibleText(message),
          sample: boundedText(visibleText(sample), SAMPLE).text,
        })),
      },
    });
  });
  return router;
}
