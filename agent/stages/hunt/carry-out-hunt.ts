import { underDefenceSecret } from "../../core/fact.ts";
import type { Hunt, HuntOutcome } from "../../core/hunt.ts";
import { INCIDENT_STATES, type Incident } from "../../core/incident.ts";
import type { Store } from "../../store/store.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Setup, Work } from "../work.ts";
import { deriveFound, foundOf } from "./derive-found.ts";
import { settleHunt } from "./settle-hunt.ts";

/** What a `clock` effect carries that ends a search of old records: what it found is then the incident's. */
export interface HuntPayload {
  hunt: Hunt;
  /** The last detection that it found; the pipeline must have come that far. */
  through: number;
}

export function isHunting(payload: unknown): payload is HuntPayload {
  return (payload as Partial<HuntPayload> | null)?.hunt !== undefined;
}

/** Why an incident takes nothing from a search, in French; undefined when it does. */
export function unfitForHunt({
  incident,
  facts,
}: Pick<Work, "incident" | "facts">): { code: string; because: string } | undefined {
  const state = `L'incident ${incident.reference} est dans l'état « ${INCIDENT_STATES[incident.state]} »`;
  if (incident.state === "closed")
    return {
      code: "incident_closed",
      because: `${state} : rouvrez-le, ou signalez l'incident qui lui succède.`,
    };
  if (incident.state === "merged")
    return { code: "incident_merged", because: `${state}. ${incident.because} Cherchez pour celui-là.` };
  if (underDefenceSecret(facts))
    return {
      code: "defence_secret",
      because: "Ce dossier est couvert par le secret de la défense nationale : rien n'en est traité ici.",
    };
  return undefined;
}

/** What became of a search: `early` while the pipeline has not taken in what it found. */
export type Carried =
  | { outcome: "settled"; settled: HuntOutcome; incident: Incident }
  | { outcome: "same" | "early" }
  | { outcome: "refused"; because: string };

/** Gives an incident what a search found; nobody is called at night for it. */
export async function carryOutHunt(
  incident: string,
  { hunt, through }: HuntPayload,
  { store, pipeline, setup }: { store: Store; pipeline: Pipeline; setup: Setup },
): Promise<Carried> {
  const facility = setup.facility.id;
  if ((await store.reads.cursor(facility, "correlated")) < through) return { outcome: "early" };
  const id = await pipeline.standing(incident);
  const view = await pipeline.view(id);
  if (view === undefined) return { outcome: "refused", because: "Aucun incident ne porte cet identifiant." };
  // Read apart, so that nobody waits for it: only searches add to it.
  const found = await deriveFound(view.incident, foundOf(store.reads, facility, id), setup);
  const done = await pipeline.act<Carried>(
    id,
    (work, now) => {
      const unfit = unfitForHunt(work);
      if (unfit !== undefined) return { outcome: "refused", because: unfit.because };
      const settled = settleHunt(work, found, { hunt, setup, now });
      if (settled === undefined) return { outcome: "same" };
      return { outcome: "settled", settled, incident: work.incident };
    },
    ({ outcome }) => outcome === "settled",
  );
  return done ?? { outcome: "refused", because: "Aucun incident ne porte cet identifiant." };
}
