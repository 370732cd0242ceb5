import { Router } from "express";
import type { Masks } from "../../core/masked.ts";
import type { unknownAssets } from "../../stages/note-unknown.ts";
import { type Gate, personWho } from "../gate.ts";
import { boundedText, visibleText } from "../visible-text.ts";

const NAME = 120;

/** The machines that alerts speak of and that no system claims, the longest known first: for whoever describes them. */
export function unknownAssetsPage(parts: {
  unknown: () => ReturnType<typeof unknownAssets>;
  gate: Gate;
  masks: Masks;
}): Router {
  const { unknown, gate, masks } = parts;
  const shown = (text: string) => boundedText(visibleText(masks.text(text, { incident: null })), NAME).text;
  const router = Router({ mergeParams: true });
  router.get("/actifs-inconnus", async (request, response) => {
    personWho(response, "read");
    const { hosts, forgotten } = await unknown();
    gate.render(request, response, {
      view: "unknown-assets",
      title: "Équipements inconnus",
      model: {
        rows: hosts.map(({ host, first, last, alerts, source, inventory }) => ({
          host: shown(host),
          first,
          last,
          alerts,
          source,
          inventory:
            inventory === null
              ? null
              : [inventory.location, ...inventory.groups]
                  .filter((each) => each !== null)
                  .slice(0, 3)
                  .map(shown)
                  .join(", "),
        })),
        forgotten,
      },
    });
  });
  return router;
}
