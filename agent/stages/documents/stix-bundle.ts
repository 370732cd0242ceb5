import { isIP } from "node:net";
import { canonicalJson } from "../../core/canonical-json.ts";
import { isoFromInstant } from "../../core/clock.ts";
import type { Indicator, IndicatorKind } from "./gather-indicators.ts";
import { TLP, type Tlp } from "./tlp.ts";
import { uuidV5 } from "./uuid-v5.ts";

/** What indicators are shared under. */
export interface Sharing {
  facility: { id: string; name: string };
  incident: { id: string; reference: string; first_alert: number; last_alert: number };
  tlp: Tlp;
  exercise: boolean;
  /** True when the incident has more alerts or values than were read: the file says so. */
  cut: boolean;
}

/** Said in a file that does not hold them all. */
export const CUT_LIST = "Liste coupée : l’incident a plus d’alertes ou de valeurs qu’il n’en est lu.";

/** Said of every object of an exercise that has room for it: whoever takes one out of its file still reads it. */
export const EXERCISE_SAID = "EXERCICE : ces valeurs viennent d’un exercice, aucune attaque n’a eu lieu.";

/** The namespace of identifiers of observables (STIX 2.1, 2.9). */
const OBSERVABLES = "00abedb4-aa42-466c-9c01-fed23315a9b7";
/** Ours, for all other objects: the specification keeps its own for observables. */
export const NAMESPACE = "5d0e6a3c-8f57-4e3a-9c0b-3c2e0f1b7a64";
const TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/** An identity is one object in all bundles of a facility: it never changes. */
const IDENTITY_SINCE = "2017-10-01T00:00:00.000Z";
const HASHES: Partial<Record<IndicatorKind, string>> = {
  md5: "MD5",
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha512: "SHA-512",
};

type StixObject = { type: string; id: string } & Record<string, unknown>;

/**
 * The indicators of an incident as a STIX 2.1 bundle: who says so, the marking, and for each value the observable, when it
 * was seen, and the pattern to look for. The same incident gives the same identifiers.
 */
export function stixBundle(indicators: readonly Indicator[], sharing: Sharing) {
  const { facility, incident, tlp, exercise, cut } = sharing;
  const marked = { object_marking_refs: [TLP[tlp]] };
  const made = <Type extends string>(type: Type, key: string) => ({
    type,
    spec_version: "2.1",
    id: `${type}--${uuidV5(NAMESPACE, canonicalJson([facility.id, type, key]))}`,
  });
  const identity = {
    ...made("identity", ""),
    created: IDENTITY_SINCE,
    modified: IDENTITY_SINCE,
    name: facility.name,
    identity_class: "organization",
    sectors: ["healthcare"],
    ...marked,
  };
  const said = { created_by_ref: identity.id, ...marked, ...(exercise && { labels: ["exercise"] }) };
  const objects: StixObject[] = [markingOf(tlp), identity];
  for (const indicator of indicators) {
    const { kind, value, count } = indicator;
    const first = timestamp(indicator.first);
    const last = timestamp(indicator.last);
    const dated = { created: first, modified: last };
    const observable = { ...observableOf(indicator), ...marked };
    const key = `${incident.id} ${kind} ${value}`;
    const seen = {
      ...made("observed-data", key),
      ...dated,
      ...said,
      first_observed: first,
      last_observed: last,
      number_observed: Math.min(count, 999_999_999),
      object_refs: [observable.id],
    };
    objects.push(observable, seen);
    // An account of ours is what was attacked, not what to look for.
    if (kind === "account") continue;
    const sought = {
      ...made("indicator", key),
      ...dated,
      ...said,
      ...(exercise && { name: `EXERCICE : ${value}`, description: EXERCISE_SAID }),
      indicator_types: [exercise ? "benign" : "malicious-activity"],
      pattern: patternOf(indicator),
      pattern_type: "stix",
      valid_from: first,
    };
    const link = {
      ...made("relationship", key),
      ...dated,
      ...said,
      relationship_type: "based-on",
      source_ref: sought.id,
      target_ref: seen.id,
    };
    objects.push(sought, link);
  }
  // A report refers to one object at least; that of an exercise is never left out, as it is what says so.
  if (indicators.length > 0 || exercise) {
    const description = [exercise ? EXERCISE_SAID : [], cut ? CUT_LIST : []].flat().join(" ");
    objects.push({
      ...made("report", incident.id),
      created: timestamp(incident.first_alert),
      modified: timestamp(incident.last_alert),
      ...said,
      name: `${exercise ? "EXERCICE : i" : "I"}ncident ${incident.reference}`,
      ...(description !== "" && { description }),
      report_types: ["indicator"],
      published: timestamp(incident.last_alert),
      object_refs: objects.slice(1).map(({ id }) => id),
    });
  }
  return {
    type: "bundle",
    id: `bundle--${uuidV5(NAMESPACE, canonicalJson([facility.id, "bundle", incident.id, tlp]))}`,
    objects,
  };
}

/** A marking as OASIS publishes it (cti-stix-common-objects, TLP 2.0): receivers know it by its identifier. */
function markingOf(tlp: Tlp): StixObject {
  return {
    type: "marking-definition",
    spec_version: "2.1",
    id: TLP[tlp],
    created: "2022-10-01T00:00:00.000Z",
    name: `TLP:${tlp}`,
    extensions: { [TLP_EXTENSION]: { extension_type: "property-extension", tlp_2_0: tlp.toLowerCase() } },
  };
}

function observableOf({ kind, value }: Indicator): StixObject {
  const hash = HASHES[kind];
  const [type, own] =
    hash !== undefined
      ? (["file", { hashes: { [hash]: value } }] as const)
      : kind === "account"
        ? (["user-account", { account_login: value }] as const)
        : ([typeOf(kind, value), { value }] as const);
  return { type, spec_version: "2.1", id: `${type}--${uuidV5(OBSERVABLES, canonicalJson(own))}`, ...own };
}

function typeOf(kind: IndicatorKind, value: string): string {
  if (kind === "address") return isIP(value) === 6 ? "ipv6-addr" : "ipv4-addr";
  return kind === "domain" ? "domain-name" : "url";
}

/** A pattern that compares with the value itself, whatever it holds (STIX 2.1, 9.1: string literals). */
function patternOf({ kind, value }: Indicator): string {
  const literal = `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const hash = HASHES[kind];
  if (hash === undefined) return `[${typeOf(kind, value)}:value = ${literal}]`;
  return `[file:hashes.${hash.includes("-") ? `'${hash}'` : hash} = ${literal}]`;
}

function timestamp(instant: number): string {
  return isoFromInstant(Math.floor(instant / 1000) * 1000).replace(/:(\d\d)Z$/, ":$1.000Z");
}
