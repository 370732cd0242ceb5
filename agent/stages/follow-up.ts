import type { Regime, RegimeClock } from "../../rules/regimes/regime.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import type { Deadline, Start } from "../core/deadline.ts";
import { underDefenceSecret } from "../core/fact.ts";
import type { Qualification } from "../core/qualification.ts";
import { sameJson } from "../core/same-json.ts";
import type { Setup, Work } from "./work.ts";

/** Starts the clocks of each pack whose criteria are met, from the first of their instants that is known. */
export function followUp(work: Work, setup: Setup): void {
  if (underDefenceSecret(work.facts)) return;
  const evaluated = [...(work.qualification ? [work.qualification] : []), ...work.others];
  for (const qualification of evaluated) {
    const regime = setup.regimes.find((each) => each.id === qualification.regime);
    for (const clock of regime?.clocks ?? [])
      if (regime !== undefined) run(work, regime, { clock, qualification });
  }
}

function run(
  work: Work,
  regime: Regime,
  { clock, qualification }: { clock: RegimeClock; qualification: Qualification },
): void {
  const id = `${work.incident.id}/${regime.id}/${clock.id}`;
  const index = work.deadlines.findIndex((each) => each.id === id);
  const before = work.deadlines[index];
  const met = clock.when.flatMap((criterion) => qualification.met_at?.[criterion] ?? []);
  if (met.length === 0) {
    if (before !== undefined && before.met === null && before.void !== true)
      work.deadlines[index] = { ...before, void: true };
    return;
  }
  const instants = instantsOf(work, Math.min(...met));
  const [first] = clock.starts.flatMap((from) => {
    const started = instants[from];
    return started === undefined ? [] : [{ from, started }];
  });
  if (first === undefined || before?.met != null) return;
  // What a person has settled stands, whatever becomes known later.
  const settled = before?.settled;
  const { from, started } = settled === undefined || before === undefined ? first : before;
  const candidates = (["found", "awareness"] as const).flatMap((start) => {
    const at = instants[start];
    return at === undefined ? [] : [{ from: start, at }];
  });
  const after: Deadline = {
    id,
    incident: work.incident.id,
    regime: regime.id,
    label: clock.label,
    from,
    started,
    due: dueOf(clock, started),
    met: null,
    nature: clock.nature,
    // Which instant counts is a person's to say, with a reason: every one is kept.
    ...(clock.settled_by !== undefined && {
      ...(settled === undefined ? { settled_by: clock.settled_by } : { settled }),
      candidates,
    }),
  };
  if (before === undefined) work.deadlines.push(after);
  else if (!sameJson(before, after)) work.deadlines[index] = after;
}

/** The instants of an incident that are known; `confirmed` is nobody's to state yet. */
function instantsOf({ incident, deliveries }: Work, met: Instant): Partial<Record<Start, Instant>> {
  const { occurred, first_alert, found } = incident;
  const delivered = deliveries.flatMap(({ state, settled }) =>
    state === "delivered" ? (settled ?? []) : [],
  );
  return {
    occurred,
    first_alert,
    // Nobody is aware before a person has taken note, nor of what no fact showed yet.
    ...(found !== null && { found, awareness: Math.max(found, met) }),
    ...(delivered.length > 0 && { transmitted: Math.min(...delivered) }),
  };
}

/** Elapsed hours, or calendar months in UTC; null for "sans délai". A month without that day ends on its last. */
function dueOf({ hours, months }: RegimeClock, started: Instant): Instant | null {
  if (hours !== undefined) return started + hours * MICROSECONDS.hour;
  if (months === undefined) return null;
  const from = new Date(started / 1000);
  const due = new Date(from);
  due.setUTCMonth(from.getUTCMonth() + months);
  if (due.getUTCDate() !== from.getUTCDate()) due.setUTCDate(0);
  return due.getTime() * 1000;
}
