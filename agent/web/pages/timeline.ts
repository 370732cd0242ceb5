import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { correctionsIn } from "../../core/logbook.ts";
import type { Dossier } from "../../stages/desk/desk.ts";
import type { DossierLinks } from "../../stages/group/group-desk.ts";
import type { FrenchTime } from "../french-time.ts";
import { deliveryRows, factRows, toldRows } from "./dossier-view.ts";

/** What the picture covers: equal intervals from `from` on, in which alerts are counted. */
export interface Scale {
  from: Instant;
  /** Width of one interval, µs. */
  width: number;
  intervals: number;
}

/** One line of the timeline in words: what the picture shows, and what has no place in it. */
export interface TimelineLine {
  at: Instant;
  until: Instant | null;
  kind: "Alertes" | "Fait" | "Personne" | "Décision" | "Envoi" | "Appel" | "Note" | "Note rectifiée";
  text: string;
  /** The system it is about, by its name. */
  system: string | null;
  /** Who says so, or did it; null when the text says it. */
  by: string | null;
}

type Told = Pick<
  Dossier,
  "incident" | "facts" | "systems" | "decisions" | "deliveries" | "effects" | "notes"
>;

const INTERVALS = 48;
const SHORTEST = 10 * MICROSECONDS.minute;
/** An event's own clock may be years off: what is told of earlier stands at the left edge. */
const LONGEST_BEFORE = 30 * MICROSECONDS.day;
/** Rows drawn and lines listed: a phone has to carry them. */
const ROWS = 12;
const LINES = 150;
/** Heights in the picture, px. */
const ALERTS = { label: 14, top: 22, height: 38 };
const ROW = 36;

/** The time that the picture covers: from the first to the last that happened, and a little beyond. */
export function scaleOf({ incident, facts, decisions, deliveries, notes }: Told, now: Instant): Scale {
  const standing = facts.filter(({ withdrawn }) => withdrawn === null);
  const ends = [
    incident.found,
    ...(incident.alerts > 0 ? [incident.last_alert] : []),
    ...standing.flatMap(({ since, until }) => [since, until]),
    ...decisions.map(({ at }) => at),
    ...deliveries.map(({ settled }) => settled),
    ...notes.map(({ about }) => about),
  ].filter((each): each is Instant => each !== null);
  const first = incident.alerts > 0 ? incident.first_alert : incident.occurred;
  const earliest = [incident.occurred, first, ...ends].reduce((a, b) => Math.min(a, b));
  const from = Math.max(earliest, first - LONGEST_BEFORE);
  const last = Math.max(from, ...ends.filter((each) => each <= now));
  const span = Math.max(SHORTEST, last - from);
  return { from, width: Math.ceil((span * 13) / 12 / INTERVALS), intervals: INTERVALS };
}

/** The picture of an incident over time, and the same in words; `counts` are its alerts by interval. */
export function timelineOf(
  dossier: Told,
  {
    scale,
    counts,
    time,
    now,
    group,
  }: {
    scale: Scale;
    counts: readonly number[];
    time: FrenchTime;
    now: Instant;
    /** What ties it to dossiers of other facilities. */
    group?: Pick<DossierLinks, "links" | "proposals"> | null;
  },
) {
  const rows = rowsOf(dossier);
  const end = scale.from + scale.width * scale.intervals;
  const place = (instant: Instant) =>
    (100 * Math.min(Math.max(instant - scale.from, 0), end - scale.from)) / (end - scale.from);
  const most = Math.max(1, ...counts);
  const lines = [...linesOf(dossier, { scale, counts }), ...groupLines(group)].sort((a, b) => a.at - b.at);
  const tick = tickStep(end - scale.from);
  const first = Math.ceil(scale.from / tick) * tick;
  const drawn = rows.slice(0, ROWS);
  return {
    height: ALERTS.top + ALERTS.height + 14 + drawn.length * ROW + 26,
    alerts: {
      total: counts.reduce((sum, count) => sum + count, 0),
      label: ALERTS.label,
      foot: ALERTS.top + ALERTS.height,
      bars: counts.flatMap((count, n) => {
        if (count === 0) return [];
        // A root, so that one alert is seen beside a thousand.
        const height = Math.max(3, Math.round(ALERTS.height * Math.sqrt(count / most)));
        const y = ALERTS.top + ALERTS.height - height;
        return [{ x: percent((100 * n) / counts.length), width: percent(90 / counts.length), y, height }];
      }),
    },
    rows: drawn.map((row, n) => {
      const top = ALERTS.top + ALERTS.height + 14 + n * ROW;
      const x = place(row.at);
      // A state that lasts is drawn to the edge.
      const to = row.state ? place(row.until ?? end) : x;
      return {
        ...row,
        clock: time.time(row.at),
        text: top + 13,
        mark: top + 24,
        x: percent(x),
        width: percent(Math.max(to - x, 0.8)),
        lasts: row.state && row.until === null,
      };
    }),
    more: Math.max(0, rows.length - ROWS),
    ticks: Array.from({ length: 8 }, (_, n) => first + n * tick)
      .filter((at) => at <= end)
      .map((at) => ({ x: percent(place(at)), label: tickLabel(at, tick, time), edge: place(at) > 85 })),
    lines: lines.slice(0, LINES),
    moreLines: Math.max(0, lines.length - LINES),
    from: time.when(scale.from, now),
    to: time.when(end, now),
  };
}

interface Row {
  at: Instant;
  until: Instant | null;
  /** The system it is about, by its name; null when it is about none. */
  system: string | null;
  label: string;
  state: boolean;
  kind: "fact" | "person" | "decision";
  suspected: boolean;
}

/** What is drawn, oldest first: facts that hold, the constat, decisions and filings. */
function rowsOf({ incident, facts, systems, decisions, deliveries }: Told): Row[] {
  const said = factRows(facts, systems)
    .filter(({ holds, withdrawn }) => holds && withdrawn === null)
    .map(
      ({ since, until, system, label, lasts, suspected }): Row => ({
        at: since,
        until,
        system,
        label,
        state: lasts,
        kind: "fact",
        suspected,
      }),
    );
  const point = (at: Instant, label: string, kind: Row["kind"]): Row => ({
    at,
    until: null,
    system: null,
    label,
    state: false,
    kind,
    suspected: false,
  });
  return [
    ...said,
    ...(incident.found === null ? [] : [point(incident.found, "Constat", "person")]),
    ...decisions.map(({ at, decision, version }) =>
      point(at, decision === "approved" ? `Texte validé, version ${version}` : "Non déclaré", "decision"),
    ),
    ...deliveryRows(deliveries).flatMap(({ settled, words }) =>
      settled === null ? [] : [point(settled, words, "decision")],
    ),
  ].sort((a, b) => a.at - b.at);
}

function linesOf(
  dossier: Told,
  { scale, counts }: { scale: Scale; counts: readonly number[] },
): TimelineLine[] {
  const { incident, facts, systems, decisions, deliveries, effects, notes } = dossier;
  const corrected = correctionsIn(notes);
  const line = (
    kind: TimelineLine["kind"],
    at: Instant,
    text: string,
    rest: { by?: string | null; until?: Instant | null; system?: string | null } = {},
  ): TimelineLine => ({ kind, at, text, by: null, until: null, system: null, ...rest });
  return [
    ...counts.flatMap((count, n) => {
      const at = scale.from + n * scale.width;
      const words = count === 1 ? "Une alerte" : `${count} alertes`;
      return count === 0 ? [] : [line("Alertes", at, words, { until: at + scale.width })];
    }),
    ...factRows(facts, systems).map((fact) => {
      const text = `${fact.holds ? "" : "Non : "}${fact.label}${fact.suspected ? " (soupçon)" : ""}${fact.withdrawn === null ? "" : " (retiré)"}`;
      return line("Fait", fact.since, text, { by: fact.origin, until: fact.until, system: fact.system });
    }),
    ...(incident.found === null
      ? []
      : [line("Personne", incident.found, "Constat : une personne en prend note")]),
    ...decisions.map(({ at, decision, version, delegate }) =>
      line("Décision", at, decision === "approved" ? `Texte validé, version ${version}` : "Non déclaré", {
        by: delegate.name,
      }),
    ),
    ...deliveryRows(deliveries).flatMap(({ settled, words, kindLabel, channel }) =>
      settled === null ? [] : [line("Envoi", settled, `${kindLabel} : ${words}`, { by: channel })],
    ),
    ...toldRows(effects).map(({ due, words, what, channel }) =>
      line("Appel", due, what === "" ? words : `${words} : ${what}`, { by: channel }),
    ),
    ...notes.map(({ id, about, text, author }) =>
      line(corrected.has(id) ? "Note rectifiée" : "Note", about, text, { by: author.name }),
    ),
  ].sort((a, b) => a.at - b.at);
}

/** Each link that was declared here, and those that others declared. */
function groupLines(group: Pick<DossierLinks, "links" | "proposals"> | null | undefined): TimelineLine[] {
  const line = (at: Instant, text: string, by: string): TimelineLine => ({
    ...{ kind: "Personne", at, until: null, text, system: null, by },
  });
  return [
    ...(group?.links ?? []).flatMap(({ link: { other, at, by, withdrawn } }) => {
      const words = `${other.name}, ${other.reference}`;
      return [
        line(at, `Lié à un dossier d’un autre établissement : ${words}`, by.name),
        ...(withdrawn === null ? [] : [line(withdrawn.at, `Lien retiré : ${words}`, withdrawn.name)]),
      ];
    }),
    ...(group?.proposals ?? []).map(({ facility, link }) =>
      line(
        link.at,
        `Lien proposé par un autre établissement : ${facility.name}, ${link.reference}`,
        link.by.name,
      ),
    ),
  ];
}

const { minute, hour, day } = MICROSECONDS;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * minute);

/** The distance between two marks of the axis: at most five fit on a phone. */
function tickStep(span: number): number {
  const step = STEPS.find((each) => span / each <= 5);
  return step ?? Math.ceil(span / 5 / day) * day;
}

function tickLabel(at: Instant, step: number, time: FrenchTime): string {
  if (step < 6 * hour) return time.time(at);
  const [, month = "", dayOfMonth = ""] = time.date(at).split("-");
  return step < day ? `${dayOfMonth}/${month} ${time.time(at)}` : `${dayOfMonth}/${month}`;
}

function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`;
}
