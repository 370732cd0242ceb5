import type { Alert } from "../../core/alert.ts";
import { type System, UNDER_ALL } from "../../core/asset.ts";
import type { Instant } from "../../core/clock.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { CAUSES } from "../../core/detection.ts";
import { FACTS } from "../../core/fact.ts";
import type { Entity } from "../../core/incident.ts";
import type { StoredAlert, StoredDetection } from "../../store/store.ts";
import { valuesAt } from "../locate.ts";
import type { Setup } from "../work.ts";
import { isInternal } from "./is-internal.ts";
import { locateOnce, systemNamed } from "./locate-once.ts";

/** A detection with its alert, as it comes to be placed. */
export interface Arrival {
  detection: StoredDetection;
  alert: StoredAlert;
  /** What a correlation counted that touched no incident alone: it comes with it. */
  base?: readonly Arrival[] | undefined;
}

/** How far an event's own date may stand from its receipt before the receipt counts instead. */
const FUTURE = 10 * MICROSECONDS.minute;
const PAST = 90 * MICROSECONDS.day;
/** Values read of one field that may hold many. */
const MOST_VALUES = 8;
/** Names that everybody shares tell nothing. */
const COMMON_USERS = new Set([
  "root",
  "system",
  "système",
  "administrator",
  "administrateur",
  "admin",
  "guest",
  "invité",
  "anonymous logon",
  "local service",
  "service local",
  "network service",
  "service réseau",
  "-",
  "n/a",
]);
/** Systems that everything passes through: what they see of others ties nothing together. */
const PASSED_THROUGH = new Set<System["kind"]>(["directory", "infrastructure", "network", "mail"]);

/** What a detection names, and what of it tells with which others it belongs. */
export interface Traits {
  at: Instant;
  entities: Entity[];
  system: System | null;
  /** What few share: a hash, a process, an outside address, a campaign, a silent source. */
  own: string[];
  /** Hosts, users, inside addresses and the system: each ties unless it comes with everyone. */
  shared: string[];
  /** Hosts, addresses and the system that everything passes through. */
  hubs: string[];
  /** Users that everybody is: they count only together with a hub. */
  common: string[];
  malicious: boolean;
  /** The system that a fact is stated about, and whether it is down. */
  about: System | null;
  outage: boolean;
}

/** When it happened; when it was received, for a clock that was never set. */
export function eventTime({ occurred, received, hunted }: StoredAlert): Instant {
  // What a person searched for has been dated by its record, however old.
  if (hunted !== undefined) return occurred;
  return occurred > received + FUTURE || occurred < received - PAST ? received : occurred;
}

/** A detection that only informs, such as a recovery or what a person searched for, enriches an incident; it opens none. */
export function opens({ detection, alert }: Arrival): boolean {
  if (alert.hunted !== undefined) return false;
  const { level, meaning } = detection.rule;
  if (level === "informational") return false;
  return meaning !== undefined || level !== "low";
}

/** Reads what a detection names. */
export function readTraits({ detection, alert: stored }: Arrival, setup: Pick<Setup, "locate">): Traits {
  const { alert } = stored;
  const { meaning } = detection.rule;
  const system = locateOnce(setup.locate, alert, meaning?.facts[0]?.about).system;
  const stated = meaning?.facts.find(({ fact }) => FACTS[fact].about === "system");
  const traits: Traits = {
    at: eventTime(stored),
    entities: [],
    system,
    own: [],
    shared: [],
    hubs: [],
    common: [],
    malicious: meaning?.cause !== undefined && CAUSES[meaning.cause].malicious,
    about: stated === undefined ? null : locateOnce(setup.locate, alert, stated.about).system,
    outage: meaning?.facts.some(({ fact }) => fact === "system_unavailable") ?? false,
  };
  const into = (value: string, otherwise = traits.shared) => {
    const found = systemNamed(setup.locate, value);
    if (found !== null && PASSED_THROUGH.has(found.kind)) return traits.hubs;
    return found === null ? otherwise : traits.shared;
  };
  const name = (kind: Entity["kind"], value: string, into: string[], key = `${kind}:${value}`) => {
    if (traits.entities.some((each) => each.kind === kind && each.value === value)) return;
    traits.entities.push({ kind, value });
    if (!into.includes(key)) into.push(key);
  };
  for (const path of ["host.name", "host.hostname"])
    for (const value of lower(alert, path)) name("host", value, into(value), `host:${shortName(value)}`);
  for (const value of lower(alert, "host.ip")) name("address", value, into(value));
  for (const value of lower(alert, "source.ip"))
    name("address", value, into(value, isInternal(value) ? traits.shared : traits.own));
  for (const value of lower(alert, "user.name")) {
    const user = value.slice(value.lastIndexOf("\\") + 1);
    if (COMMON_USERS.has(user)) traits.common.push(`user:${user}`);
    else if (user !== "" && !user.endsWith("$")) name("user", user, traits.shared);
  }
  for (const path of ["file.hash.sha256", "file.hash.sha1", "file.hash.md5"])
    for (const value of lower(alert, path)) name("hash", value, traits.own);
  for (const path of ["process.entity_id", "process.parent.entity_id"])
    for (const value of lower(alert, path)) name("process", value, traits.own);
  // Our own alerts about a source: its silence, and that it speaks again.
  if (alert.event?.module === "tocsin")
    for (const value of lower(alert, "service.name")) name("source", value, traits.own);
  if (system !== null)
    name("system", system.id, PASSED_THROUGH.has(system.kind) ? traits.hubs : traits.shared);
  if (traits.malicious && meaning?.cause !== undefined) name("campaign", meaning.cause, traits.own);
  return traits;
}

/** Calls back with each shared key and what it is counted with: users and addresses for a host, hosts for all else. */
export function eachCounted(
  { shared, hubs, own }: Traits,
  counted: (key: string, partners: readonly string[]) => void,
): void {
  const hosts: string[] = [];
  const others: string[] = [];
  for (const keys of [shared, hubs, own]) {
    for (const key of keys) {
      if (key.startsWith("host:")) hosts.push(key);
      else if (key.startsWith("user:") || key.startsWith("address:")) others.push(key);
    }
  }
  for (const key of shared) counted(key, key.startsWith("host:") ? others : hosts);
}

/** The keys that a detection leaves behind, and those that it looks for. */
export function linksOf(
  traits: Traits,
  isHub: (key: string, at: Instant) => boolean,
): { adds: string[]; looks: string[] } {
  const shared: string[] = [];
  const hubs = [...traits.hubs];
  for (const key of traits.shared) (isHub(key, traits.at) ? hubs : shared).push(key);
  const both = [...traits.own, ...shared];
  if (traits.malicious && hubs.length > 0)
    both.push(...pairsOf(hubs, [...shared, ...traits.own, ...traits.common]));
  // What is about a hub alone still belongs with what else is about it alone.
  if (hubs.length > 0 && shared.length === 0 && traits.own.every((key) => key.startsWith("campaign:")))
    both.push(...hubs.filter((key) => !key.startsWith("address:")).map((key) => `alone:${key}`));
  const { about, outage } = traits;
  if (about === null && !outage) return { adds: both, looks: both };
  const adds = [...both];
  const looks = [...both];
  if (about !== null) {
    const { id, depends_on: under } = about;
    adds.push(`touched:${id}`, ...under.map((each) => `above:${each}`));
    looks.push(`touched:${id}`, `dragged:${id}`, ...under.map((each) => `down:${each}`));
    if (outage) {
      adds.push(`down:${id}`, ...under.map((each) => `dragged:${each}`));
      looks.push(`above:${id}`, ...under.map((each) => `touched:${each}`));
      if (UNDER_ALL.has(about.kind)) {
        adds.push("down");
        looks.push("adrift");
      }
    }
  } else if (outage) {
    adds.push("adrift");
    looks.push("down");
  }
  return { adds, looks };
}

/** A hub counts with one other name: the account used on the directory, the address seen by the proxy. */
function pairsOf(hubs: readonly string[], others: readonly string[]): string[] {
  const names = others.filter((each) => each.startsWith("user:") || each.startsWith("address:"));
  return hubs.flatMap((hub, i) =>
    [...names, ...hubs.slice(i + 1)]
      .filter((each) => each.startsWith("user:") || each.startsWith("address:"))
      .map((each) => `pair:${hub}|${each}`),
  );
}

const NOTHING: readonly string[] = [];

function lower(alert: Alert, path: string): readonly string[] {
  const values = valuesAt(alert, path);
  if (values.length === 0) return NOTHING;
  return (values.length > MOST_VALUES ? values.slice(0, MOST_VALUES) : values).map((each) =>
    each.toLowerCase(),
  );
}

/** A machine is known by its short name and its full one alike. */
export function shortName(host: string): string {
  const dot = host.indexOf(".");
  return dot <= 0 || /^[\d.]+$/.test(host) ? host : host.slice(0, dot);
}
