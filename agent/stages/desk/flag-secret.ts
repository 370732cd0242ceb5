import type { Instant } from "../../core/clock.ts";
import { DELIVERY_TRANSITIONS } from "../../core/delivery.ts";
import { type Fact, underDefenceSecret } from "../../core/fact.ts";
import { move } from "../../core/transitions.ts";
import type { Refused } from "../person-act.ts";
import type { Work } from "../work.ts";
import type { Dossier } from "./desk.ts";

/** Shortest reason for lifting the flag, characters. */
const REASON = 10;

/** Sets or lifts the flag "secret de la défense nationale"; what had not left yet does not leave any more. */
export function flagDefenceSecret(
  work: Work,
  flag: { holds: boolean; reason: string; writer: string; id: string },
  now: Instant,
): { outcome: "flagged" } | Refused {
  // What is read there would not be covered.
  if (flag.holds && work.incident.state === "merged")
    return {
      outcome: "refused",
      code: "merged",
      because: "Cet incident est réuni à un autre : signalez le secret sur celui-là.",
    };
  const standing = underDefenceSecret(work.facts);
  if (standing === flag.holds)
    return { outcome: "refused", code: "already_flagged", because: "Ce dossier est déjà dans cet état." };
  if (!flag.holds) {
    if (flag.reason.trim().length < REASON)
      return {
        outcome: "refused",
        code: "reason_missing",
        because: "Lever le secret demande un motif d'au moins dix caractères.",
      };
    const withdrawn = { at: now, writer: flag.writer, reason: flag.reason.trim() };
    work.facts = work.facts.map((fact) =>
      fact.kind === "defence_secret" && fact.withdrawn === null ? { ...fact, withdrawn } : fact,
    );
    return { outcome: "flagged" };
  }
  const fact: Fact = {
    id: flag.id,
    incident: work.incident.id,
    kind: "defence_secret",
    holds: true,
    system: null,
    subjects: [],
    since: now,
    until: null,
    confidence: "confirmed",
    origin: { by: "person", source: flag.writer, writer: flag.writer },
    ended_by: [],
    evidence: [],
    alerts: 0,
    stated: now,
    withdrawn: null,
  };
  work.facts.push(fact);
  const because = "Dossier placé sous le secret de la défense nationale avant l'envoi.";
  work.deliveries = work.deliveries.map((each) =>
    each.state === "planned"
      ? {
          ...each,
          state: move(DELIVERY_TRANSITIONS, each.state, "refused"),
          attempts: [...each.attempts, { at: now, outcome: "refused", because }],
          settled: now,
        }
      : each,
  );
  return { outcome: "flagged" };
}

/** What every act on such a dossier is answered. */
export const SECRET: Refused = {
  outcome: "refused",
  code: "defence_secret",
  because: "Ce dossier est couvert par le secret de la défense nationale : rien n'en est traité ici.",
};

/** The dossier while the flag stands: that it exists and that it is flagged, nothing else. */
export function flagOnly({ incident, facts, qualification }: Work): Dossier {
  return {
    incident: { ...incident, entities: [], systems: [], causes: [], because: "" },
    facts: facts.filter(({ kind }) => kind === "defence_secret"),
    qualification,
    others: [],
    declarations: [],
    current: undefined,
    filing: undefined,
    answered: [],
    decisions: [],
    steps: [],
    deliveries: [],
    deadlines: [],
    duties: [],
    effects: [],
    calls: [],
    evidence: [],
    systems: [],
    grouping: { kin: [], last: null },
    muted: null,
    outlook: null,
    keptOpen: null,
    owesNotice: false,
    notes: [],
    erased: [],
  };
}
