import type { Instant } from "../../core/clock.ts";
import type { Closing, SignOff } from "../../core/closing.ts";
import type { Decision } from "../../core/decision.ts";
import type { IncidentState } from "../../core/incident.ts";
import type { JournalEntry } from "../../core/journal.ts";
import { MUTE_KINDS, type Mute } from "../../core/mute.ts";
import type { OutsideDeclaration } from "../../core/outside-declaration.ts";
import { type Account, lapsingAct, ROLES, reviewDueSince } from "../../core/person.ts";
import { covers } from "../mute/covers.ts";
import type { Dependencies } from "../mute/dependencies.ts";
import { endOf } from "../mute/mutes.ts";
import type { Year } from "./calendar.ts";
import { type Change, changesOf } from "./changes.ts";
import { type DutyReport, dutyReports } from "./duty-report.ts";
import type { Noted, RegisterEntry } from "./entry.ts";
import { between, type Figures, figuresOf, inYear, stepsOf } from "./figures.ts";
import { filings, leadingOf } from "./find-entries.ts";
import { outsideLines } from "./outside-lines.ts";

/** An incident as the report names it. */
export interface Named {
  id: string;
  reference: string;
  occurred: Instant;
  /** The journal entry of its present state. */
  entry: number;
}

/** What an auditor verifies of one year; each line carries the number of its entry in the journal. */
export interface YearReport {
  year: number;
  from: Instant;
  to: Instant;
  made: Instant;
  /** The last entry taken in: the report says nothing of what came later. */
  head: number;
  figures: Figures;
  /** Met, and set aside with a reason. */
  setAside: (Named & {
    met: string[];
    pack: string;
    reason: string;
    by: string;
    /** Who confirmed it; null when one person sufficed. */
    second: string | null;
    at: Instant;
    declaration: string;
    sha256: string;
    entry: number;
  })[];
  /** Met, and neither declared nor set aside. */
  pending: (Named & { state: IncidentState; met: string[]; pack: string })[];
  /** The texts of the other duties: opened, notified, late, left or waiting. */
  duties: DutyReport[];
  /** Other duties that were found due, neither notified nor left with a reason, nor declared outside Tocsin. */
  otherDuties: (Named & { duty: string; met: string[] })[];
  delays: (Named & {
    found: Instant | null;
    approved: Instant | null;
    filed: Instant | null;
    foundToApproved: number | null;
    approvedToFiled: number | null;
    reference_given: string | null;
    exercise: boolean;
    decisionEntry: number | null;
    filingEntry: number | null;
  })[];
  /** Declared and over, without a resolution notice. */
  noResolution: (Named & { filed: Instant })[];
  closings: {
    month: string;
    machine: number;
    reopened: number;
    signed: { name: string; at: Instant; count: number; entry: number }[];
    lines: (Pick<Closing, "incident" | "reference" | "at" | "because" | "reopened"> & {
      pack: string;
      entry: number;
    })[];
  }[];
  mutes: {
    id: string;
    kind: string;
    author: string;
    reason: string;
    from: Instant;
    until: Instant;
    entry: number;
    incidents: { id: string; reference: string }[];
  }[];
  /** Active accounts that nobody has reviewed for a year, as they stand when the report is made. */
  unreviewed: { login: string; name: string; role: string; since: Instant }[];
  /** Delegations that end within thirty days of it, with no act to follow. */
  lapsing: { name: string; document: string; until: Instant }[];
  changes: Change[];
}

/** What the report is made of. */
export interface YearInput {
  year: Year;
  now: Instant;
  head: number;
  entries: readonly RegisterEntry[];
  outside: readonly Noted<OutsideDeclaration & { revision: number }>[];
  mutes: readonly Noted<Mute>[];
  signOffs: readonly Noted<SignOff>[];
  /** Entries of the journal about the house, oldest first. */
  house: readonly JournalEntry[];
  /** As they stand now. (Default: none.) */
  accounts?: readonly Account[] | undefined;
  dependencies: Dependencies;
}

/** A duty of which a version is so needs no declaration elsewhere. */
const SETTLED: ReadonlySet<string> = new Set(["notified", "not_notified"]);

/** Makes the auditor's report of a year. */
export function yearReport(input: YearInput): YearReport {
  const { year, now, head, entries, outside } = input;
  const ofYear = entries
    .filter(({ incident }) => inYear(year, incident.occurred) && incident.state !== "merged")
    .toReversed();
  const lines = outsideLines(outside).filter((line) => !line.void);
  const elsewhere = (incident: string, regime: string) =>
    lines.some((line) => line.incident === incident && (line.regime === null || line.regime === regime));
  return {
    year: year.year,
    from: year.from,
    to: year.to,
    made: now,
    head,
    figures: figuresOf({ year, entries, outside }),
    setAside: ofYear.flatMap((entry) => entry.decisions.flatMap((decision) => setAsideLine(entry, decision))),
    pending: ofYear.flatMap((entry) => {
      const duty = leadingOf(entry);
      const { state } = entry.incident;
      const open = state !== "set_aside" && state !== "closed" && filings(entry).length === 0;
      if (duty?.verdict !== "declare" || !open || elsewhere(entry.incident.id, duty.regime)) return [];
      return [{ ...named(entry), state, met: duty.met, pack: `${duty.regime}, version ${duty.version}` }];
    }),
    duties: dutyReports(ofYear, now),
    otherDuties: ofYear.flatMap((entry) =>
      entry.duties
        .filter(
          ({ leads, verdict, regime }) =>
            !leads &&
            verdict === "declare" &&
            !elsewhere(entry.incident.id, regime) &&
            !entry.dutyVersions.some((each) => each.regime === regime && SETTLED.has(each.state)),
        )
        .map(({ title, met, entry: at }) => ({ ...named(entry), entry: at, duty: title, met })),
    ),
    delays: ofYear.flatMap(delayLine),
    noResolution: ofYear.flatMap((entry) => {
      const [first] = filings(entry);
      const { state } = entry.incident;
      const over = state === "facts_ended" || state === "closed";
      const told = entry.declarations.some(({ kind, state }) => kind === "resolution" && state === "filed");
      // What was declared by error, and withdrawn, has no resolution to tell.
      const withdrawn = entry.incident.purpose?.kind === "withdrawal";
      return first === undefined || !over || told || withdrawn
        ? []
        : [{ ...named(entry), filed: first.settled ?? first.planned }];
    }),
    closings: closingsOf(input),
    mutes: input.mutes
      .filter((mute) => mute.from < year.to && endOf(mute) >= year.from)
      .flatMap(muteLine(input)),
    ...accountsOf(input),
    changes: changesOf(input.house, year),
  };
}

/** What of the accounts waits for someone. */
function accountsOf({ accounts = [], now }: YearInput): Pick<YearReport, "unreviewed" | "lapsing"> {
  const sorted = accounts.toSorted((a, b) => a.name.localeCompare(b.name, "fr"));
  return {
    unreviewed: sorted.flatMap((account) => {
      const since = reviewDueSince(account, now);
      const { login, name, role } = account;
      return since === undefined ? [] : [{ login, name, role: ROLES[role], since }];
    }),
    lapsing: sorted.flatMap((account) => {
      const act = lapsingAct(account, now);
      return act === undefined ? [] : [{ name: account.name, ...act }];
    }),
  };
}

function named({ incident: { id, reference, occurred, entry } }: RegisterEntry): Named {
  return { id, reference, occurred, entry };
}

function setAsideLine(entry: RegisterEntry, decision: Noted<Decision>): YearReport["setAside"] {
  if (decision.decision !== "set_aside") return [];
  const text = entry.declarations.find(
    ({ id, version }) => id === decision.declaration && version === decision.version,
  );
  const met = text?.sealed?.met ?? [];
  if (met.length === 0) return [];
  const { reason, delegate, at, declaration, version, sha256 } = decision;
  return [
    {
      ...named(entry),
      met,
      pack: text?.sealed?.pack ?? "",
      reason: reason ?? "",
      by: delegate.name,
      second: decision.second?.by.name ?? null,
      at,
      declaration: `${declaration}/${version}`,
      sha256,
      entry: decision.entry,
    },
  ];
}

function delayLine(entry: RegisterEntry): YearReport["delays"] {
  const { found, approved, filed } = stepsOf(entry);
  if (approved === null && filed === null) return [];
  const filing = filings(entry).find(({ settled, planned }) => (settled ?? planned) === filed);
  return [
    {
      ...named(entry),
      ...{ found, approved, filed },
      foundToApproved: between(found, approved),
      approvedToFiled: between(approved, filed),
      reference_given: filing?.reference ?? null,
      exercise: filing?.exercise ?? false,
      decisionEntry: entry.decisions.find(({ at }) => at === approved)?.entry ?? null,
      filingEntry: filing?.entry ?? null,
    },
  ];
}

function closingsOf({ year, entries, signOffs }: YearInput): YearReport["closings"] {
  const machine = entries.flatMap(({ closings }) =>
    closings.filter(({ by, at }) => by === "machine" && inYear(year, at)),
  );
  const months = Map.groupBy(machine, ({ month }) => month);
  return [...months]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([month, all]) => ({
      month,
      machine: all.length,
      reopened: all.filter(({ reopened }) => reopened !== null).length,
      signed: signOffs
        .filter((each) => each.month === month)
        .map(({ name, at, count, entry }) => ({ name, at, count, entry })),
      lines: all
        .sort((a, b) => a.at - b.at)
        .map(({ incident, reference, at, because, reopened, entry, regime, regime_version }) => ({
          ...{ incident, reference, at, because, reopened, entry },
          pack: `${regime}, version ${regime_version}`,
        })),
    }));
}

/** A mute with the incidents of which it covered something while it stood; one that covered nothing is left out. */
function muteLine({ entries, dependencies }: YearInput) {
  return (mute: Noted<Mute>): YearReport["mutes"] => {
    const until = endOf(mute);
    const held = entries.filter(({ facts, incident }) => {
      if (incident.occurred >= until) return false;
      return facts.some(
        (fact) =>
          fact.holds &&
          fact.withdrawn === null &&
          fact.stated < until &&
          fact.stated >= mute.from &&
          covers(mute, fact, dependencies),
      );
    });
    if (held.length === 0) return [];
    const { id, kind, author, reason, from, entry } = mute;
    const incidents = held.map(({ incident }) => ({ id: incident.id, reference: incident.reference }));
    return [{ id, kind: MUTE_KINDS[kind], author: author.name, reason, from, until, entry, incidents }];
  };
}
