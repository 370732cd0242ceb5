import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { FactStatement } from "../../core/detection.ts";
import { FACTS, type Fact, MOST_SAYERS } from "../../core/fact.ts";
import type { Setup, Work } from "../work.ts";
import { locateOnce } from "./locate-once.ts";
import { type Arrival, eventTime } from "./read-traits.ts";

/** A state stated again this soon after its end has not ended. */
export const FLAPPING = 10 * MICROSECONDS.minute;
const BOUNDS = { subjects: 200, evidence: 20, sayers: MOST_SAYERS + 1 } as const;

/** Ends and states what a detection tells of an incident. */
export function stateFacts(work: Pick<Work, "facts" | "incident">, arrival: Arrival, setup: Setup): void {
  const at = eventTime(arrival.alert);
  endFacts(work, arrival, at, setup);
  for (const statement of arrival.detection.rule.meaning?.facts ?? [])
    stateFact(work, statement, arrival, at, setup);
}

/** True when two statements of rules are one fact: the same of the same system, with no end between them. */
export function sameFact(fact: Fact, other: Fact): boolean {
  return (
    fact.kind === other.kind &&
    fact.system === other.system &&
    [fact, other].every((each) => each.holds && each.withdrawn === null && each.origin.by === "rule") &&
    (fact.until === null || other.since <= fact.until + FLAPPING) &&
    (other.until === null || fact.since <= other.until + FLAPPING)
  );
}

/** One fact of two that are the same: it keeps the first's identity, and begins with the earlier. */
export function uniteFacts(fact: Fact, other: Fact): Fact {
  const first = fact.since <= other.since ? fact : other;
  return {
    ...fact,
    since: first.since,
    origin: first.origin,
    until: fact.until === null || other.until === null ? null : Math.max(fact.until, other.until),
    subjects: unionOf(fact.subjects, other.subjects, BOUNDS.subjects),
    confidence: [fact, other].some((each) => each.confidence === "confirmed") ? "confirmed" : "suspected",
    ended_by: unionOf(fact.ended_by, other.ended_by),
    evidence: unionOf(fact.evidence, other.evidence, BOUNDS.evidence),
    // Of a fact of before they were listed, not all are known.
    ...(fact.rules && other.rules && { rules: unionOf(fact.rules, other.rules, BOUNDS.sayers) }),
    ...(fact.sources && other.sources && { sources: unionOf(fact.sources, other.sources, BOUNDS.sayers) }),
    alerts: fact.alerts + other.alerts,
    stated: Math.min(fact.stated, other.stated),
    ...huntedOf(earliest(liveSince(fact), liveSince(other)), foundOf(fact) + foundOf(other)),
  };
}

/** Since when live detections tell a fact; null when only a search of old records does. */
export function liveSince({ since, hunted }: Fact): Instant | null {
  return hunted === undefined ? since : hunted.live_since;
}

const foundOf = ({ hunted }: Fact): number => hunted?.alerts ?? 0;

function earliest(one: Instant | null, other: Instant | null): Instant | null {
  return one === null ? other : other === null ? one : Math.min(one, other);
}

function huntedOf(live_since: Instant | null, alerts: number): Pick<Fact, "hunted"> {
  return alerts === 0 ? {} : { hunted: { live_since, alerts } };
}

export function unionOf<T>(one: readonly T[], other: readonly T[], most = Number.POSITIVE_INFINITY): T[] {
  return [...new Set([...one, ...other])].slice(0, most);
}

function stateFact(
  work: Pick<Work, "facts" | "incident">,
  statement: FactStatement,
  { detection, alert }: Arrival,
  at: Instant,
  setup: Setup,
): void {
  const kind = FACTS[statement.fact];
  const where =
    kind.about === "system"
      ? locateOnce(setup.locate, alert.alert, statement.about)
      : { subject: null, system: null };
  const system = where.system?.id ?? null;
  const index = work.facts.findIndex(
    (fact) =>
      fact.kind === statement.fact &&
      fact.holds &&
      fact.withdrawn === null &&
      fact.system === system &&
      fact.origin.by === "rule" &&
      // A state that comes back at once is the same one, flapping.
      (fact.until === null || at <= fact.until + FLAPPING),
  );
  const subject = where.subject;
  const before = work.facts[index];
  if (before === undefined) {
    work.facts.push({
      id: setup.newId(),
      incident: work.incident.id,
      kind: statement.fact,
      holds: true,
      system,
      subjects: subject === null ? [] : [subject],
      since: at,
      until: null,
      confidence: statement.confidence,
      origin: {
        by: "rule",
        rule: detection.rule.id,
        version: detection.rule.version,
        title: detection.rule.meaning?.title_fr ?? detection.rule.title,
      },
      ended_by: statement.ended_by,
      evidence: [alert.id],
      rules: [detection.rule.id],
      sources: [alert.source],
      alerts: 1,
      stated: alert.received,
      ...(alert.hunted !== undefined && huntedOf(null, 1)),
      withdrawn: null,
    });
    return;
  }
  const found = alert.hunted !== undefined;
  const { subjects, ended_by: enders } = before;
  work.facts[index] = {
    ...before,
    since: Math.min(before.since, at),
    until: before.until !== null && at > before.until ? null : before.until,
    subjects:
      subject === null || subjects.length >= BOUNDS.subjects || subjects.includes(subject)
        ? subjects
        : [...subjects, subject],
    confidence: statement.confidence === "confirmed" ? "confirmed" : before.confidence,
    ended_by: statement.ended_by.every((each) => enders.includes(each))
      ? enders
      : unionOf(enders, statement.ended_by),
    evidence: before.evidence.length < BOUNDS.evidence ? [...before.evidence, alert.id] : before.evidence,
    ...(before.rules && { rules: withSayer(before.rules, detection.rule.id) }),
    ...(before.sources && { sources: withSayer(before.sources, alert.source) }),
    alerts: before.alerts + 1,
    ...huntedOf(
      found ? liveSince(before) : earliest(liveSince(before), at),
      foundOf(before) + (found ? 1 : 0),
    ),
  };
}

function withSayer(sayers: string[], one: string): string[] {
  return sayers.length >= BOUNDS.sayers || sayers.includes(one) ? sayers : [...sayers, one];
}

/** A state ends once every host or service it was stated for is well again. */
function endFacts(work: Pick<Work, "facts">, { detection, alert }: Arrival, at: Instant, setup: Setup): void {
  const name = detection.rule.name;
  if (name === undefined || !work.facts.some((fact) => fact.ended_by.includes(name))) return;
  const { subject, system } = locateOnce(setup.locate, alert.alert);
  work.facts = work.facts.map((fact): Fact => {
    if (
      FACTS[fact.kind].lasts !== "state" ||
      fact.until !== null ||
      !fact.ended_by.includes(name) ||
      at < fact.since
    )
      return fact;
    if (fact.system !== (system?.id ?? null) || subject === null || !fact.subjects.includes(subject))
      return fact;
    const subjects = fact.subjects.filter((each) => each !== subject);
    return subjects.length > 0 ? { ...fact, subjects } : { ...fact, until: at };
  });
}
