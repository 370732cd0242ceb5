import { Router } from "express";
import type { HouseView, SourceView } from "../../core/house-view.ts";
import type { Masks } from "../../core/masked.ts";
import type { Store } from "../../store/store.ts";
import { type Gate, personWho } from "../gate.ts";
import { boundedText, visibleText } from "../visible-text.ts";

/** Refused records read, and those shown of one source. */
const READ = 200;
const SHOWN = 3;
const SAMPLE = 300;

/** "Sources": what arrives, what is silent, what nobody understands; to be read only. */
export function sourcesPage(parts: {
  store: Store;
  gate: Gate;
  house: HouseView;
  facility: string;
  masks: Masks;
}): Router {
  const { store, gate, house, facility, masks } = parts;
  const shown = (text: string) =>
    boundedText(visibleText(masks.text(text, { incident: null, limit: SAMPLE })), SAMPLE).text;
  const router = Router({ mergeParams: true });
  router.get("/sources", async (request, response) => {
    personWho(response, "read");
    const [sources, quarantine] = await Promise.all([
      house.sources(),
      store.reads.quarantine(facility, READ),
    ]);
    const samples = Map.groupBy(quarantine, ({ source }) => source);
    const rows = sources.map((source) => ({
      ...source,
      ...statusOf(source),
      samples: (samples.get(source.id) ?? []).slice(0, SHOWN).map(({ received, code, message, sample }) => ({
        ...{ at: received, code },
        message: shown(message),
        sample: shown(sample),
      })),
    }));
    gate.render(request, response, {
      view: "sources",
      title: "Sources",
      model: { rows: rows.sort((a, b) => a.order - b.order), started: house.started },
    });
  });
  return router;
}

/** What there is to say of a source first, in words and by a sign; what wants somebody comes before what is well. */
function statusOf(source: SourceView): {
  order: number;
  tone: "alarm" | "ask" | "done" | "calm";
  status: string;
} {
  if (source.silent) return { order: 0, tone: "alarm", status: "Source muette" };
  if (source.refused > 0 || source.unrecognised > 0)
    return { order: 1, tone: "ask", status: "Des messages ne sont pas compris" };
  if (source.lastSeen === null) return { order: 2, tone: "ask", status: "Rien reçu depuis le démarrage" };
  return { order: 3, tone: "done", status: "Reçue" };
}
