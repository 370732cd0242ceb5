import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { describePeer, itPeer, peer } from "../../../test/support/peer.ts";
import { aDecision, aFiling } from "../../../test/support/register-entry.ts";
import { contentOfScene, draftOf, NIGHT } from "../../../test/support/web-declaration.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Delivery } from "../../core/delivery.ts";
import { formatInstant } from "../french.ts";
import { filingOf } from "../transmit.ts";
import { openPrinter } from "./print-declaration.ts";

const poppler = peer("Poppler", "pdftotext", "apt-get install poppler-utils");
const SINCE = NIGHT - 2 * MICROSECONDS.hour;
const at = (instant: Instant) => formatInstant(instant, "Europe/Paris");

/** The words of each page of what a delivery prints of an approved text. */
async function pagesOf(exercise: boolean, over: Partial<Delivery>): Promise<string[]> {
  const text = { ...draftOf(contentOfScene(1, "Deux serveurs.", exercise)), state: "approved" as const };
  const delivery: Delivery = {
    ...{ ...aFiling(NIGHT), ...over },
    ...{ sha256: text.sha256, state: "sending", settled: null, reference: null, exercise },
  };
  const decision = aDecision("approved", NIGHT, { sha256: text.sha256 });
  const ofIncident = async (_: string, __: string, kind: string) =>
    [kind === "decision" ? decision : delivery].map((content) => ({ revision: 1, content }));
  const print = openPrinter({
    reads: {
      ofIncident: (async (facility: string, kind: string, incident: string) =>
        ofIncident(facility, incident, kind)) as never,
    },
    facility: { id: "chv", timeZone: "Europe/Paris" },
    clock: { now: () => NIGHT },
    page: (path) => `https://tocsin.example/chv/${path}`,
  });
  const pdf = await filingOf("key", delivery, text, print).print();
  const folder = mkdtempSync(join(tmpdir(), "tocsin-print-"));
  try {
    writeFileSync(join(folder, "x.pdf"), pdf);
    const read = execFileSync("pdftotext", ["-layout", join(folder, "x.pdf"), "-"], { encoding: "utf8" });
    return read.split("\f").filter((page) => page.trim() !== "");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const IMPOSSIBLE = { since: SINCE, at: NIGHT, writer: "Dr remi", tried: "Deux essais." };
const joined = (page = "") => page.replaceAll(/\s+/g, " ");

describePeer(poppler, "the paper of a text", () => {
  describe("that is declared to the ARS in place of the portal", () => {
    for (const exercise of [false, true])
      itPeer(
        poppler,
        `says so on every page, since when and by whom it was approved (exercise: ${exercise})`,
        async () => {
          const pages = await pagesOf(exercise, { channel: "ars", impossibility: IMPOSSIBLE });
          const mark = exercise ? "EXERCICE : " : "";
          for (const page of pages) {
            expect(joined(page)).toContain(`${mark}TRANSMIS À L'ARS, VOIE ÉLECTRONIQUE IMPOSSIBLE`);
            expect(page).not.toMatch(/pas encore déposé/i);
          }
          expect(joined(pages[0])).toContain(
            `${mark}transmis à l'ARS, la déclaration électronique étant impossible depuis le ${at(SINCE)} (arrêté du 30 octobre 2017, article 1er).`,
          );
          expect(joined(pages[0])).toContain(`validé par Dr Claire le ${at(NIGHT)}`);
        },
      );
  });

  itPeer(poppler, "that only informs, or is kept, still says that nothing is filed", async () => {
    for (const over of [{ kind: "information" as const, impossibility: IMPOSSIBLE }, {}]) {
      const [first] = await pagesOf(false, over);
      expect(joined(first)).toContain("VALIDÉ, PAS ENCORE DÉPOSÉ");
      expect(joined(first)).not.toContain("TRANSMIS À L'ARS");
    }
  });
});
