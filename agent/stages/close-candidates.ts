import { type Instant, MICROSECONDS } from "../core/clock.ts";
import type { Closing } from "../core/closing.ts";
import { CAUSES, type DetectionRule, isSuspicious } from "../core/detection.ts";
import { AVAILABILITY, FACTS, type Fact, underDefenceSecret } from "../core/fact.ts";
import { MUTE_KINDS } from "../core/mute.ts";
import { duration, formatInstant, monthOf } from "./french.ts";
import { delayToCome, to } from "./judge.ts";
import { regimesOf } from "./law/regimes-of.ts";
import { toldInPlace } from "./mute/behind.ts";
import { endOf } from "./mute/mutes.ts";
import { mutesOf } from "./mute/weigh.ts";
import { nameOf } from "./qualify.ts";
import { planSignOff } from "./remind-sign-off.ts";
import { sentenceWhenMet, whatOpens } from "./when-told.ts";
import { planEffect, type Setup, type Work } from "./work.ts";

/*
 * A candidate closes by itself when nothing makes it matter, and only then:
 * - it holds nothing but outages, all ended, none of which met a criterion or outlived the delay of its system:
 *   whatever touches an account or data is a suspicion of malice or leaves C2 unknown, and waits for a person;
 * - no detection of it is malicious, or of a rule that does not say what it means;
 * - no question to a person is open, and no source that fell silent still is;
 * - nothing new came for QUIET.
 * What was closed so is a non-declaration: a record of its own, listed by month for a person to sign off.
 */

/** As long as a detection may still join: what comes later is another incident. */
export const QUIET = 4 * MICROSECONDS.hour;
/** Timers stand on whole quarters of an hour, so that a storm plans few of them. */
const STEP = 15 * MICROSECONDS.minute;
/** Detections read over before closing; one with more is left to a person. */
export const READ_OVER = 5000;

/** The rules by which we hear of our own sources. */
const [SILENT, HEARD] = ["source-silent", "source-heard"];

/** What a `clock` effect carries that is to close a candidate. */
export interface ClosingPayload {
  closing: true;
}

export function isClosing(payload: unknown): payload is ClosingPayload {
  return (payload as Partial<ClosingPayload> | null)?.closing === true;
}

/** What becomes of a candidate if nothing changes. */
export type Outlook =
  | { outcome: "closes"; at: Instant }
  /** In French, for the page; `opens` when a delay makes it an incident, at which instant. */
  | { outcome: "kept"; because: string; opens: Instant | null };

/** Plans the moment at which a candidate that nothing keeps has been quiet for long enough. */
export function planClosing(work: Work, setup: Setup): void {
  if (keptBy(work, setup) !== undefined) return;
  const due = dueOf(work);
  const payload: ClosingPayload = { closing: true };
  // A question about its neighbours, once settled, asks anew: nothing else came.
  const settled = work.incident.apart?.length ?? 0;
  const key = `clock:${setup.facility.id}:${work.incident.id}:closing:${due}:${settled}`;
  planEffect(work, { key, kind: "clock", due, payload });
}

/**
 * Closes the candidate if nothing keeps it; else says what does, in French. `rules` are those of its detections, in the
 * order of their time.
 */
export function closeCandidate(
  work: Work,
  setup: Setup,
  { rules, now }: { rules: readonly DetectionRule[]; now: Instant },
): { outcome: "closed" } | { outcome: "kept"; because: string } {
  const kept =
    keptBy(work, setup) ??
    (now < quietSince(work) + QUIET ? "Une alerte ou un fait est trop récent." : undefined) ??
    keptByRules(rules) ??
    keptByCriterion(work, setup, now);
  if (kept !== undefined) return { outcome: "kept", because: kept };
  close(work, setup, { by: "machine", writer: null, because: becauseOf(work, setup, now) }, now);
  return { outcome: "closed" };
}

/**
 * Says what becomes of a candidate if nothing changes; undefined for what is none. `readRules` gives the rules of its
 * detections, in the order of their time, and is asked only when they matter.
 */
export async function outlookOf(
  work: Work,
  setup: Setup,
  { readRules, now }: { readRules: () => Promise<readonly DetectionRule[]>; now: Instant },
): Promise<Outlook | undefined> {
  if (work.incident.state !== "candidate") return undefined;
  const kept = keptBy(work, setup) ?? keptByRules(await readRules()) ?? keptByCriterion(work, setup, now);
  if (kept === undefined) return { outcome: "closes", at: dueOf(work) };
  return { outcome: "kept", because: kept, opens: opensAt(work, setup, now) };
}

/** The first delay to come whose passing makes a candidate an incident; null when none does. */
function opensAt(work: Work, setup: Setup, now: Instant): Instant | null {
  const delays = work.facts.flatMap((fact) => delayToCome(work, fact, setup, now)?.due ?? []);
  const next = delays.filter((at) => at > now).sort((a, b) => a - b);
  return next.find((at) => whatOpens(work, setup, at) !== undefined) ?? null;
}

/** Closes a candidate and leaves the record of it. */
export function close(
  work: Work,
  setup: Setup,
  { by, writer, because, falseAlarm }: Pick<Closing, "by" | "writer" | "because"> & { falseAlarm?: boolean },
  now: Instant,
): void {
  const { leading } = regimesOf(setup, work.incident);
  const month = monthOf(now, setup.facility.time_zone);
  to(work, "closed", because);
  work.incident = { ...work.incident, closed_by: by };
  if (by === "machine") work.beside.push(...planSignOff(month, setup));
  work.closings.push({
    id: setup.newId(),
    incident: work.incident.id,
    reference: work.incident.reference,
    by,
    writer,
    at: now,
    month,
    because,
    ...(falseAlarm === true ? { false_alarm: true as const } : {}),
    regime: leading.id,
    regime_version: leading.version,
    reopened: null,
  });
}

/** What keeps a candidate, time and detections apart; undefined when nothing does. */
function keptBy({ incident, facts, qualification, others }: Work, setup: Setup): string | undefined {
  if (incident.state !== "candidate") return "Ce n'est plus une simple surveillance.";
  if (underDefenceSecret(facts)) return "Secret de la défense nationale.";
  if (incident.malicious === true) return "Une personne dit l'acte malveillant.";
  if (incident.malicious === null && incident.causes.some((cause) => CAUSES[cause].malicious))
    return "Un acte malveillant est soupçonné.";
  const standing = facts.filter(stands);
  if (standing.some(({ kind }) => !AVAILABILITY.has(kind)))
    return "Un compte ou des données sont en cause, et leur sort est inconnu : seule une personne peut l'écarter.";
  const lasting = standing.find(({ until }) => until === null);
  if (lasting !== undefined) return `${toldOf(lasting, setup)} dure encore.`;
  if ((incident.linked?.length ?? 0) > 0) return "Un rapprochement attend l'avis d'une personne.";
  if ([qualification, ...others].some((each) => (each?.questions.length ?? 0) > 0))
    return "Une question attend sa réponse.";
  return undefined;
}

/** What keeps a candidate, by the rules of its detections. */
function keptByRules(rules: readonly DetectionRule[]): string | undefined {
  if (rules.length > READ_OVER) return "Ses alertes sont trop nombreuses pour être relues une à une.";
  if (isStillSilent(rules)) return "Une source est toujours silencieuse.";
  if (rules.some(isSuspicious)) return "Une alerte laisse soupçonner un acte malveillant.";
  return undefined;
}

function keptByCriterion(work: Work, setup: Setup, now: Instant): string | undefined {
  const standing = work.facts.filter(stands);
  // What the incident it stands behind tells people of is not told a second time.
  if (toldInPlace(work, setup, { behind: standing, with: standing }, now) !== undefined) return undefined;
  const sentence = sentenceWhenMet(work, setup, standing, now);
  return sentence && "Ce qui est connu remplirait un critère : une personne doit l'évaluer.";
}

function toldOf(fact: Fact, { systems }: Setup): string {
  const name = nameOf(fact, systems);
  return `« ${FACTS[fact.kind].label} »${name === undefined ? "" : ` (${name})`}`;
}

function stands({ holds, withdrawn }: Fact): boolean {
  return holds && withdrawn === null;
}

/** The last thing that was new: an alert by its own date, a fact by when it came. */
function quietSince({ incident, facts }: Work): Instant {
  const told = facts.flatMap(({ stated, until, withdrawn }) => [stated, until ?? 0, withdrawn?.at ?? 0]);
  return Math.max(incident.last_alert, incident.first_alert, ...told);
}

function dueOf(work: Work): Instant {
  return Math.ceil((quietSince(work) + QUIET) / STEP) * STEP;
}

/** Whether the last that was told of a source is that it fell silent: no state ends then, and nothing comes. */
function isStillSilent(rules: readonly DetectionRule[]): boolean {
  return rules.findLast(({ name }) => name === SILENT || name === HEARD)?.name === SILENT;
}

/** Why nothing had to be declared, for who signs off. */
function becauseOf(work: Work, setup: Setup, now: Instant): string {
  const zone = setup.facility.time_zone;
  const outages = work.facts.filter(stands).map((fact) => {
    const name = nameOf(fact, setup.systems);
    const minutes = (fact.system === null ? undefined : setup.systems.get(fact.system))
      ?.degraded_after_minutes;
    const lasted = (fact.until ?? fact.since) - fact.since;
    const delay =
      minutes === undefined
        ? "système non décrit, sans délai connu"
        : minutes === 0
          ? "ce système ne mène pas au mode dégradé"
          : `mode dégradé attendu après ${minutes} min`;
    return `${FACTS[fact.kind].label}${name === undefined ? "" : ` : ${name}`}, le ${formatInstant(fact.since, zone)} pendant ${duration(lasted)} (${delay}${mutedDuring(work, fact, setup)}).`;
  });
  const told = outages.length > 0 ? outages.join(" ") : "Aucun fait n'a été constaté.";
  const standing = work.facts.filter(stands);
  const main = toldInPlace(work, setup, { behind: standing, with: standing }, now);
  const met =
    main === undefined
      ? "aucun critère rempli"
      : `aucun critère que ${main.reference}, dont la panne est la cause, ne remplisse déjà`;
  return `${told} Aucun soupçon de malveillance, ${met}, rien de nouveau depuis ${duration(QUIET)}.`;
}

/** Who had muted an outage while it lasted, in French, after a comma; empty when nobody had. */
function mutedDuring(work: Work, fact: Fact, setup: Setup): string {
  const during = mutesOf(work, fact, setup).filter(
    (mute) => mute.from < (fact.until ?? fact.since) && endOf(mute) > fact.since,
  );
  return during.map(({ kind, author }) => `, ${MUTE_KINDS[kind].toLowerCase()} par ${author.name}`).join("");
}
