import type { Match } from "../../rules/engine/rule-set.ts";
import type { Alert } from "../core/alert.ts";
import type { Write } from "../store/store.ts";
import {
  bookmarkOf,
  CANARY_ADDRESS,
  CANARY_ADDRESS_6,
  CANARY_RULE,
  CANARY_SOURCE,
  flightIn,
  landingOf,
} from "./mark.ts";

const MAPPED = `::ffff:${CANARY_ADDRESS}`;
const canaries = new WeakMap<object, object>();

/**
 * The source that a record is counted under, by who sent it: from the canary's address it is the canary, which reads as
 * the source does and is not the source, so that it neither hides that it is silent nor adds to what it sent.
 */
export function countedAs<Source extends { id: string }>(source: Source, peer: string | undefined): Source {
  return peer === CANARY_ADDRESS || peer === MAPPED ? canaryOf(source) : source;
}

/** The canary that reads as a source does: always the same one. */
export function canaryOf<Source extends { id: string }>(source: Source): Source {
  const known = canaries.get(source);
  if (known !== undefined) return known as Source;
  // It follows the source, which is changed in place when settings are.
  const canary: Source = Object.create(source, { id: { value: CANARY_SOURCE, enumerable: true } });
  canaries.set(source, canary);
  return canary;
}

/** Says of the matches of an alert what counts: the canary's own for a canary, the others for everything else. */
export interface CanaryHeed {
  /**
   * The source that a peer is counted under by what it begins with: of those that share the one loopback address of
   * IPv6, a canary is who says its mark at once. What any other says is its source's.
   */
  countedAs<Source extends { id: string }>(
    source: Source,
    peer: string | undefined,
    opening: Uint8Array | string,
  ): Source;
  /** Undefined for what came from the canary's address and is none: nothing of it is taken. */
  sort(source: string, alert: Alert, matches: Match[]): Match[] | undefined;
  /** What is written in the place of the alert of a canary. */
  landing(alert: Alert): Write;
}

/** Builds what knows canaries by their token. */
export function heedCanary(token: string): CanaryHeed {
  const flightOf = (alert: Alert) => flightIn(alert.event?.original ?? alert.message ?? "", token);
  return {
    countedAs(source, peer, opening) {
      if (peer !== CANARY_ADDRESS_6) return countedAs(source, peer);
      const text = typeof opening === "string" ? opening : Buffer.from(opening).toString("latin1");
      return flightIn(text, token) === undefined ? source : canaryOf(source);
    },
    sort(source, alert, matches) {
      const isCanary = matches.some(({ rule }) => rule.id === CANARY_RULE);
      if (source !== CANARY_SOURCE)
        return isCanary ? matches.filter(({ rule }) => rule.id !== CANARY_RULE) : matches;
      if (!isCanary || flightOf(alert) === undefined) return undefined;
      return matches.filter(({ rule }) => rule.id === CANARY_RULE);
    },
    landing(alert) {
      const flight = flightOf(alert);
      if (flight === undefined) throw new Error("a canary without its mark");
      return { write: "bookmark", name: bookmarkOf(flight.way), content: landingOf(token, flight) };
    },
  };
}
