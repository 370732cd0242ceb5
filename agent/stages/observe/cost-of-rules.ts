import { setImmediate } from "node:timers/promises";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Reads } from "../../store/store.ts";
import { monthOf } from "../french.ts";
import type { Setup } from "../work.ts";

const PAGE = 500;
/** Dossiers closed as false alarms that are read at most, the latest first, and detections of each. */
const MOST_READ = 300;
const MOST_DETECTIONS = 500;
/** Rules named. */
const NAMED = 20;
/** Hours of the night, on the clocks of the facility. */
const NIGHT = { from: 22, to: 7 };

/** What a rule cost people: the dossiers that they closed as false alarms, and whom these woke. */
export interface RuleCost {
  id: string;
  title: string;
  falseAlarms: number;
  /** Messages sent at night about these dossiers: to each person and channel, one. */
  nightCalls: number;
}

interface Costly {
  incident: string;
  at: Instant;
}

/**
 * Tells which rules cost most between two instants, those that woke people most first: all rules that detected
 * something in a dossier closed as a false alarm had their part in it.
 */
export async function costOfRules(
  reads: Reads,
  { id: facility, time_zone: zone }: Pick<Setup["facility"], "id" | "time_zone">,
  { from, to }: { from: Instant; to: Instant },
): Promise<{ rules: RuleCost[]; falseAlarms: number }> {
  const within = ({ at }: { at: Instant }) => from <= at && at < to;
  const dossiers = [
    ...(await candidatesOf(reads, facility, monthsOf(from, to, zone))),
    ...(await incidentsOf(reads, facility)),
  ].filter(within);
  const costs = new Map<string, RuleCost>();
  for (const { incident } of dossiers.sort((a, b) => b.at - a.at).slice(0, MOST_READ)) {
    const found = await reads.detectionsOf(facility, incident, MOST_DETECTIONS);
    const calls = (await reads.journalOf(facility, incident)).filter(
      ({ type, at }) => type === "note.told" && isNight(at, zone),
    ).length;
    const rules = new Map(found.map(({ detection: { rule } }) => [rule.id, rule.title]));
    for (const [id, title] of rules) {
      const known = costs.get(id) ?? { id, title, falseAlarms: 0, nightCalls: 0 };
      costs.set(id, {
        ...known,
        falseAlarms: known.falseAlarms + 1,
        nightCalls: known.nightCalls + calls,
      });
    }
    await setImmediate();
  }
  const rules = [...costs.values()].sort(
    (a, b) => b.nightCalls - a.nightCalls || b.falseAlarms - a.falseAlarms || (a.id < b.id ? -1 : 1),
  );
  return { rules: rules.slice(0, NAMED), falseAlarms: dossiers.length };
}

/** Candidates that people closed as false alarms; one that was reopened was none. */
async function candidatesOf(reads: Reads, facility: string, months: readonly string[]): Promise<Costly[]> {
  const found: Costly[] = [];
  for (const month of months)
    for (let after: string | undefined; ; ) {
      const page = await reads.byState(facility, "closing", [month], { limit: PAGE, after });
      for (const { content } of page)
        if (content.false_alarm === true && content.reopened === null) found.push(content);
      after = page.at(-1)?.content.id;
      if (page.length < PAGE) break;
    }
  return found;
}

/** Incidents that were set aside, and closed as false alarms. */
async function incidentsOf(reads: Reads, facility: string): Promise<Costly[]> {
  const found: Costly[] = [];
  for (let after: string | undefined; ; ) {
    const page = await reads.byState(facility, "incident", ["closed"], { limit: PAGE, after });
    for (const { content } of page)
      if (content.closure?.false_alarm === true) found.push({ incident: content.id, at: content.closure.at });
    after = page.at(-1)?.content.id;
    if (page.length < PAGE) return found;
    await setImmediate();
  }
}

function monthsOf(from: Instant, to: Instant, zone: string): string[] {
  const months = new Set<string>();
  for (let at = from; at < to; at += MICROSECONDS.day) months.add(monthOf(at, zone));
  return [...months.add(monthOf(to - 1, zone))];
}

function isNight(at: Instant, zone: string): boolean {
  const text = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", hourCycle: "h23" }).format(
    new Date(at / 1000),
  );
  const hour = Number(text);
  return hour >= NIGHT.from || hour < NIGHT.to;
}
