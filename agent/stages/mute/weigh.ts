import type { Instant } from "../../core/clock.ts";
import { CAUSES } from "../../core/detection.ts";
import { AVAILABILITY, type Fact } from "../../core/fact.ts";
import type { IncidentState } from "../../core/incident.ts";
import type { Mute } from "../../core/mute.ts";
import type { Setup, Work } from "../work.ts";
import { holding } from "./mutes.ts";

/*
 * What is muted, and what is not.
 *
 * 1. Only what probes see waits: outages that a machine states. What anyone says, a suspicion of malice, whatever touches
 *    an account or data or leaves it in doubt outweighs every silence, window of works and main outage of the incident.
 * 2. What is muted is stored, grouped, evaluated on demand and shown, with who muted it: only the opening of a candidate
 *    and the messages about an incident wait.
 * 3. What was planned counts for no delay. What was silenced is told once the silence ends: a delay later if it lasts,
 *    at once if it is over and had outlived its delay.
 * 4. What stands behind a main outage waits only while people are told of that one, and only if it adds no criterion.
 */

/** States in which an incident may still open, or have people told of it. */
const WAITING: ReadonlySet<IncidentState> = new Set(["candidate", "open", "in_review"]);

/** True of an incident about which something may still wait. */
export function mayWait({ incident }: Pick<Work, "incident">): boolean {
  return WAITING.has(incident.state);
}

/** What makes a mute without effect on an incident. */
export type Outweighing = "person" | "malice" | "beyond_probes";

/** Why nothing of an incident may wait; undefined while all there is are outages that a machine saw. */
export function outweighs({ incident, facts }: Pick<Work, "incident" | "facts">): Outweighing | undefined {
  if (incident.malicious === true) return "malice";
  if (incident.malicious === null) {
    const { causes, suspicious } = incident;
    if (suspicious === true || causes.some((cause) => CAUSES[cause].malicious)) return "malice";
  }
  const standing = facts.filter(({ withdrawn }) => withdrawn === null);
  if (standing.some(({ origin }) => origin.by === "person")) return "person";
  if (standing.some(({ kind, holds }) => holds && !AVAILABILITY.has(kind))) return "beyond_probes";
  return undefined;
}

/** What covers a fact, whatever the time: nothing when the incident outweighs it. */
export function mutesOf(work: Pick<Work, "incident" | "facts">, fact: Fact, setup: Setup): readonly Mute[] {
  const covering = setup.mutes.covering(fact);
  return covering.length === 0 || outweighs(work) !== undefined ? [] : covering;
}

/** True while all that stands of an incident is muted by people: nobody is told of it. */
export function isQuiet(work: Pick<Work, "incident" | "facts">, setup: Setup, now: Instant): boolean {
  const standing = work.facts.filter(({ holds, withdrawn }) => holds && withdrawn === null);
  return (
    standing.length > 0 && standing.every((fact) => holding(mutesOf(work, fact, setup), fact, now).length > 0)
  );
}
