import type { Kept } from "../../../connectors/contract.ts";
import type { Instant } from "../../core/clock.ts";
import type { Delivery } from "../../core/delivery.ts";
import { ATTACHMENTS } from "../../core/logbook.ts";
import { formatBytes, formatInstant } from "../french.ts";
import { type Actor, type Refused, refuse, WRITING } from "../person-act.ts";
import { impossible } from "../possible-instant.ts";
import { settleDelivery } from "../transmit.ts";
import type { Setup, Work } from "../work.ts";
import { isUsable, openedWay, wayOf } from "./open-way.ts";

/** What a person says of a delivery that they carried, or of which they learned what became. */
export interface Carried {
  incident: string;
  /** The delivery, or the way by which it went when nobody had opened it yet. */
  delivery?: string | undefined;
  channel?: string | undefined;
  /** The receiver's reference; may be empty where none is given. */
  reference: string;
  /** When it was done. (Default: now.) */
  at?: Instant | undefined;
  /** Who answered, and what was said. */
  told?: string | undefined;
  receipt?: Kept | undefined;
  /** True once the person has read what looks wrong with the reference. */
  confirmed?: boolean | undefined;
}

/** A reference that was recorded before: of which incident, and by which way. */
export interface KnownReference {
  incident: string;
  channel: string;
  reference: string;
}

/** Records that a person filed, called or learned of a receipt, under the receiver's own reference. */
export function recordFiling(
  work: Work,
  carried: Carried,
  {
    actor,
    setup,
    now,
    known,
  }: { actor: Actor; setup: Setup; now: Instant; known: readonly KnownReference[] },
): { outcome: "recorded"; delivery: Delivery } | Refused {
  const delivery = deliveryToldOf(work, carried, { actor, setup, now });
  if ("outcome" in delivery) return delivery;
  const wrong = unfit(work, delivery, carried, { setup, now }) ?? doubtful(delivery, carried, work, known);
  if (wrong !== undefined) return wrong;
  const { told = "", receipt, at = now } = carried;
  const reference = carried.reference.trim();
  const because = [`${reference === "" ? "Noté" : "Référence relevée"} par ${actor.name}.`, told.trim()]
    .filter(Boolean)
    .join(" ");
  const attempt = { outcome: "delivered", because, reference: reference || undefined, receipt } as const;
  const settled = settleDelivery(work, delivery.id, attempt, at);
  return settled === undefined ? UNKNOWN : { outcome: "recorded", delivery: settled };
}

/** The delivery that is told of; one that nobody had opened is opened by telling of it. */
function deliveryToldOf(
  work: Work,
  { delivery, channel }: Carried,
  { actor, setup, now }: { actor: Actor; setup: Setup; now: Instant },
): Delivery | Refused {
  if (delivery !== undefined) {
    const planned = work.deliveries.find((each) => each.id === delivery);
    return planned ?? UNKNOWN;
  }
  const way = wayOf(setup, channel ?? "");
  if (way === undefined || way.reach !== "assisted") return UNKNOWN;
  const usable = isUsable(work, setup, way);
  if ("outcome" in usable) return usable;
  return "standing" in usable ? usable.standing : openedWay(work, setup, { ...usable, way, actor, now });
}

function unfit(
  { decisions }: Work,
  delivery: Delivery,
  { reference, at, told = "", receipt }: Carried,
  { setup, now }: { setup: Setup; now: Instant },
): Refused | undefined {
  if (delivery.state === "delivered")
    return refuse("already_filed", `Déjà déposé, n° ${delivery.reference ?? "non communiqué"}.`);
  if (delivery.state === "dropped")
    return refuse("no_longer", "Cet envoi est sans objet : ce texte est déposé autrement, ou remplacé.");
  if (delivery.reach !== "assisted" && delivery.state !== "uncertain")
    return refuse("not_assisted", "Cet envoi n'est pas fait par une personne.");
  const given = reference.trim();
  const way = wayOf(setup, delivery.channel);
  const named = way?.guide?.phone === undefined && delivery.kind === "declaration";
  if (given.length > 100 || (named && given.length < 3))
    return refuse("bad_reference", "La référence du portail compte de 3 à 100 caractères.");
  if (!named && given === "" && told.trim().length < WRITING.reason.least)
    return refuse(
      "nothing_told",
      "Sans référence, notez qui a répondu et ce qui a été dit (au moins dix caractères).",
    );
  if (told.length > WRITING.text)
    return refuse(
      "too_long",
      `Ce que vous notez compte ${told.length} caractères : ${WRITING.text} au plus.`,
    );
  if (receipt !== undefined && receipt.bytes.length > ATTACHMENTS.bytes)
    return refuse("file_too_big", `Le récépissé dépasse ${formatBytes(ATTACHMENTS.bytes)}.`);
  if (at === undefined) return undefined;
  const decided = decisions.findLast((each) => each.sha256 === delivery.sha256)?.at;
  // A decision that is still to come was written by a clock that was set back since: it forbids nothing.
  if (decided !== undefined && decided <= now && at < decided && delivery.kind === "declaration") {
    const since = formatInstant(decided, setup.facility.time_zone);
    return refuse("too_early", `Ce texte n'est validé que depuis le ${since} : vérifiez l'heure.`);
  }
  return impossible(at, now, setup.facility.time_zone);
}

/** What a person has to look at twice: a number of ours, one that is taken, or one unlike all the others of the same way. */
function doubtful(
  { channel }: Delivery,
  { reference, confirmed = false }: Carried,
  { incident }: Work,
  known: readonly KnownReference[],
): Refused | undefined {
  const given = reference.trim();
  if (confirmed || given === "") return undefined;
  if (given === incident.reference)
    return refuse(
      "reference_doubtful",
      `« ${given} » est le numéro de l'incident dans Tocsin, pas celui du portail. Vérifiez, puis confirmez.`,
    );
  const taken = known.find((each) => each.reference === given && each.incident !== incident.id);
  if (taken !== undefined)
    return refuse(
      "reference_doubtful",
      `« ${given} » est déjà la référence d'un autre dépôt. Vérifiez, puis confirmez.`,
    );
  const others = known.filter((each) => each.channel === channel).map((each) => shapeOf(each.reference));
  const [usual] = others;
  if (others.length < ALIKE || usual === shapeOf(given) || others.some((each) => each !== usual))
    return undefined;
  return refuse(
    "reference_doubtful",
    `« ${given} » ne ressemble pas aux références déjà relevées par cette voie. Vérifiez, puis confirmez.`,
  );
}

/** References of a way that are alike, before another form is doubted. */
const ALIKE = 3;

function shapeOf(reference: string): string {
  return reference
    .replace(/\p{Lu}/gu, "A")
    .replace(/\p{Ll}/gu, "a")
    .replace(/\d/g, "9");
}

const UNKNOWN = refuse("unknown_delivery", "Cet envoi n'existe pas.");
