import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { AVAILABILITY, FACTS, type Fact } from "../core/fact.ts";
import type { IncidentState } from "../core/incident.ts";
import type { Situation } from "./law/evaluate.ts";
import { regimesOf } from "./law/regimes-of.ts";
import { qualify } from "./qualify.ts";
import type { Setup, Work } from "./work.ts";

/*
 * When a person is told: the one rule.
 *
 * 1. A candidate is told to nobody. It opens when
 *    a. a person says so: whatever fact a person stated, be it "no";
 *    b. a fact stands that is more than a probe's or an odd sign-in;
 *    c. a criterion is met without the outages that are still within their delay: so when a delay passes.
 * 2. An open incident asks the IT on call, once: what is unknown is for them to find out.
 * 3. Only a met criterion (state `in_review`) calls the delegate, once until the delegate decides.
 * 4. What is new only because it arrived late calls nobody a second time at night: it waits for the morning.
 */

/** Roles that are told of an incident in each state. */
export const TOLD: Readonly<Record<IncidentState, readonly ("on_call" | "delegate")[]>> = {
  candidate: [],
  open: ["on_call"],
  in_review: ["on_call", "delegate"],
  approved: ["on_call"],
  declared: ["on_call"],
  facts_ended: ["on_call"],
  closed: [],
  set_aside: [],
  merged: [],
};

/** Facts of a machine that open nothing by themselves. */
const WATCHED: ReadonlySet<Fact["kind"]> = new Set<Fact["kind"]>([...AVAILABILITY, "account_compromised"]);

/** True for a fact that makes an incident worth evaluating at once. */
export function isTelling({ kind, holds, withdrawn, origin }: Fact): boolean {
  if (withdrawn !== null) return false;
  return origin.by === "person" || (holds && !WATCHED.has(kind));
}

/** Why a candidate becomes an incident that people evaluate, in French; undefined while nothing makes it so. */
export function whatOpens(work: Work, setup: Setup, now: Instant): string | undefined {
  const telling = work.facts.find(isTelling);
  if (telling !== undefined) return `${FACTS[telling.kind].label}.`;
  const waiting = new Set(work.facts.filter((fact) => isWithinDelay(fact, setup, now)));
  return sentenceWhenMet(
    work,
    setup,
    work.facts.filter((fact) => !waiting.has(fact)),
    now,
  );
}

/** What the leading duty says of facts under which a criterion is met; undefined when none is. */
export function sentenceWhenMet(
  { incident }: Pick<Work, "incident">,
  setup: Setup,
  facts: readonly Fact[],
  now: Instant,
): string | undefined {
  if (facts.length === 0) return undefined;
  const { leading } = regimesOf(setup, incident);
  const situation: Situation = { facts, systems: setup.systems, now, facility: setup.facility };
  const { verdict, sentence } = qualify({ ...incident, state: "open" }, leading, situation);
  return verdict === "declare" || verdict === "advised" ? sentence : undefined;
}

/** True for an outage that has not lasted, or did not last, as long as its system is done without. */
function isWithinDelay(fact: Fact, setup: Setup, now: Instant): boolean {
  if (!AVAILABILITY.has(fact.kind) || !fact.holds || fact.system === null) return false;
  const minutes = setup.systems.get(fact.system)?.degraded_after_minutes ?? 0;
  return minutes > 0 && (fact.until ?? now) - fact.since < minutes * MICROSECONDS.minute;
}

/** An event that arrives this long after it happened is late: a source was cut off, or the past was searched. */
const LATE = 2 * MICROSECONDS.hour;

/** True when all that is new since a decision had happened long before it was received. */
export function isLateNews({ facts, decisions }: Pick<Work, "facts" | "decisions">): boolean {
  const decided = decisions.at(-1)?.at;
  if (decided === undefined) return false;
  const news = facts.filter((fact) => fact.stated > decided && isTelling(fact));
  return news.length > 0 && news.every(isLate);
}

// A person who speaks is there: what they tell is no late record, however old it is.
function isLate({ origin, since, stated }: Fact): boolean {
  return origin.by !== "person" && stated - since > LATE;
}

const NIGHT = { from: 20, to: 8 } as const;
const HOURS = new Map<string, Intl.DateTimeFormat>();

/** The instant itself by day; at night the next morning, 08:00 in the zone. */
export function byDay(instant: Instant, zone: string): Instant {
  let format = HOURS.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" });
    HOURS.set(zone, format);
  }
  const hourOf = (at: Instant) => Number(format.format(at / 1000));
  const isNight = (hour: number) => hour >= NIGHT.from || hour < NIGHT.to;
  if (!isNight(hourOf(instant))) return instant;
  // Zones are whole quarters of an hour apart from UTC.
  const quarter = 15 * MICROSECONDS.minute;
  let at = Math.ceil(instant / quarter) * quarter;
  while (isNight(hourOf(at))) at += quarter;
  return at;
}
