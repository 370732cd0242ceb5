import type { Instant } from "../../core/clock.ts";
import type { Delivery } from "../../core/delivery.ts";
import { type Actor, type Refused, refuse } from "../person-act.ts";
import { settleDelivery } from "../transmit.ts";
import type { Work } from "../work.ts";
import type { Desk } from "./desk.ts";

type Recorded = Parameters<Desk["recordFiling"]>[0];

/** Records that a person filed at the portal, under the portal's own reference. */
export function recordFiling(
  work: Work,
  { delivery, reference }: Recorded,
  { actor, now }: { actor: Actor; now: Instant },
): { outcome: "recorded"; delivery: Delivery } | Refused {
  const planned = work.deliveries.find((each) => each.id === delivery);
  if (planned === undefined) return UNKNOWN;
  if (planned.state === "delivered") return refuse("already_filed", `Déjà déposé, n° ${planned.reference}.`);
  if (planned.reach !== "assisted" && planned.state !== "uncertain")
    return refuse("not_assisted", "Cet envoi n'est pas fait par une personne.");
  const given = reference.trim();
  if (given.length < 3 || given.length > 100)
    return refuse("bad_reference", "La référence du portail compte de 3 à 100 caractères.");
  const because = `Référence relevée par ${actor.name}.`;
  const settled = settleDelivery(work, delivery, { outcome: "delivered", because, reference: given }, now);
  return settled === undefined ? UNKNOWN : { outcome: "recorded", delivery: settled };
}

const UNKNOWN = refuse("unknown_delivery", "Cet envoi n'existe pas.");
