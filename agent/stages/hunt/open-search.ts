import type { LoadedCorrelation } from "../../../rules/engine/correlation/correlation.ts";
import { createCorrelator, type Fired } from "../../../rules/engine/correlation/correlator.ts";
import { type Match, matchAlert, type RuleSet } from "../../../rules/engine/rule-set.ts";
import { type Alert, AlertTag } from "../../core/alert.ts";
import { type Clock, type Instant, instantFromIso, MICROSECONDS } from "../../core/clock.ts";
import { type Detection, standsAlone } from "../../core/detection.ts";
import type { HuntCounts, HuntFilter, LeftOut } from "../../core/hunt.ts";
import type { Incident } from "../../core/incident.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Reads, StoredAlert } from "../../store/store.ts";
import { combinedAlert } from "../combined-alert.ts";
import { type Arrival, readTraits, shortName } from "../grouping/read-traits.ts";
import { valuesAt } from "../locate.ts";
import type { Setup } from "../work.ts";
import { type Known, printOf, seenKey, sharedNames } from "./read-known.ts";

/** How far before today an event may be, and how far ahead of our clock. */
export const OLDEST = 3660 * MICROSECONDS.day;
const AHEAD = 10 * MICROSECONDS.minute;
/** Matched records kept so that a correlation may cite them. */
const MOST_HELD = 5_000;
/** Event time after which what only time decides is asked for. */
const STEP = MICROSECONDS.minute;

/** What stands for the source of records that came out of a file. */
export const FILE_SOURCE = "tocsin/recherche";

/** One record to look at, read or not. */
export interface SearchedRecord {
  alert: Alert | undefined;
  /** The source that has it, and its own identity there; absent for a line of a file. */
  event?: { source: string; eventId: string } | undefined;
}

/** Detections that a search gives to its incident, as one alert. */
export interface Found {
  alert: StoredAlert;
  detections: Detection[];
  /** What a correlation counted: alerts that were found just before it. */
  counted: readonly StoredAlert[];
}

/** A search of old records for one incident, in the order in which they are given. */
export interface Search {
  take(record: SearchedRecord): Promise<Found[]>;
  /** Says what holds since nothing more comes. */
  finish(): Promise<Found[]>;
  counts: HuntCounts;
  /** Records that a format recognised. */
  recognised(): number;
  /** Detections found by an earlier search that the pipeline has not taken in yet. */
  pending(): number;
}

interface Held {
  arrival: Arrival;
  parts: Match[];
  identity: string;
}

export function openSearch(parts: {
  incident: Incident;
  known: Known;
  filter: HuntFilter;
  rules: RuleSet;
  correlations: readonly LoadedCorrelation[];
  reads: Pick<Reads, "event">;
  setup: Setup;
  clock: Clock;
}): Search {
  const { incident, known, filter, reads, setup, clock } = parts;
  const facility = setup.facility.id;
  const correlator = createCorrelator(parts.correlations);
  const counts: HuntCounts = { read: 0, matched: 0, kept: 0, known: 0, left_out: {} };
  const hosts = new Set(filter.hosts.map((host) => host.toLowerCase()));
  const seen = new Map(known.seen);
  /** How often each text came, so that equal lines are told apart, and the same in each run. */
  const copies = new Map<string, number>();
  const held = new Map<number, Held>();
  const given = new Map<number, StoredAlert>();
  let recognised = 0;
  let pending = 0;
  let ref = 0;
  let latest = Number.NEGATIVE_INFINITY;
  let told = Number.NEGATIVE_INFINITY;

  const leave = (why: LeftOut, count = 1): Found[] => {
    counts.left_out[why] = (counts.left_out[why] ?? 0) + count;
    return [];
  };

  /** Why a record is not looked at any further; undefined when it is. */
  function passed(at: Instant | undefined): LeftOut | undefined {
    const now = clock.now();
    if (at === undefined) return "undated";
    if (at > now + AHEAD || at < now - OLDEST) return "impossible";
    if (at < (filter.since ?? at) || at > (filter.until ?? at)) return "outside";
    return undefined;
  }

  async function take({ alert, event }: SearchedRecord): Promise<Found[]> {
    counts.read++;
    if (alert === undefined) return leave("unread");
    if (alert.tags?.includes(AlertTag.unrecognised) !== true) recognised++;
    const at = occurredOf(alert);
    const why = passed(at);
    if (why !== undefined || at === undefined) return leave(why ?? "undated");
    const matches = matchAlert(parts.rules, alert);
    if (matches.length === 0) return leave("unmatched");
    counts.matched += matches.length;
    ref++;
    const stored = storedOf(alert, at, event?.source ?? FILE_SOURCE);
    const copy = (copies.get(printOf(stored)) ?? 0) + 1;
    copies.set(printOf(stored), copy);
    const identity = event === undefined ? `${printOf(stored)}/${copy}` : `recherche/${event.eventId}`;
    const alone = matches.filter(({ rule }) => standsAlone(rule));
    const found = await keep({ ...stored, eventId: identity }, alone, event);
    await hold(stored, matches, identity);
    latest = Math.max(latest, at);
    const fired = correlator.feed({
      kind: "alert",
      event: alert,
      id: String(ref),
      at,
      now: latest,
      ref,
      rules: matches.map(({ rule }) => rule.id),
    });
    if (latest - told >= STEP) {
      told = latest;
      fired.push(...correlator.advance(latest));
    }
    return [...found, ...(await combined(fired))];
  }

  const storedOf = (alert: Alert, occurred: Instant, source: string): StoredAlert => ({
    id: setup.newId(),
    source,
    received: clock.now(),
    occurred,
    eventId: null,
    alert,
    hunted: incident.id,
  });

  async function hold(stored: StoredAlert, matches: readonly Match[], identity: string): Promise<void> {
    const [first] = matches;
    if (first === undefined || parts.correlations.length === 0) return;
    const detection = { ...detectionOf(stored, first), seq: ref, occurred: stored.occurred };
    const counting = matches.filter(({ rule }) => !standsAlone(rule));
    held.set(ref, { arrival: { detection, alert: stored }, parts: counting, identity });
    leave("uncounted", counting.length);
    if (held.size > MOST_HELD) held.delete(held.keys().next().value as number);
  }

  const detectionOf = (alert: StoredAlert, { rule, because }: Match): Detection => ({
    id: setup.newId(),
    alert: alert.id,
    rule,
    because,
  });

  /** Alerts of the correlations that came true, each after those that it counted and that stand in nothing else. */
  async function combined(fired: readonly Fired[]): Promise<Found[]> {
    const all: Found[] = [];
    for (const one of fired) {
      counts.matched++;
      const cited = one.refs.flatMap((each) => {
        const known = held.get(each);
        return known === undefined ? [] : [{ ref: each, ...known }];
      });
      const { alert, detections } = combinedAlert(one, {
        cited: cited.map(({ arrival }) => arrival),
        received: clock.now(),
        zone: setup.facility.time_zone,
        newId: setup.newId,
      });
      const made: StoredAlert = { ...alert, source: FILE_SOURCE, hunted: incident.id };
      const live = { source: alert.source, eventId: alert.eventId ?? "" };
      const matches = detections.map(({ rule, because }) => ({ rule, because }));
      const [found] = await keep(made, matches, live);
      if (found === undefined) continue;
      const counted: StoredAlert[] = [];
      for (const { ref: each, arrival, parts: counting, identity } of cited) {
        if (counting.length === 0) continue;
        leave("uncounted", given.has(each) ? 0 : -counting.length);
        const [part] = given.has(each) ? [] : await add({ ...arrival.alert, eventId: identity }, counting);
        if (part !== undefined) {
          given.set(each, part.alert);
          all.push(part);
        }
        const stored = given.get(each);
        if (stored !== undefined) counted.push(stored);
      }
      all.push({ ...found, counted });
    }
    return all;
  }

  /** Keeps what matches if it is what is searched for. */
  async function keep(
    stored: StoredAlert,
    matches: readonly Match[],
    live: { source: string; eventId: string } | undefined,
  ): Promise<Found[]> {
    const [first] = matches;
    if (first === undefined) return [];
    const why = unwanted(stored, first);
    if (why !== undefined) return leave(why, matches.length);
    const own = live === undefined ? undefined : await reads.event(facility, live);
    const holder = own?.detections.find((each) => each.incident !== null)?.incident;
    if (holder != null && holder !== incident.id) return leave("elsewhere", matches.length);
    return add(stored, matches);
  }

  function unwanted(stored: StoredAlert, match: Match): LeftOut | undefined {
    if (hosts.size > 0)
      return hostsOf(stored.alert).some((host) => hosts.has(host)) ? undefined : "other_host";
    if (filter.all) return undefined;
    const detection = { ...detectionOf(stored, match), seq: 0, occurred: stored.occurred };
    const { entities, system } = readTraits({ detection, alert: stored }, setup);
    const names = sharedNames(entities);
    if (system !== null) names.push(`system:${system.id}`);
    return names.some((name) => known.entities.has(name)) ? undefined : "unrelated";
  }

  /** Keeps those of a record's matches that the incident does not have yet. */
  async function add(stored: StoredAlert, matches: readonly Match[]): Promise<Found[]> {
    const print = printOf(stored);
    const fresh = matches.filter(({ rule }) => {
      const key = seenKey(print, rule.id);
      const left = seen.get(key) ?? 0;
      if (left > 0) seen.set(key, left - 1);
      return left === 0;
    });
    counts.known += matches.length - fresh.length;
    if (fresh.length === 0) return [];
    const rules = fresh.map(({ rule }) => `${rule.id} ${rule.version}`).sort();
    const eventId = `${stored.eventId}/${sha256Hex(rules.join("\n")).slice(0, 12)}`;
    const before = await reads.event(facility, { source: stored.source, eventId });
    if (before !== undefined) {
      const elsewhere = before.detections.some((each) => each.incident !== null);
      if (elsewhere || before.alert.hunted !== incident.id) return leave("elsewhere", fresh.length);
      pending += fresh.length;
      counts.known += fresh.length;
      return [];
    }
    counts.kept += fresh.length;
    const alert = { ...stored, eventId };
    return [{ alert, detections: fresh.map((match) => detectionOf(alert, match)), counted: [] }];
  }

  return {
    take,
    finish: () => combined(correlator.finish(latest)),
    counts,
    recognised: () => recognised,
    pending: () => pending,
  };
}

/** When the record itself says that it happened. */
function occurredOf(alert: Alert): Instant | undefined {
  const stated = alert["@timestamp"];
  if (stated === undefined || alert.tags?.includes(AlertTag.noTime)) return undefined;
  return instantFromIso(stated);
}

/** The machine under its short name, its full one and its addresses. */
function hostsOf(alert: Alert): string[] {
  const names = ["host.name", "host.hostname", "host.ip"].flatMap((path) => valuesAt(alert, path));
  return names.flatMap((name) => [name.toLowerCase(), shortName(name.toLowerCase())]);
}
