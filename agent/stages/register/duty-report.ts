import type { Instant } from "../../core/clock.ts";
import type { DutyState } from "../../core/duty-file.ts";
import type { DutyVersion, Noted, RegisterEntry } from "./entry.ts";

/** What became of the text of one duty of one incident. */
export interface DutyLine {
  id: string;
  reference: string;
  occurred: Instant;
  /** State and number of the version that stands. */
  state: DutyState;
  version: number;
  exercise: boolean;
  /** The first notification; null while nothing was notified. */
  notified: { at: Instant; where: string; reference: string; by: string } | null;
  /** The end of the clock that was, or is, missed; null when none was. */
  missed: Instant | null;
  /** Why it was late, as the text or who wrote it down says; null when nobody said. */
  late: string | null;
  /** Why nothing is notified, and who decided so. */
  left: { reason: string; by: string; at: Instant } | null;
  /** The journal entry of the version that is told. */
  entry: number;
}

/** The texts of one other duty over a year. */
export interface DutyReport {
  regime: string;
  title: string;
  opened: number;
  filed: number;
  /** Notified after their time, and of these those whose reasons are on record. */
  late: number;
  lateWithReason: number;
  /** Decided, with reasons, not to notify. */
  left: number;
  /** Neither notified nor decided so, and of these those whose time has passed. */
  unfiled: number;
  overdue: number;
  lines: DutyLine[];
}

/** The texts of the other duties of incidents, by duty; a dossier under secret has none. */
export function dutyReports(entries: readonly RegisterEntry[], now: Instant): DutyReport[] {
  const titles = new Map<string, string>();
  const found = entries.flatMap((entry) => {
    for (const { regime, title } of entry.duties) titles.set(regime, title);
    const files = Map.groupBy(entry.dutyVersions, ({ regime }) => regime);
    return [...files].map(([regime, versions]) => ({ regime, line: lineOf(entry, regime, versions, now) }));
  });
  const reports = [...Map.groupBy(found, ({ regime }) => regime)].map(([regime, all]): DutyReport => {
    const lines = all.map(({ line }) => line);
    const late = lines.filter((line) => line.notified !== null && line.missed !== null);
    const unfiled = lines.filter((line) => line.notified === null && line.left === null);
    return {
      regime,
      title: titles.get(regime) ?? regime,
      opened: lines.length,
      filed: lines.filter(({ notified }) => notified !== null).length,
      late: late.length,
      lateWithReason: late.filter((line) => line.late !== null).length,
      left: lines.filter(({ left }) => left !== null).length,
      unfiled: unfiled.length,
      overdue: unfiled.filter(({ missed }) => missed !== null).length,
      lines,
    };
  });
  return reports.sort((a, b) => (a.regime < b.regime ? -1 : 1));
}

function lineOf(
  { incident, deadlines }: RegisterEntry,
  regime: string,
  versions: readonly Noted<DutyVersion>[],
  now: Instant,
): DutyLine {
  const ordered = versions.toSorted((a, b) => a.version - b.version);
  const first = ordered.find(({ notified }) => notified !== undefined);
  const last = ordered.at(-1) as Noted<DutyVersion>;
  const { reason, by, at } = last.decision ?? {};
  const left =
    first === undefined && last.state === "not_notified" && by !== undefined && at !== undefined
      ? { reason: reason ?? "", by: by.name, at }
      : null;
  const missed = deadlines
    .filter((each) => each.regime === regime && each.void !== true && left === null)
    .flatMap(({ due, met }) => (due !== null && (met ?? now) > due ? due : []));
  const late = [...new Set(ordered.flatMap(({ notified, told }) => [told?.late, notified?.late]))]
    .filter((each) => each !== undefined && each !== null && each !== "")
    .join(" ; ");
  const { where = "", reference = "" } = first?.notified ?? {};
  return {
    id: incident.id,
    reference: incident.reference,
    occurred: incident.occurred,
    state: last.state,
    version: last.version,
    exercise: ordered.some(({ told }) => told?.exercise === true),
    notified:
      first?.notified === undefined
        ? null
        : { at: first.notified.at, where, reference, by: first.notified.by },
    missed: missed.length === 0 ? null : Math.min(...missed),
    late: late === "" ? null : late,
    left,
    entry: (first ?? last).entry,
  };
}
