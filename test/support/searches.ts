import type { HuntResult } from "../../agent/core/hunt.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { openSearches } from "../../agent/stages/hunt/open-searches.ts";
import type { RunningSearch, Searches, StartSearch } from "../../agent/stages/hunt/searches.ts";

/** What a search of tests finds, in the words of somebody who would have the page run them. */
export const FOUND: HuntResult = {
  dry_run: true,
  incident: "2026-0001",
  state: "would_change",
  what: "« octobre.ndjson.gz »",
  counts: { read: 48_211, matched: 19, kept: 3, known: 2, left_out: { unrelated: 14, unmatched: 48_000 } },
  detections: [
    { at: "2026-11-01T02:00:00.000Z", host: "pacs-01", rule: "r-1", title: "Sauvegardes effacées" },
    {
      at: "2026-11-01T02:10:00.000Z",
      host: "<b>poste-7</b>\u202e",
      rule: "r-2",
      title: "<img src=x onerror=alert(1)>",
    },
    { at: "2026-11-02T02:10:00.000Z", host: null, rule: "r-2", title: "Compte ajouté aux administrateurs" },
  ],
  facts: [
    {
      change: "new",
      fact: "recovery_destroyed",
      since: "2026-11-01T02:00:00.000Z",
      until: null,
      because: "Moyens de restauration détruits, PACS.",
    },
  ],
  beginning: { before: "2026-11-15T00:52:00.000Z", after: "2026-11-01T02:00:00.000Z" },
  criteria: [
    { regime: "sante-2022", id: "C1", label: "Sécurité des soins", before: "unknown", after: "met" },
  ],
};

/** Searches over a folder, whose work a test carries out itself. */
export function scriptedSearches() {
  const asked: Parameters<StartSearch>[0][] = [];
  let end: (ended: Awaited<RunningSearch["ended"]>) => void = () => undefined;
  let tell: Parameters<StartSearch>[1] = () => undefined;
  const start: StartSearch = (asking, progress) => {
    asked.push(asking);
    tell = progress;
    const { promise, resolve } = Promise.withResolvers<Awaited<RunningSearch["ended"]>>();
    end = resolve;
    return { ended: promise, stop: () => resolve({ problem: { code: "ended", message: "" } }) };
  };
  return {
    asked,
    tell: (done: number, total: number) => tell({ done, total }),
    async end(ended: Awaited<RunningSearch["ended"]>) {
      end(ended);
      await new Promise((resolve) => setImmediate(resolve));
    },
    open: ({ folder, clock }: { folder: string; clock: { now(): number } }): Searches =>
      openSearches({ folder, sources: ["siem"], start, clock, newId: uuidv7(clock), warn: () => undefined }),
  };
}
