import { setImmediate } from "node:timers/promises";
import type { Instant } from "../../core/clock.ts";
import type { Closing } from "../../core/closing.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import type { Incident, IncidentState } from "../../core/incident.ts";
import type { JournalEntry } from "../../core/journal.ts";
import type { Masked } from "../../core/masked.ts";
import type { Degree, Verdict } from "../../core/qualification.ts";
import type { Reads } from "../../store/store.ts";
import { monthOf } from "../french.ts";
import type { Setup } from "../work.ts";
import { costOfRules, type RuleCost } from "./cost-of-rules.ts";
import type { Week } from "./weeks.ts";
import { type Call, wouldHaveTold } from "./would-have-told.ts";

const PAGE = 500;
/** Rules named as the noisiest. */
const NOISIEST = 10;

/** A message that left, by a channel, and what came of it. */
export interface Sent {
  at: Instant;
  event: string;
  channel: string;
  outcome: string;
}

/** One incident of a week, and what live mode would have made of it. */
export interface ReportedIncident {
  id: string;
  reference: string;
  state: IncidentState;
  occurred: Instant;
  found: Instant | null;
  alerts: number;
  verdict: Verdict;
  sentence: string;
  criteria: { id: string; label: string; degree: Degree | null }[];
  /** Duties beside the leading one that would have had to be fulfilled. */
  others: { regime: string; title: string; sentence: string }[];
  /** Calls that fall in the week, as the rules of telling make them. */
  calls: Call[];
  /** Messages that left in the week; none in observation. */
  sent: Sent[];
}

/** What a week would have been, had the facility been live. */
export interface WeekReport {
  facility: { id: string; name: string };
  mode: Setup["mode"];
  week: Week;
  incidents: ReportedIncident[];
  /** Candidates that the machine closed in the week. */
  closed: Pick<Closing, "incident" | "reference" | "at" | "because">[];
  /** Rules by the number of their detections, the noisiest first, and the incidents of the week they stand in. */
  rules: { id: string; title: string; detections: number }[];
  /** All detections of the week. */
  detections: number;
  /** Rules whose alerts people closed as false alarms, those that woke people most first. */
  costly: RuleCost[];
}

/** Gathers what would have been told and declared in a week; changes nothing. */
export async function reportWeek(reads: Reads, setup: Setup, week: Week): Promise<Masked<WeekReport>> {
  const facility = setup.facility.id;
  const incidents: Masked<ReportedIncident>[] = [];
  for (let after: string | undefined; ; ) {
    const page = await reads.byState(facility, "incident", [], { limit: PAGE, after });
    for (const { content } of page) {
      const told = await reported(content, { reads, setup, week });
      if (told !== undefined) incidents.push(setup.masks.every(told, { incident: told.id }));
      await setImmediate();
    }
    after = page.at(-1)?.content.id;
    if (page.length < PAGE) break;
  }
  incidents.sort((a, b) => a.occurred - b.occurred);
  const report: WeekReport = {
    facility: { id: facility, name: setup.facility.name },
    mode: setup.mode,
    week,
    incidents: [],
    closed: await closedIn(reads, setup, week),
    ...(await noiseOf(reads, facility, week)),
    costly: (await costOfRules(reads, setup.facility, week)).rules,
  };
  return { ...setup.masks.every(report, { incident: null }), incidents };
}

async function reported(
  incident: Incident,
  { reads, setup, week }: { reads: Reads; setup: Setup; week: Week },
): Promise<ReportedIncident | undefined> {
  // Of what a rule of conservation erased, the record says no more what it was.
  if (incident.state === "merged" || incident.erased !== undefined || incident.first_alert >= week.to)
    return undefined;
  const facility = setup.facility.id;
  const within = (at: Instant) => week.from <= at && at < week.to;
  const entries = await reads.journalOf(facility, incident.id);
  // What nothing happened to in the week is not of it.
  if (!entries.some(({ at }) => within(at))) return undefined;
  const facts = (await reads.ofIncident(facility, "fact", incident.id)).map(({ content }) => content);
  if (underDefenceSecret(facts)) return undefined;
  const all = (await reads.ofIncident(facility, "qualification", incident.id)).map(({ content }) => content);
  const leading = all.findLast(({ leads }) => leads !== false);
  const { id, reference, state, occurred, found, alerts } = incident;
  return {
    ...{ id, reference, state, occurred, found, alerts },
    verdict: leading?.verdict ?? "watching",
    sentence: leading?.sentence ?? "",
    criteria: (leading?.criteria ?? [])
      .filter(({ value }) => value === "met")
      .map(({ id, label, degree }) => ({ id, label, degree })),
    others: all
      .filter(({ leads, verdict }) => leads === false && verdict === "declare")
      .map(({ regime, title = regime, sentence }) => ({ regime, title, sentence })),
    calls: wouldHaveTold(entries, setup).filter(({ at }) => within(at)),
    sent: sentIn(entries).filter(({ at }) => within(at)),
  };
}

/** The messages that left about an incident, as its journal has them; what was erased is passed over. */
function sentIn(entries: readonly JournalEntry[]): Sent[] {
  return entries.flatMap(({ type, at, content }) => {
    if (type !== "note.told" || content === null) return [];
    const { channel, message, attempt } = JSON.parse(content) as {
      channel: string;
      message: { event: string };
      attempt: { outcome: string };
    };
    return [{ at, event: message.event, channel, outcome: attempt.outcome }];
  });
}

async function closedIn(reads: Reads, setup: Setup, { from, to }: Week): Promise<WeekReport["closed"]> {
  const zone = setup.facility.time_zone;
  const closed: Closing[] = [];
  for (const month of new Set([monthOf(from, zone), monthOf(to - 1, zone)])) {
    for (let after: string | undefined; ; ) {
      const page = await reads.byState(setup.facility.id, "closing", [month], { limit: PAGE, after });
      closed.push(...page.map(({ content }) => content));
      after = page.at(-1)?.content.id;
      if (page.length < PAGE) break;
    }
  }
  return closed
    .filter(({ by, at }) => by === "machine" && from <= at && at < to)
    .sort((a, b) => a.at - b.at)
    .map(({ incident, reference, at, because }) => ({ incident, reference, at, because }));
}

async function noiseOf(
  reads: Reads,
  facility: string,
  week: Week,
): Promise<Pick<WeekReport, "rules" | "detections">> {
  const rules = new Map<string, WeekReport["rules"][number]>();
  let detections = 0;
  for (let after = await firstReceived(reads, facility, week.from); ; ) {
    const page = await reads.detectionsAfter(facility, after, PAGE);
    for (const { detection, alert } of page) {
      if (alert.received >= week.to) return { rules: noisiest(rules), detections };
      // The first ones may have come a little before.
      if (alert.received < week.from) continue;
      const { id, title } = detection.rule;
      const known = rules.get(id) ?? { id, title, detections: 0 };
      known.detections++;
      detections++;
      rules.set(id, known);
    }
    after = page.at(-1)?.detection.seq ?? after;
    if (page.length < PAGE) return { rules: noisiest(rules), detections };
    await setImmediate();
  }
}

/** The place before the first detection received from an instant on: detections stand in their order of arrival. */
async function firstReceived(reads: Reads, facility: string, from: Instant): Promise<number> {
  const receivedAfter = async (seq: number) =>
    (await reads.detectionsAfter(facility, seq, 1))[0]?.alert.received;
  let high = 1;
  for (let at = await receivedAfter(high); at !== undefined && at < from; at = await receivedAfter(high))
    high *= 2;
  let low = 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const at = await receivedAfter(middle);
    if (at === undefined || at >= from) high = middle;
    else low = middle + 1;
  }
  return low;
}

function noisiest(rules: ReadonlyMap<string, WeekReport["rules"][number]>): WeekReport["rules"] {
  return [...rules.values()]
    .sort((a, b) => b.detections - a.detections || a.title.localeCompare(b.title))
    .slice(0, NOISIEST);
}
