import { isLeading } from "../../../rules/regimes/load-regime.ts";
import type { LeadingRegime, Regime, RegimeQuestion } from "../../../rules/regimes/regime.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";
import type { Incident } from "../../core/incident.ts";
import type { Setup } from "../work.ts";

export interface RegimesOf {
  /** The pack that leads state, draft and verdict. */
  leading: LeadingRegime;
  others: Regime[];
  /** In French: that the leading pack was not in force that day. */
  remark?: string;
}

type Enabled = Pick<Setup, "regimes"> & { facility: { time_zone: string } };

/**
 * The packs under which an incident is evaluated: the law of the day on which it was found, else first heard of.
 * A day before every pack of the leading duty takes the nearest, and says so: a wrong clock never ends a duty.
 */
export function regimesOf(setup: Enabled, incident: Pick<Incident, "found" | "first_alert">): RegimesOf {
  const day = dayOf(incident.found ?? incident.first_alert, setup.facility.time_zone);
  const inForce = setup.regimes.filter(
    ({ effective_from: from, effective_until: until }) =>
      (from === undefined || from <= day) && (until === undefined || day <= until),
  );
  const leading = inForce.find(isLeading);
  if (leading !== undefined) return { leading, others: inForce.filter((each) => each !== leading) };
  const packs = setup.regimes
    .filter(isLeading)
    .toSorted((a, b) => (a.effective_from ?? "").localeCompare(b.effective_from ?? ""));
  const nearest = packs.findLast(({ effective_from: from }) => (from ?? "") <= day) ?? packs[0];
  if (nearest === undefined)
    throw new TocsinError({
      code: "regimes_clash",
      where: "regimes",
      message: "no pack that leads",
    });
  const remark = `Ce texte n'était pas en vigueur le ${day} : évaluation indicative.`;
  return { leading: nearest, others: inForce, remark };
}

/** The questions of every pack of an incident, each once, with all the criteria it settles. */
export function questionsOf(
  setup: Enabled,
  incident: Pick<Incident, "found" | "first_alert">,
): RegimeQuestion[] {
  const { leading, others } = regimesOf(setup, incident);
  const questions = new Map<string, RegimeQuestion>();
  for (const question of [leading, ...others].flatMap((regime) => regime.questions))
    if (!questions.has(question.id)) questions.set(question.id, question);
  return [...questions.values()];
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();
/** Zones begin their days at whole quarters of an hour: the last one asked for, and its day. */
const QUARTER = 15 * MICROSECONDS.minute;
let last = { quarter: Number.NaN, zone: "", day: "" };

/** The day of an instant in the facility's zone, `2026-11-15`. */
export function dayOf(instant: number, zone: string): string {
  const quarter = Math.floor(instant / QUARTER);
  if (last.quarter !== quarter || last.zone !== zone) last = { quarter, zone, day: writeDay(instant, zone) };
  return last.day;
}

function writeDay(instant: number, zone: string): string {
  let format = FORMATS.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
    FORMATS.set(zone, format);
  }
  return format.format(instant / 1000);
}
