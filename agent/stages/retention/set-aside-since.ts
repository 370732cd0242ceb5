import { canonicalJson } from "../../core/canonical-json.ts";
import type { Instant } from "../../core/clock.ts";
import type { Incident } from "../../core/incident.ts";
import type { Verdict } from "../../core/qualification.ts";
import type { Reads, RecordKind } from "../../store/store.ts";
import { notClosable } from "../desk/close-dossier.ts";
import { loadWork } from "../work.ts";

/** What may come to a dossier once it is decided: each is looked at once, at its last entry. */
const COMES: readonly RecordKind[] = [
  "decision",
  "decision_step",
  "declaration",
  "duty_file",
  "delivery",
  "exchange",
  "fact",
  "logbook",
];
/** Evaluations under another duty that leave a person something to decide, or to answer. */
const OWED: ReadonlySet<Verdict> = new Set(["declare", "advised", "answer_missing"]);
/** Puts of an incident that are compared: those of retention itself are a few. */
const PUTS = 50;

/**
 * Since when nothing has come to a dossier that was set aside: no alert, no decision, no fact, no note, no exchange. What
 * retention itself, or its suspension, writes of it is nothing that came.
 */
export async function setAsideSince(
  reads: Pick<Reads, "putsOf">,
  facility: string,
  incident: Incident,
): Promise<Instant> {
  let since = incident.last_alert;
  let stands: string | undefined;
  for (const { at, content } of await reads.putsOf(facility, "incident", incident.id, PUTS)) {
    const told = content === null ? undefined : toldBy(JSON.parse(content).content);
    stands ??= told;
    if (told !== stands) break;
    since = Math.max(incident.last_alert, at);
  }
  for (const kind of COMES)
    for (const { at } of await reads.putsOf(facility, kind, incident.id, 1)) since = Math.max(since, at);
  return since;
}

function toldBy({ evidence_erased: _, attachments_erased: _2, holds: _3, ...told }: Incident): string {
  return canonicalJson(told);
}

/** True of a dossier that was set aside and of which nothing is left to be done, so that a person could close it now. */
export async function isSettled(reads: Reads, facility: string, incident: string): Promise<boolean> {
  const work = await loadWork(reads, facility, incident);
  if (work === undefined || notClosable(work, { systems: new Map() }) !== undefined) return false;
  const owed = (regime: string) =>
    work.others.some((each) => each.regime === regime && OWED.has(each.verdict));
  return !work.duties.some(
    ({ regime, state }) => state === "approved" || (state === "draft" && owed(regime)),
  );
}
