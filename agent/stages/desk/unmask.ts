import type { Clock } from "../../core/clock.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import type { Masks } from "../../core/masked.ts";
import { mayAct } from "../../core/person.ts";
import type { Store } from "../../store/store.ts";
import type { Actor, Refused } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";

import { originalOf } from "./show-evidence.ts";

/** Shortest and longest reason for which a patient's identity is shown. */
export const REASON = { least: 10, most: 500 } as const;

/** Gives the original of an alert shown with an incident, once the journal says who has it and why. */
export async function unmask(
  request: { incident: string; alert: string; reason: string },
  actor: Actor,
  parts: {
    store: Store;
    facility: string;
    pipeline: Pick<Pipeline, "view">;
    clock: Clock;
    masks: Masks;
    /** Alerts that are shown with an incident: no other can be asked for. */
    shown: number;
  },
): Promise<{ outcome: "unmasked"; original: string } | Refused> {
  const { store, facility, masks } = parts;
  const { incident } = request;
  const refused = (code: string, because: string): Refused => ({ outcome: "refused", code, because });
  if (!mayAct(actor, "unmask"))
    return refused("not_allowed", "Votre rôle ne permet pas de voir l'identité des patients.");
  const reason = request.reason.trim();
  if (reason.length < REASON.least || reason.length > REASON.most)
    return refused("reason_missing", `Le motif compte de ${REASON.least} à ${REASON.most} caractères.`);
  const work = await parts.pipeline.view(incident);
  if (work === undefined) return refused("unknown_incident", "Aucun incident ne porte cet identifiant.");
  if (underDefenceSecret(work.facts))
    return refused("defence_secret", "Ce dossier est couvert par le secret de la défense nationale.");
  const found = (await store.reads.detectionsOf(facility, incident, parts.shown)).find(
    ({ alert }) => alert.id === request.alert,
  );
  if (found === undefined)
    return refused("unknown_alert", "Cette alerte n'est pas de celles que montre l'incident.");
  const { id: account, name, role } = actor;
  // Before it is shown; a reason that names the patient would put in the journal what is masked elsewhere.
  const note = { alert: found.alert.id, account, name, role, reason: masks.text(reason, { incident }) };
  const written = await store.commit({
    facility,
    at: parts.clock.now(),
    writes: [{ write: "note", what: "unmasked", incident, content: note }],
  });
  if (written.outcome !== "committed")
    return refused(
      "not_recorded",
      "La consultation n'a pas pu être inscrite au journal : rien n'est montré.",
    );
  return { outcome: "unmasked", original: originalOf(found.alert) };
}
