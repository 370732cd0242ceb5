import type { Instant } from "../../core/clock.ts";
import { holdOf, type Incident } from "../../core/incident.ts";
import type { Reads, Stored } from "../../store/store.ts";
import { breather } from "../breather.ts";
import { isSettled, setAsideSince } from "./set-aside-since.ts";

/** A closed incident, or one that was set aside and stands still, as retention sees it, with those that were merged into it. */
export interface ClosedDossier {
  id: string;
  reference: string;
  occurred: Instant;
  /** When it was closed; of what was set aside, since when nothing came. */
  closed: Instant;
  /** It was never closed: a reasoned non-declaration to which nothing came any more. */
  setAside: boolean;
  alerts: number;
  /** It was only watched: nothing of it was ever to be declared. */
  watched: boolean;
  /** A person suspended its conservation. */
  held: boolean;
  erased: Incident["erased"];
  evidenceErased: Incident["evidence_erased"];
  attachmentsErased: Incident["attachments_erased"];
  /** Itself, and the incidents that were merged into it. */
  family: string[];
}

/** What was read of all that is closed. */
export interface ClosedDossiers {
  dossiers: ClosedDossier[];
  /** How many others there are: none of them is ever purged. */
  running: number;
}

const PAGE = 500;
const STATES = ["closed", "merged", "set_aside"] as const;

/**
 * Reads every closed incident, oldest closing first, and those set aside to which nothing came since `still` and that a
 * person could close; those merged into one that runs are left out, as that one is.
 */
export async function closedDossiers(
  reads: Reads,
  facility: string,
  still: Instant,
): Promise<ClosedDossiers> {
  const closed = new Map<string, ClosedDossier>();
  const merged = new Map<string, { into: string; held: boolean }>();
  const breathe = breather();
  let aside = 0;
  for (let after: string | undefined; ; ) {
    const page = await reads.byState(facility, "incident", STATES, { limit: PAGE, after });
    for (const { content } of page) {
      if (content.state === "merged")
        merged.set(content.id, { into: content.merged_into ?? "", held: holdOf(content) !== undefined });
      else if (content.state === "set_aside") {
        const since = await setAsideSince(reads, facility, content);
        if (since > still || !(await isSettled(reads, facility, content.id))) continue;
        aside += 1;
        const lean = await leanOf(reads, facility, content);
        closed.set(content.id, { ...lean, closed: since, setAside: true, watched: false });
      } else closed.set(content.id, await leanOf(reads, facility, content));
      await breathe();
    }
    after = page.at(-1)?.content.id;
    if (page.length < PAGE) break;
  }
  for (const [id, { held }] of merged) {
    const into = closed.get(targetOf(id, merged));
    into?.family.push(id);
    // What holds one of them holds what it became.
    if (into !== undefined && held) into.held = true;
  }
  const counts = await reads.countByState(facility, "incident");
  const over = (counts.closed ?? 0) + (counts.merged ?? 0) + aside;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { dossiers: [...closed.values()].sort((a, b) => a.closed - b.closed), running: all - over };
}

/**
 * Reads one dossier as it stands, with its revision; undefined when it is not closed any more, is held, or was set aside
 * and something came after `closed`.
 */
export async function closedDossier(
  reads: Pick<Reads, "record" | "putsOf">,
  facility: string,
  { id, closed }: { id: string; closed: Instant },
): Promise<Stored<Incident> | undefined> {
  const stored = await reads.record(facility, "incident", id);
  if (stored === undefined || holdOf(stored.content) !== undefined) return undefined;
  const { state } = stored.content;
  const still = state === "set_aside" && (await setAsideSince(reads, facility, stored.content)) <= closed;
  return state === "closed" || still ? stored : undefined;
}

async function leanOf(
  reads: Pick<Reads, "ofIncident">,
  facility: string,
  incident: Incident,
): Promise<ClosedDossier> {
  const { id, reference, occurred, alerts, closed_by, closure, erased } = incident;
  const closings = (closure ?? erased) ? [] : await reads.ofIncident(facility, "closing", id);
  const last = closings.at(-1)?.content.at ?? incident.last_alert;
  return {
    ...{ id, reference, occurred, alerts, erased },
    closed: erased?.closed ?? closure?.at ?? last,
    setAside: erased?.set_aside === true,
    watched: closed_by !== undefined && closure === undefined,
    held: holdOf(incident) !== undefined,
    evidenceErased: incident.evidence_erased,
    attachmentsErased: incident.attachments_erased,
    family: [id],
  };
}

function targetOf(id: string, merged: ReadonlyMap<string, { into: string }>): string {
  let target = id;
  // Bounded, should two be said merged into each other.
  for (let hops = 0; hops < merged.size + 1; hops++) {
    const next = merged.get(target)?.into;
    if (next === undefined) return target;
    target = next;
  }
  return target;
}
