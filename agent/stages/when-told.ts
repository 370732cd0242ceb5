import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { AVAILABILITY, FACTS, type Fact } from "../core/fact.ts";
import type { IncidentState } from "../core/incident.ts";
import { MUTE_KINDS } from "../core/mute.ts";
import { formatInstant } from "./french.ts";
import { whenOpen } from "./law/when-open.ts";
import { mainsOf, toldInPlace } from "./mute/behind.ts";
import { endOf, holding, lasted } from "./mute/mutes.ts";
import { mutesOf } from "./mute/weigh.ts";
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
 *    So does what only a search of old records tells, even when nobody was told of the incident before: whoever searched
 *    is there and knows.
 * 5. Outages that a person muted, or that stand behind one that is told of, open nothing meanwhile (mute/weigh.ts).
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
  const free = work.facts.filter((fact) => !waits(work, fact, setup, now));
  const sentence = sentenceWhenMet(work, setup, free, now);
  if (sentence === undefined) return undefined;
  const behind = free.filter((fact) => mainsOf(work, fact, setup, now).length > 0);
  const alone = free.filter((fact) => !behind.includes(fact));
  const untold =
    sentenceWhenMet(work, setup, alone, now) !== undefined ||
    toldInPlace(work, setup, { behind, with: free }, now) === undefined;
  return untold ? `${sentence}${toldLate(work, free, setup, now)}` : undefined;
}

/** What the leading duty says of facts under which a criterion is met; undefined when none is. */
export function sentenceWhenMet(
  work: Pick<Work, "incident">,
  setup: Setup,
  facts: readonly Fact[],
  now: Instant,
): string | undefined {
  return whenOpen(work, setup, facts, now)?.sentence;
}

/** True for an outage that a person muted, or that has not lasted, or did not last, as long as its system is done without. */
function waits(work: Work, fact: Fact, setup: Setup, now: Instant): boolean {
  if (!AVAILABILITY.has(fact.kind) || !fact.holds) return false;
  const mutes = mutesOf(work, fact, setup);
  if (holding(mutes, fact, now).length > 0) return true;
  const run = lasted(fact, mutes, now);
  const minutes = (fact.system === null ? undefined : setup.systems.get(fact.system))?.degraded_after_minutes;
  // Where no delay is known, only what was planned from end to end is no outage.
  if (minutes === undefined || minutes === 0) return mutes.length > 0 && fact.until !== null && run === 0;
  return run < minutes * MICROSECONDS.minute;
}

/** Who kept it from being told sooner, in French, after the sentence; empty when nobody did. */
function toldLate(work: Work, facts: readonly Fact[], setup: Setup, now: Instant): string {
  const last = facts
    .flatMap((fact) =>
      mutesOf(work, fact, setup).filter(
        (mute) => endOf(mute) > fact.since && endOf(mute) <= now && mute.from < (fact.until ?? now),
      ),
    )
    .toSorted((a, b) => endOf(a) - endOf(b))
    .at(-1);
  if (last === undefined) return "";
  const until = formatInstant(endOf(last), setup.facility.time_zone);
  return ` Retenu jusqu'au ${until} : ${MUTE_KINDS[last.kind].toLowerCase()} par ${last.author.name}.`;
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
function isLate({ origin, since, stated, hunted }: Fact): boolean {
  return origin.by !== "person" && (hunted?.live_since === null || stated - since > LATE);
}

/** True when an incident is open, or has a criterion met, only by what a search of old records found. */
export function isHuntNews(
  work: Work,
  setup: Setup,
  { event, now }: { event: string; now: Instant },
): boolean {
  if (work.facts.every(({ hunted }) => hunted === undefined)) return false;
  const facts = work.facts.flatMap(liveFact);
  if (event === "incident_opened") return whatOpens({ ...work, facts }, setup, now) === undefined;
  // After a decision, what is new counts, not what is met.
  return work.decisions.length === 0 && sentenceWhenMet(work, setup, facts, now) === undefined;
}

/** A fact as live detections alone tell it; none when none does. */
function liveFact(fact: Fact): Fact[] {
  if (fact.hunted === undefined) return [fact];
  const { live_since } = fact.hunted;
  return live_since === null ? [] : [{ ...fact, since: live_since }];
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
