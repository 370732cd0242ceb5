import { setImmediate } from "node:timers/promises";
import type { Instant } from "../../core/clock.ts";
import type { Incident } from "../../core/incident.ts";
import type { Attachment } from "../../core/logbook.ts";
import { attachmentsNamed } from "../../store/attachments-named.ts";
import type { EntryLeft, PlannedErasure, Store, Write } from "../../store/store.ts";
import { formatInstant } from "../french.ts";
import { closedDossier } from "./closed-dossiers.ts";
import type { DueDossier } from "./find-due.ts";
import type { Namings } from "./open-namings.ts";

/** Most rows of one unit, and most characters: while it is written nothing else is. */
export const UNIT = { rows: 500, characters: 64 * 1024 } as const;

/** What erasing works with. */
export interface Erasing {
  store: Store;
  facility: string;
  now: Instant;
  /** The facility's time zone, for what is said of it. */
  zone: string;
  /** Incidents whose alerts and attachments are given up: what only they hold goes. Added to. */
  released: Set<string>;
  /** Who names which attachment. */
  namings: Namings;
}

const KINDS_WITH_FILES = ["logbook", "exchange", "delivery"] as const;
/** The list of what was closed without a declaration is signed each month: it stays. */
const STAYS = "closing.put";

/**
 * Erases a dossier, or its alerts or attachments: it is marked first, so that pages tell it at once and a purge that is
 * cut off goes on from there. False when it is no longer closed, or is held, or changed meanwhile.
 */
export async function eraseDossier({ kind, policy, dossier }: DueDossier, parts: Erasing): Promise<boolean> {
  const whole = kind === "candidates" || kind === "dossiers";
  const mark = whole ? markWhole : markPart(kind === "evidence" ? "evidence_erased" : "attachments_erased");
  const gone = { policy, closed: dossier.closed, ...(dossier.setAside && { set_aside: true as const }) };
  if (!(await mark(dossier.id, { ...gone, left: true }, parts))) return false;
  for (const id of dossier.family) {
    if (kind !== "attachments") parts.released.add(id);
    if (!whole || id === dossier.id) continue;
    const marked = await markWhole(id, { ...gone, left: true }, parts);
    if (!marked) throw new Error(`purge: incident ${id} changed meanwhile; the next purge goes on`);
  }
  for (const id of dossier.family) {
    if (whole || kind === "attachments")
      await eraseAttachments(id, { ...parts, policy, family: dossier.family });
    if (kind !== "attachments") await eraseAlerts(id, { ...parts, policy });
    if (whole) await eraseEntries(id, { ...parts, policy });
  }
  // The one that names the others last: cut off before, all of it is gone through again.
  for (const id of dossier.family.toReversed()) await mark(id, gone, parts);
  return true;
}

type Marked = { policy: string; closed: Instant; set_aside?: true; left?: true };

/** Leaves of an incident only what says that it was, and that it is erased. */
async function markWhole(
  id: string,
  gone: Marked,
  { store, facility, now, zone }: Erasing,
): Promise<boolean> {
  const stored = await store.reads.record(facility, "incident", id);
  if (stored === undefined) return false;
  const { content: before, revision } = stored;
  if (before.erased !== undefined && before.erased.left === gone.left) return true;
  // Opened again, or held, since it was looked at.
  if (before.erased === undefined && before.state !== "merged") {
    if ((await closedDossier(store.reads, facility, { id, closed: gone.closed })) === undefined) return false;
  }
  // What was set aside still takes alerts in: from its erasure on, it is over.
  const state = before.state === "set_aside" ? "closed" : before.state;
  const { facility: here, reference, occurred, first_alert, last_alert, alerts, opened_by } = before;
  const at = before.erased?.at ?? now;
  const content: Incident = {
    ...{ id, facility: here, reference, state, occurred, first_alert, last_alert, alerts, opened_by },
    ...{ found: null, entities: [], systems: [], causes: [], malicious: null, declarant: null },
    because: `Contenu effacé le ${formatInstant(at, zone).slice(0, 10)} selon la règle « ${gone.policy} ».`,
    ...(before.merged_into === undefined ? {} : { merged_into: before.merged_into }),
    ...(before.closed_by === undefined ? {} : { closed_by: before.closed_by }),
    erased: { at, ...gone },
  };
  const done: Write[] = gone.left ? [] : [erasure({ policy: gone.policy, effectsOf: id })];
  return committed(store, { facility, at: now, writes: [putIncident(content, revision + 1), ...done] });
}

function markPart(member: "evidence_erased" | "attachments_erased") {
  return async (
    id: string,
    { policy, closed, left }: Marked,
    { store, facility, now }: Erasing,
  ): Promise<boolean> => {
    const stored = await store.reads.record(facility, "incident", id);
    // What was merged into another says nothing of itself any more.
    if (stored?.content.state === "merged") return true;
    if (stored === undefined || (await closedDossier(store.reads, facility, { id, closed })) === undefined)
      return false;
    const at = stored.content[member]?.at ?? now;
    const content = { ...stored.content, [member]: { at, policy, ...(left && { left }) } };
    return committed(store, { facility, at: now, writes: [putIncident(content, stored.revision + 1)] });
  };
}

async function eraseAlerts(id: string, parts: Erasing & { policy: string }): Promise<void> {
  const { store, facility, now, released, policy } = parts;
  for (let after: { occurred: Instant; seq: number } | undefined; ; ) {
    const asked = { released: [...released], after, limit: UNIT.rows };
    const page = await store.reads.alertsLeft(facility, id, asked);
    after = page.at(-1);
    const alerts = page.map(({ alert }) => alert);
    if (alerts.length > 0) await erase(store, { facility, at: now }, { policy, alerts });
    if (page.length < UNIT.rows) return;
    await setImmediate();
  }
}

async function eraseAttachments(
  id: string,
  { store, facility, now, policy, family, namings }: Erasing & { policy: string; family: readonly string[] },
): Promise<void> {
  // Ten megabytes each at most: one by one.
  for (const sha256 of await attachmentsLeft(store, facility, id)) {
    if (await namings.heldByOthers(sha256, family)) continue;
    await erase(store, { facility, at: now }, { policy, attachments: [sha256] });
    await setImmediate();
  }
}

/** The attachments that the records of an incident name and whose bytes stand. */
export async function attachmentsLeft(
  store: Pick<Store, "reads">,
  facility: string,
  incident: string,
): Promise<string[]> {
  const named: Attachment[] = [];
  for (const kind of KINDS_WITH_FILES)
    for (const { content } of await store.reads.ofIncident(facility, kind, incident))
      named.push(...attachmentsNamed({ type: `${kind}.put`, content: JSON.stringify({ content }) }));
  return store.reads.attachmentsLeft(facility, [...new Set(named.map(({ sha256 }) => sha256))]);
}

/** Erases every entry of an incident before the mark, the oldest first, with the records and joins of them. */
async function eraseEntries(id: string, parts: Erasing & { policy: string }): Promise<void> {
  const { store, facility, now, policy } = parts;
  const puts = await store.reads.putsOf(facility, "incident", id, 3);
  const marks = puts.filter(
    ({ content }) => content !== null && JSON.parse(content).content.erased !== undefined,
  );
  if (marks.length === 0) throw new Error(`purge: incident ${id} is not marked`);
  const end = Math.min(...marks.map(({ seq }) => seq));
  for (let after = 0; ; ) {
    const page = await store.reads.entriesLeft(facility, id, after, UNIT.rows);
    const before = page.filter(({ seq, type }) => seq < end && type !== STAYS);
    for (const entries of unitsOf(before)) {
      await erase(store, { facility, at: now }, { policy, entries });
      await setImmediate();
    }
    after = page.at(-1)?.seq ?? 0;
    if (page.length < UNIT.rows || after >= end) return;
  }
}

/** Cuts entries into units of a bounded size; one that is larger by itself goes alone. */
export function unitsOf(entries: readonly Pick<EntryLeft, "seq" | "size">[]): number[][] {
  const units: number[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const unit = units.at(-1);
    if (unit === undefined || size + entry.size > UNIT.characters || unit.length >= UNIT.rows) {
      units.push([entry.seq]);
      size = entry.size;
    } else {
      unit.push(entry.seq);
      size += entry.size;
    }
  }
  return units;
}

/** Commits one erasure; a conflict is a fault of ours. */
export async function erase(
  store: Store,
  at: { facility: string; at: Instant },
  planned: PlannedErasure,
): Promise<void> {
  const receipt = await store.commit({ ...at, writes: [erasure(planned)] });
  if (receipt.outcome === "conflict") throw new Error(`purge: ${receipt.because}`);
}

const erasure = (planned: PlannedErasure): Write => ({ write: "erasure", erasure: planned });

function putIncident(content: Incident, revision: number): Write {
  const { id, state } = content;
  return { write: "record", kind: "incident", id, revision, incident: id, state, content };
}

async function committed(store: Store, unit: Parameters<Store["commit"]>[0]): Promise<boolean> {
  return (await store.commit(unit)).outcome === "committed";
}
