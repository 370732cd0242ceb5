import type { Closing } from "../../agent/core/closing.ts";
import { type Declaration, declarationKey } from "../../agent/core/declaration.ts";
import type { Fact } from "../../agent/core/fact.ts";
import type { Incident } from "../../agent/core/incident.ts";
import type { Desk } from "../../agent/stages/desk/desk.ts";
import type { Store, Write } from "../../agent/store/store.ts";
import { anIncident } from "./incident.ts";
import { realDesk } from "./real-desk.ts";

const FACILITY = "chv";

/** An incident as it is on record when the pages open, with its facts. */
export interface Seed {
  incident: Partial<Incident>;
  facts?: Fact[];
  closings?: Partial<Closing>[];
  declarations?: Declaration[];
}

/** The desk as it is, over a record that holds these incidents already; the n-th is `incident-n` unless it says so. */
export function seededDesk(seeds: readonly Seed[]) {
  return async (parts: { store: Store; clock: { now(): number } }): Promise<Desk> => {
    const { store, clock } = parts;
    const writes = seeds.flatMap(
      ({ incident: over, facts = [], closings = [], declarations = [] }, i): Write[] => {
        const incident = anIncident({
          id: `incident-${i + 1}`,
          facility: FACILITY,
          reference: `2026-${String(i + 1).padStart(4, "0")}`,
          ...over,
        });
        const record = { write: "record", revision: 1, incident: incident.id } as const;
        return [
          { ...record, kind: "incident", id: incident.id, state: incident.state, content: incident },
          ...facts.map((fact): Write => {
            const content = { ...fact, incident: incident.id };
            return { ...record, kind: "fact", id: content.id, state: null, content };
          }),
          ...declarations.map((declaration): Write => {
            const content = { ...declaration, incident: incident.id };
            const id = declarationKey(content);
            return { ...record, kind: "declaration", id, state: content.state, content };
          }),
          ...closings.map((closing, n): Write => {
            const content: Closing = {
              id: `closing-${i}-${n}`,
              incident: incident.id,
              reference: incident.reference,
              by: "machine",
              writer: null,
              at: clock.now(),
              month: "2026-10",
              because: "Système indisponible : PACS, 17 min.",
              regime: "sante-2022",
              regime_version: "1",
              reopened: null,
              ...closing,
            };
            return { ...record, kind: "closing", id: content.id, state: content.month, content };
          }),
        ];
      },
    );
    const receipt = await store.commit({ facility: FACILITY, at: clock.now(), writes });
    if (receipt.outcome !== "committed") throw new Error(receipt.because);
    return realDesk(parts);
  };
}
