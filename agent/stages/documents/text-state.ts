import type { Instant } from "../../core/clock.ts";
import { DECLARATION_STATES, type Declaration } from "../../core/declaration.ts";
import { DELIVERY_STATES, type Delivery, type Impossibility, overtakenBy } from "../../core/delivery.ts";

/** What a text stands in: its own state, and what was delivered of it. */
type Stated = Pick<Declaration, "state" | "sha256">;

/** Never says filed of what was not: an exercise says so in the same breath. */
export function deliveryWords(delivery: Delivery, deliveries: readonly Delivery[] = []): string {
  const number = delivery.reference === null ? "" : `, n° ${delivery.reference}`;
  const filed = overtakenBy(delivery, deliveries);
  if (filed !== undefined)
    return `Resté sans confirmation ; déposé depuis sur le portail, n° ${filed.reference ?? "non communiqué"}`;
  if (delivery.state !== "delivered") return DELIVERY_STATES[delivery.state];
  if (delivery.exercise) return `EXERCICE : dépôt simulé${number}`;
  if (delivery.kind !== "declaration") return `Transmis${number}`;
  return delivery.impossibility === undefined ? `Déposé${number}` : `Déclaré par une autre voie${number}`;
}

/** The state of a text in words: a draft must not pass for a decision, nor an approval or an exercise for a filing. */
export function stateWords(declaration: Stated, exercise: boolean, deliveries: readonly Delivery[]): string {
  const filings = deliveries.filter(
    (each) => each.kind === "declaration" && each.sha256 === declaration.sha256 && each.state === "delivered",
  );
  // What replaced the portal stands until the portal has it.
  const filing = filings.find(({ impossibility }) => impossibility === undefined) ?? filings[0];
  if (filing !== undefined) return deliveryWords(filing);
  const label = DECLARATION_STATES[declaration.state];
  return exercise ? `EXERCICE : ${declaration.state === "filed" ? "dépôt simulé" : label}` : label;
}

/** The same in capitals, for the head of a page that leaves the screen. */
export function paperState(declaration: Stated, exercise: boolean, deliveries: readonly Delivery[]): string {
  const words = declaration.state === "draft" ? "PROJET" : stateWords(declaration, false, deliveries);
  return exercise && !words.startsWith("EXERCICE")
    ? `EXERCICE : ${words.toUpperCase()}`
    : words.startsWith("EXERCICE")
      ? words
      : words.toUpperCase();
}

/**
 * What the paper says of itself that is declared to the ARS in place of the portal (arrêté of 30 October 2017, article 1):
 * it is the declaration, so it does not say that nothing is filed. At its head, and in full.
 */
export function arsWords(
  { since }: Pick<Impossibility, "since">,
  exercise: boolean,
  time: (instant: Instant) => string,
): { head: string; state: string } {
  const mark = exercise ? "EXERCICE : " : "";
  return {
    head: `${mark}TRANSMIS À L'ARS, VOIE ÉLECTRONIQUE IMPOSSIBLE`,
    state: `${mark}transmis à l'ARS, la déclaration électronique étant impossible depuis le ${time(since)} (arrêté du 30 octobre 2017, article 1er)`,
  };
}
