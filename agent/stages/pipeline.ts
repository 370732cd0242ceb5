import type { LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import type { CorrelatorStats } from "../../rules/engine/correlation/correlator.ts";
import type { Instant } from "../core/clock.ts";
import type { Incident } from "../core/incident.ts";
import type { Mute } from "../core/mute.ts";
import { planClosing } from "./close-candidates.ts";
import type { Arrival } from "./correlate.ts";
import { tellCorrected } from "./decide/tell-step.ts";
import { draft } from "./draft.ts";
import { draftDuties } from "./duties/draft-duties.ts";
import { planDutySteps } from "./duties/duty-steps.ts";
import { followUp } from "./follow-up.ts";
import { planReminders } from "./followup/reminders.ts";
import { judge, planClocks } from "./judge.ts";
import type { ChangeMute } from "./mute/keep-mutes.ts";
import { notify } from "./notify.ts";
import { currentDeclaration, type Setup, type Work } from "./work.ts";

/** States in which an incident still takes detections in. */
export const ACTIVE: readonly Incident["state"][] = [
  "candidate",
  "open",
  "in_review",
  "approved",
  "declared",
  "facts_ended",
  // What follows a decision not to declare belongs to it: it does not open the same incident again.
  "set_aside",
];

/**
 * What the facts of an incident lead to, in order: judge, draft, tell, follow. With what it was `before`, on the same
 * facts, it is evaluated only: a text that stands is written anew later, and people are told of all such incidents
 * together.
 */
export function carry(work: Work, setup: Setup, now: Instant, before?: Work): void {
  if (work.incident.state === "merged") return;
  judge(work, setup, now);
  const { incident, qualification } = work;
  const other = before?.qualification !== qualification || before?.incident !== incident;
  const later = before !== undefined && currentDeclaration(work)?.state === "draft";
  if (other && !later && incident.state !== "candidate" && incident.state !== "closed")
    draft(work, setup, now);
  tellCorrected(work, setup, now);
  notify(work, setup, now, before);
  planClocks(work, setup, now);
  planClosing(work, setup);
  followUp(work, setup);
  planReminders(work, setup, now);
  draftDuties(work, setup, now, before);
  planDutySteps(work, setup, now);
}

/** What those who bring incidents together or take them apart work with. */
export interface Regrouper {
  now: Instant;
  /** The last detection that was placed. */
  seq: number;
  reference(): string;
  /** All detections of incidents; undefined when there are too many to be read again. */
  arrivals(...incidents: string[]): Promise<Arrival[] | undefined>;
  cameFrom(incident: string, other: string): Promise<number[]>;
  /** What ties detections to one incident ties them to the other from now on. */
  merged(from: Work, into: Work): void;
  /** Only these detections tie anything to this incident. */
  retied(work: Work, arrivals: readonly Arrival[]): Promise<void>;
}

export interface Pipeline {
  /**
   * Takes in the next batch of detections that the store has and that were not correlated yet, and writes what
   * correlations make of them and of the time that passed; 0 when nothing is left to do.
   */
  advance(): Promise<number>;
  /**
   * Works on one incident alone, then commits; undefined when there is no such incident. Nothing is kept when
   * `act` returns a refusal: `keep` tells which results are worth a commit. What leads to nothing else is not `carried`:
   * the incident is not evaluated anew.
   */
  act<T>(
    incident: string,
    act: (work: Work, now: Instant) => T,
    keep?: (result: T) => boolean,
    carried?: boolean,
  ): Promise<T | undefined>;
  /**
   * Works on several incidents at once, then commits, with those that `act` adds; undefined when one is unknown or
   * named twice. Nothing is kept when `act` returns a refusal, as `act` alone.
   */
  regroup<T>(
    incidents: readonly string[],
    act: (works: Work[], tools: Regrouper) => Promise<T> | T,
    keep: (result: T) => boolean,
  ): Promise<T | undefined>;
  /** The incident that one went into, itself when it stands. */
  standing(incident: string): Promise<string>;
  /** Opens an incident that no alert made, then commits; does nothing when there is one of this id. */
  open(incident: string, make: (reference: string, now: Instant) => Work): Promise<void>;
  /** Ids of the incidents that may still change. */
  incidents(): string[];
  /**
   * Evaluates incidents anew and commits them as one; says what those that may still change were and became. Texts that
   * stand are left to `rewrite`: until then, whoever acts on one has it written first.
   */
  revise(incidents: readonly string[]): Promise<{ before: Work; after: Work }[]>;
  /** Writes the texts of incidents anew where they wait for a decision, and commits them as one. */
  rewrite(incidents: readonly string[]): Promise<void>;
  /** The incident's records as committed. */
  view(incident: string): Promise<Work | undefined>;
  /** The same at once, of an incident that may still change. */
  known(incident: string): Work | undefined;
  /**
   * Takes in what other processes wrote since, when several share the record; resolves with how many records that was,
   * its own included.
   */
  catchUp(): Promise<number>;
  /** Reads all that may still change again: retention wrote of some that were set aside. */
  reread(): Promise<void>;
  /** Changes a silence or a window of works, then commits; nothing is kept when `change` refuses or changes nothing. */
  mute<T extends { outcome: "refused" }>(id: string, change: ChangeMute<T>): Promise<Mute | T>;
  /**
   * Takes in all there is, and decides what correlations wait for as far as a recording that ends now tells; says of
   * which it does not tell.
   */
  finish(): Promise<{ rule: string; title: string; groups: number }[]>;
  /** Works with other settings from the next unit on, once `change` has put them in place of the present ones. */
  follow(change: () => void): Promise<void>;
  /** Puts correlations in force in place of others. */
  use(correlations: readonly LoadedCorrelation[]): void;
  /** What the windows of correlations hold; undefined before the first detection. */
  windows(): CorrelatorStats | undefined;
}

export interface PipelineEvents {
  changed?(before: Incident | undefined, work: Work): void;
  /** A silence or a window of works was made, or came to its end. */
  muted?(mute: Mute, before: Mute | undefined): void;
  /** Windows were rebuilt from the record; not `whole` when it held more than is read back. */
  rebuilt?(told: { detections: number; whole: boolean }): void;
}
