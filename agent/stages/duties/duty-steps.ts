import { isDuty } from "../../../rules/regimes/load-regime.ts";
import type { DutyRegime } from "../../../rules/regimes/regime.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Deadline } from "../../core/deadline.ts";
import { DUTY_STATES } from "../../core/duty-file.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import { ROLES } from "../../core/person.ts";
import { duration, formatInstant } from "../french.ts";
import { isQuiet } from "../mute/weigh.ts";
import { byDay } from "../when-told.ts";
import { planEffect, type Setup, type Work } from "../work.ts";
import { isDue, lastDuty } from "./draft-duties.ts";
import { dutyRegimeOf } from "./settle-duty.ts";

/*
 * Who approves the text of a duty is told once of each step: a text waits; half the time of its clock has passed; twelve
 * hours are left; it is over. What can wait is told by day; the last hours, a clock that is over and a duty "sans délai"
 * are told at once, as clocks never pause. Of steps that a stop held up only the last is told.
 */

export const DUTY_STEPS = ["waits", "half", "last_hours", "over"] as const;

/** One step of one duty: of a version that waits, or of a clock that is due then. */
export type DutyStep = { regime: string } & (
  | { step: "waits"; version: number }
  | { step: "half" | "last_hours" | "over"; clock: string; due: Instant }
);

/** What a `clock` effect carries at whose time whoever approves is found. */
export interface DutyTurn {
  duty: DutyStep;
}

export function isDutyTurn(payload: unknown): payload is DutyTurn {
  return (payload as Partial<DutyTurn> | null)?.duty !== undefined;
}

/** Time before its end at which a clock is called to mind for the last time. */
const LAST_HOURS = 12 * MICROSECONDS.hour;

/** Plans each step of the duties of an incident; a key plans each once. */
export function planDutySteps(work: Work, setup: Setup, now: Instant): void {
  if (setup.mode === "observe" || underDefenceSecret(work.facts) || isQuiet(work, setup, now)) return;
  const { id, state } = work.incident;
  if (state === "candidate" || state === "merged") return;
  for (const regime of setup.regimes.filter(isDuty))
    for (const { duty, at } of stepsOf(work, setup, regime, now))
      planEffect(work, {
        key: `duty:${setup.facility.id}:${id}:${stepKey(duty)}`,
        kind: "clock",
        due: Math.max(now, at),
        payload: { duty } satisfies DutyTurn,
      });
}

/** Tells one step from every other of its incident. */
export function stepKey(duty: DutyStep): string {
  const { regime, step } = duty;
  return duty.step === "waits"
    ? `${regime}:${step}:${duty.version}`
    : `${regime}:${step}:${duty.clock}:${duty.due}`;
}

/** The steps of one duty that are to come or have come, each with its instant. */
function stepsOf(
  work: Work,
  setup: Setup,
  regime: DutyRegime,
  now: Instant,
): { duty: DutyStep; at: Instant }[] {
  const file = lastDuty(work, regime.id);
  if (file === undefined || file.state === "not_notified") return [];
  const clocks = running(work, regime);
  const zone = setup.facility.time_zone;
  const urgent = clocks.some(({ due }) => due === null);
  const waits =
    file.state === "draft" && waitsFor(work, regime)
      ? [
          {
            duty: { regime: regime.id, step: "waits" as const, version: file.version },
            at: urgent ? now : byDay(now, zone),
          },
        ]
      : [];
  const timed = clocks.flatMap(({ id, started, due }) => {
    if (due === null) return [];
    const half = started + Math.floor((due - started) / 2);
    const last = due - LAST_HOURS;
    const of = { regime: regime.id, clock: id.slice(id.lastIndexOf("/") + 1), due };
    // By day, yet never after the step that follows it.
    return [
      ...(half < last
        ? [{ duty: { ...of, step: "half" as const }, at: Math.min(byDay(half, zone), last) }]
        : []),
      ...(last > started ? [{ duty: { ...of, step: "last_hours" as const }, at: last }] : []),
      { duty: { ...of, step: "over" as const }, at: due },
    ];
  });
  return [...waits, ...timed];
}

/** The clocks of a duty that nothing has met or made void. */
function running({ deadlines }: Work, { id }: DutyRegime): Deadline[] {
  return deadlines.filter((each) => each.regime === id && each.met === null && each.void !== true);
}

/** True while what is known asks for a decision on the text. */
function waitsFor(work: Work, regime: DutyRegime): boolean {
  const qualification = work.others.find((each) => each.regime === regime.id);
  return qualification !== undefined && isDue(regime, qualification);
}

/** True of a step that a later one of its duty, due by now, has taken the place of. */
export function isOvertaken(work: Work, setup: Setup, duty: DutyStep, now: Instant): boolean {
  const regime = dutyRegimeOf(setup, duty.regime);
  if (regime === undefined) return true;
  const rank = DUTY_STEPS.indexOf(duty.step);
  return stepsOf(work, setup, regime, now).some(
    ({ duty: other, at }) =>
      at <= now &&
      DUTY_STEPS.indexOf(other.step) > rank &&
      (duty.step === "waits" || (other.step !== "waits" && other.clock === duty.clock)),
  );
}

/** What a step says, in French; undefined once it is no longer true. */
export function dutyLine(work: Work, setup: Setup, duty: DutyStep, now: Instant): string | undefined {
  const { state, reference } = work.incident;
  if (setup.mode === "observe" || underDefenceSecret(work.facts) || state === "merged") return undefined;
  const regime = dutyRegimeOf(setup, duty.regime);
  const file = lastDuty(work, duty.regime);
  if (regime === undefined || file === undefined || file.state === "not_notified") return undefined;
  const at = (instant: Instant) => formatInstant(instant, setup.facility.time_zone);
  const clocks = running(work, regime);
  const name = `${reference}, ${regime.title}`;
  if (duty.step === "waits") {
    if (file.state !== "draft" || file.version !== duty.version || !waitsFor(work, regime)) return undefined;
    const [first] = clocks.toSorted((a, b) => (a.due ?? 0) - (b.due ?? 0));
    const until =
      first === undefined
        ? ""
        : first.due === null
          ? ", sans délai"
          : first.due <= now
            ? `, le délai est dépassé depuis le ${at(first.due)}`
            : `, à faire avant le ${at(first.due)}${proposed(first)}`;
    return `${name} : le texte ${awaits(regime)}${until}`;
  }
  const clock = clocks.find(({ id, due }) => due === duty.due && id.endsWith(`/${duty.clock}`));
  if (clock === undefined) return undefined;
  const standing =
    file.state === "draft"
      ? `le texte ${awaits(regime)}`
      : file.state === "approved"
        ? `le texte est ${DUTY_STATES.approved.replace("Validé", "validé")}`
        : "une notification complémentaire est attendue";
  const before = `avant le ${at(duty.due)}${proposed(clock)}`;
  if (duty.due <= now)
    return `${name} : délai dépassé depuis le ${at(duty.due)}, ${standing} ; la raison du retard sera demandée`;
  const left = duration(duty.due - now);
  return duty.step === "half"
    ? `${name} : la moitié du délai est passée, il reste ${left}, ${before} ; ${standing}`
    : `${name} : il ne reste que ${left}, ${before} ; ${standing}`;
}

/** Nobody has said yet from when it counts. */
function proposed({ settled_by }: Deadline): string {
  return settled_by === undefined ? "" : " (instant proposé, à fixer)";
}

/** By whom a text is to be approved: who reads it may be another. */
function awaits({ approvers }: DutyRegime): string {
  const roles = approvers.map((role) => (role === "rssi" ? ROLES[role] : ROLES[role].toLowerCase()));
  return `attend d'être validé par : ${roles.join(" ou ")}`;
}
