import { setImmediate } from "node:timers/promises";
import type { Instant } from "../../core/clock.ts";
import { policyOf, RETENTION_KINDS, type RetentionKind, type RetentionRules } from "../../core/retention.ts";
import type { Extent, Store } from "../../store/store.ts";
import { type ClosedDossier, closedDossiers } from "./closed-dossiers.ts";
import { visasOf } from "./eliminations.ts";
import { dueAccounts, eraseAccount } from "./erase-accounts.ts";
import { attachmentsLeft, erase, eraseDossier, UNIT, unitsOf } from "./erase-dossier.ts";
import { type DueDossier, endOf, findDue, stillSince } from "./find-due.ts";
import { openNamings } from "./open-namings.ts";

/** What a purge works with. */
export interface PurgeParts {
  store: Store;
  facility: string;
  rules: RetentionRules;
  now: Instant;
  /** The facility's time zone. */
  zone: string;
  /** False only looks. */
  apply: boolean;
  /** Detections that were not sorted into incidents yet begin here: none from here on is touched. */
  sorted: number;
  /** Writes what is about to be erased to a place of its own; a dossier of which it throws is left. */
  archive?: ((dossier: ClosedDossier, kind: DueDossier["kind"]) => Promise<void>) | undefined;
  /** The weekly reports: names and instants of those before one, and what takes one away. */
  reports?:
    | { before(instant: Instant): { name: string; at: Instant }[]; remove(name: string): void }
    | undefined;
  /** Asked between two units: true ends the purge, which the next one goes on with. */
  stopped?: (() => boolean) | undefined;
}

/** What a rule took away, or would. */
export interface PurgeLine extends Extent {
  kind: RetentionKind;
  policy: string;
}

/** What a purge did, or would do. */
export interface PurgeReport {
  applied: boolean;
  lines: PurgeLine[];
  /** Their time is over, and they stay: suspended, or without a visa. */
  held: ClosedDossier[];
  proposed: ClosedDossier[];
  /** Incidents that are not closed, nor set aside for good: they are never purged. */
  running: number;
  /** Dossiers that were set aside and of which something was erased, or would be. */
  setAside: number;
  /** Dossiers that stayed because they could not be archived, and why. */
  unarchived: { reference: string; because: string }[];
  /** Dossiers that changed meanwhile, and stayed. */
  changed: string[];
}

/** Detections looked at in one window. */
const WINDOW = 2000;

/** Takes away, in small units, what the rules of conservation end, or says what they would; can be cut off and repeated. */
export async function purge(parts: PurgeParts): Promise<PurgeReport> {
  const { store, facility, rules, now, zone, apply } = parts;
  const tallies = new Map(
    (Object.keys(RETENTION_KINDS) as RetentionKind[]).map((kind) => [kind, tally()] as const),
  );
  const add = (kind: RetentionKind, at: Instant) => tallies.get(kind)?.add(at);
  const over = () => parts.stopped?.() === true;
  const { dossiers, running } = await closedDossiers(store.reads, facility, stillSince(rules, now));
  const found = findDue(dossiers, { rules, now, visas: await visasOf(store.reads, facility) });
  const report: PurgeReport = {
    ...{ applied: apply, lines: [], running, setAside: 0, unarchived: [], changed: [] },
    ...{ held: found.held, proposed: found.proposed },
  };
  for (const sweep of [sweepReports, sweepQuarantine, sweepAccess, sweepAccounts, sweepUnmatched])
    if (!over()) await sweep({ ...parts, add, over });
  const released = new Set(
    dossiers.flatMap(({ family, erased, evidenceErased }) => ((erased ?? evidenceErased) ? family : [])),
  );
  const namings = openNamings(store.reads, facility);
  for (const due of found.due) {
    if (over()) break;
    const { kind, dossier } = due;
    if (kind === "attachments" && !(await hasAttachments(store, facility, dossier))) continue;
    if (apply) {
      const because = await unarchived(due, parts.archive);
      if (because !== undefined) {
        report.unarchived.push({ reference: dossier.reference, because });
        continue;
      }
      if (!(await eraseDossier(due, { store, facility, now, zone, released, namings }))) {
        report.changed.push(dossier.reference);
        continue;
      }
    }
    add(kind, dossier.closed);
    if (dossier.setAside) report.setAside += 1;
  }
  report.lines = [...tallies].map(([kind, { extent }]) => ({
    kind,
    policy: policyOf(kind, rules),
    ...extent(),
  }));
  return report;
}

type Sweep = PurgeParts & { add: (kind: RetentionKind, at: Instant) => void; over: () => boolean };

async function sweepReports({ reports, rules, now, apply, add }: Sweep): Promise<void> {
  for (const { name, at } of reports?.before(endOf("reports", rules, now)) ?? []) {
    if (apply) reports?.remove(name);
    add("reports", at);
  }
}

async function sweepQuarantine({ store, facility, rules, now, apply, add, over }: Sweep): Promise<void> {
  const before = endOf("quarantine", rules, now);
  const { count, oldest, newest } = await store.reads.quarantineBefore(facility, before);
  for (let n = 0; n < count; n++) add("quarantine", n === 0 ? (oldest ?? before) : (newest ?? before));
  for (let left = apply ? count : 0; left > 0 && !over(); left -= UNIT.rows)
    await store.commit({ facility, at: now, writes: [{ write: "quarantine_end", before }] });
}

async function sweepAccess({ store, facility, rules, now, apply, add, over }: Sweep): Promise<void> {
  const before = endOf("access", rules, now);
  const policy = policyOf("access", rules);
  for (let after = { at: Number.MIN_SAFE_INTEGER, seq: 0 }; !over(); ) {
    const page = await store.reads.accessLeft(facility, { after, before, limit: UNIT.rows });
    for (const entries of apply ? unitsOf(page) : [])
      await erase(store, { facility, at: now }, { policy, entries });
    for (const { at } of page) add("access", at);
    const last = page.at(-1);
    if (last === undefined || page.length < UNIT.rows) return;
    after = last;
    await setImmediate();
  }
}

async function sweepAccounts({ store, facility, rules, now, apply, add, over }: Sweep): Promise<void> {
  const policy = policyOf("accounts", rules);
  for (const due of await dueAccounts(store, facility, endOf("accounts", rules, now))) {
    if (over()) return;
    if (apply) await eraseAccount(due, { store, facility, now, policy });
    add("accounts", due.at);
  }
}

async function sweepUnmatched({
  store,
  facility,
  rules,
  now,
  apply,
  sorted,
  add,
  over,
}: Sweep): Promise<void> {
  const before = endOf("unmatched", rules, now);
  const policy = policyOf("unmatched", rules);
  for (let from = 1; from <= sorted && !over(); from += WINDOW) {
    const to = Math.min(sorted, from + WINDOW - 1);
    const due = (await store.reads.unjoinedAlerts(facility, { from, to })).filter(({ at }) => at < before);
    for (let at = 0; apply && at < due.length; at += UNIT.rows) {
      const alerts = due.slice(at, at + UNIT.rows).map(({ id }) => id);
      await erase(store, { facility, at: now }, { policy, alerts });
    }
    for (const { at } of due) add("unmatched", at);
    await setImmediate();
  }
}

async function hasAttachments(store: Store, facility: string, { family }: ClosedDossier): Promise<boolean> {
  for (const id of family) if ((await attachmentsLeft(store, facility, id)).length > 0) return true;
  return false;
}

/** Why a dossier could not be archived; undefined when it was, or need not be. */
async function unarchived(
  { kind, dossier }: DueDossier,
  archive: PurgeParts["archive"],
): Promise<string | undefined> {
  // What was begun to be erased was archived before.
  const begun = dossier.erased ?? (kind === "evidence" ? dossier.evidenceErased : dossier.attachmentsErased);
  if (archive === undefined || begun?.left) return undefined;
  try {
    await archive(dossier, kind);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function tally() {
  const extent: Extent = { count: 0, oldest: null, newest: null };
  return {
    add(at: Instant): void {
      extent.count += 1;
      extent.oldest = Math.min(extent.oldest ?? at, at);
      extent.newest = Math.max(extent.newest ?? at, at);
    },
    extent: () => extent,
  };
}
