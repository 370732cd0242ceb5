import type { Instant } from "../../core/clock.ts";
import type { Delivery } from "../../core/delivery.ts";
import type { FactKind } from "../../core/fact.ts";
import { isWorkingDay, NATIONAL } from "../../core/working-time.ts";
import type { WayStanding } from "../../stages/delivery/delivery-desk.ts";
import type { Dossier } from "../../stages/desk/desk.ts";
import type { WayReach } from "../../stages/effects/reachability.ts";
import { deliveryRows } from "./dossier-view.ts";

/** Why a way that files nothing is worth a thought just now, in French; null when it is not. */
export function suggestion(
  { way, delivery }: WayStanding,
  { facts }: Pick<Dossier, "facts">,
  now: Instant,
): string | null {
  if (delivery !== null) return null;
  const stands = (kind: FactKind) =>
    facts.some((fact) => fact.kind === kind && fact.holds && fact.withdrawn === null && fact.until === null);
  if (way.kind === "help" && stands("degraded_mode"))
    return "Mode dégradé en cours : l'informatique d'astreinte peut demander de l'aide.";
  if (way.kind === "information" && stands("malicious_action_suspected") && !isWorkingDay(now, NATIONAL))
    return "Jour non ouvré et acte malveillant soupçonné : cette information est prévue pour ce cas.";
  return null;
}

/** A way out in words, for a person who has to choose. */
export function wayRow(
  { way, delivery, closed, answer }: WayStanding,
  reach: WayReach | null,
  among: readonly Delivery[],
) {
  const { guide } = way;
  const [row] = delivery === null ? [] : deliveryRows([delivery], among);
  return {
    id: way.id,
    kind: way.kind ?? "declaration",
    by: way.reach,
    fallback: way.fallback === true,
    to: guide?.to ?? way.id,
    address: guide?.address ?? null,
    phone: guide?.phone ?? null,
    hours: guide?.hours ?? null,
    steps: guide?.steps ?? [],
    source: guide?.source ?? null,
    delivery: row ?? null,
    last: delivery?.attempts.at(-1) ?? null,
    answer: delivery?.state === "delivered" ? null : (answer ?? null),
    closed,
    reach,
  };
}
