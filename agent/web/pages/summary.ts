import type { Instant } from "../../core/clock.ts";
import { CAUSES } from "../../core/detection.ts";
import type { Fact, FactKind } from "../../core/fact.ts";
import type { Dossier } from "../../stages/desk/desk.ts";
import type { FrenchTime } from "../french-time.ts";

/** Sentences shown: the page is read in ten seconds. */
const SENTENCES = 8;
/** Names in one sentence. */
const NAMES = 4;

interface Told {
  /** `depuis 02:14`, `à 02:14`, `de 02:14 à 03:00`. */
  when: string;
  /** What is concerned, joined; empty when it cannot be named. */
  names: string;
  count: number;
  over: boolean;
}

type Phrase = (told: Told) => string;

/** `…, : PACS et RIS` only when something is named. */
const named = (words: string, { names }: Told): string => (names === "" ? words : `${words} : ${names}`);

/** One sentence a kind of fact, in the order in which a director asks; judgements tell nothing of what happened. */
const PHRASES: readonly (readonly [FactKind, Phrase])[] = [
  ["patient_harmed", ({ when }) => `Un patient a été mis en danger ${when}`],
  [
    "degraded_mode",
    ({ when, over }) =>
      `Des services ${over ? "ont travaillé" : "travaillent"} en mode dégradé (papier) ${when}`,
  ],
  [
    "care_interrupted",
    ({ when, over }) => `Des prises en charge ${over ? "ont été" : "sont"} interrompues ou reportées ${when}`,
  ],
  [
    "care_diverted",
    ({ when, over }) =>
      `Des patients ${over ? "ont été" : "sont"} réorientés hors de l'établissement ${when}`,
  ],
  [
    "system_unavailable",
    (told) => {
      const { when, over, names, count } = told;
      if (names === "") return `Un système non identifié ${over ? "a été" : "est"} indisponible ${when}`;
      if (count === 1) return `${names} ${over ? "a été" : "est"} indisponible ${when}`;
      return `${count} systèmes ${over ? "ont été" : "sont"} indisponibles ${when} : ${names}`;
    },
  ],
  [
    "data_inaccessible",
    (told) => named(`Des données ${told.over ? "ont été" : "sont"} inaccessibles ${told.when}`, told),
  ],
  ["data_altered", (told) => named(`Des données ont été altérées ${told.when}`, told)],
  ["data_lost", (told) => named(`Des données ont été perdues ${told.when}`, told)],
  [
    "data_disclosed",
    (told) => named(`Des données ont été divulguées ou consultées sans droit ${told.when}`, told),
  ],
  ["health_data_affected", ({ when }) => `Des données de santé sont touchées, vu ${when}`],
  ["recovery_destroyed", (told) => named(`Des moyens de restauration ont été supprimés ${told.when}`, told)],
  ["malware_present", (told) => named(`Un code malveillant a été vu ${told.when}`, told)],
  ["account_compromised", ({ when }) => `Un compte au moins est compromis, vu ${when}`],
  ["site_defaced", ({ when }) => `Un site internet a été défiguré ${when}`],
  ["others_affected", ({ when }) => `D'autres établissements sont touchés ou exposés, signalé ${when}`],
  ["care_software_fault", ({ when }) => `Un bogue touche une application au cœur des soins, signalé ${when}`],
  ["exceptional_situation", ({ when }) => `Une autre situation exceptionnelle est signalée ${when}`],
  ["device_harm", ({ when }) => `Un dispositif médical est en cause dans un dommage grave, signalé ${when}`],
];

/** What happened, in a few French sentences that follow from the facts and from nothing else. */
export function incidentSummary(
  { incident, facts, systems }: Pick<Dossier, "incident" | "facts" | "systems">,
  time: FrenchTime,
  now: Instant,
): string[] {
  const names = new Map(systems.map(({ id, name }) => [id, name]));
  const day = time.date(incident.occurred);
  // The first sentence gives the day: afterwards the hour is enough.
  const moment = (at: Instant) => (time.date(at) === day ? time.time(at) : `${time.when(at, now)}`);
  const standing = facts.filter(({ holds, withdrawn }) => holds && withdrawn === null);
  const told = PHRASES.flatMap(([kind, phrase]) => {
    const of = standing.filter((fact) => fact.kind === kind);
    return of.length === 0 ? [] : [`${phrase(toldOf(of, names, moment))}${sureness(of)}.`];
  });
  const first =
    incident.opened_by === "person"
      ? "une personne l'a signalé"
      : incident.alerts === 1
        ? "une seule alerte"
        : `${incident.alerts} alertes, la dernière ${at(moment(incident.last_alert))}`;
  return [
    `Début estimé ${time.when(incident.occurred, now)} ; ${first}.`,
    ...told.slice(0, SENTENCES - 3),
    ...(told.length > SENTENCES - 3 ? ["D'autres faits sont plus bas."] : []),
    origin({ incident, standing }),
    incident.found === null
      ? "Personne de l'établissement n'en a encore pris note."
      : `L'établissement en a pris note ${at(moment(incident.found))}.`,
  ];
}

function toldOf(
  facts: readonly Fact[],
  systems: ReadonlyMap<string, string>,
  moment: (at: Instant) => string,
): Told {
  const lasting = facts.filter(({ until }) => until === null);
  // What lasts is the news; what is over is told only when nothing lasts.
  const over = lasting.length === 0;
  const of = over ? facts : lasting;
  const since = Math.min(...of.map((fact) => fact.since));
  const state = of.some(({ kind }) => STATES.has(kind));
  const until = Math.max(...of.map((fact) => fact.until ?? 0));
  const all = [
    ...new Set(of.flatMap(({ system }) => (system === null ? [] : (systems.get(system) ?? system)))),
  ];
  return {
    over: over && state,
    when: !state
      ? at(moment(since))
      : over
        ? `de ${moment(since)} à ${moment(until)}`
        : `depuis ${moment(since)}`,
    names: listed(all),
    count: all.length,
  };
}

const STATES: ReadonlySet<FactKind> = new Set<FactKind>([
  "system_unavailable",
  "data_inaccessible",
  "degraded_mode",
  "care_interrupted",
  "care_diverted",
]);

/** A rule's guess is no certainty, and what only people said is theirs. */
function sureness(facts: readonly Fact[]): string {
  const [first] = facts;
  if (first?.origin.by === "person" && facts.every(({ origin }) => origin.by === "person"))
    return `, selon ${first.origin.source}`;
  return facts.every(({ confidence }) => confidence === "suspected") ? " (soupçon, à confirmer)" : "";
}

function origin({
  incident,
  standing,
}: {
  incident: Dossier["incident"];
  standing: readonly Fact[];
}): string {
  const labels = incident.causes.map((cause) => CAUSES[cause].label.toLowerCase());
  const causes = labels.length === 0 ? "" : ` Cause reconnue par les règles : ${listed(labels)}.`;
  if (incident.malicious === true) return `Une personne dit que l'acte est malveillant.${causes}`;
  if (incident.malicious === false) return `Une personne dit que ce n'est pas un acte malveillant.${causes}`;
  const suspected =
    incident.causes.some((cause) => CAUSES[cause].malicious) ||
    standing.some(({ kind }) => kind === "malicious_action_suspected" || kind === "account_compromised");
  return suspected
    ? `Un acte malveillant est soupçonné ; personne ne l'a encore confirmé.${causes}`
    : `Personne n'a encore dit si c'est un acte malveillant.${causes}`;
}

/** `à 02:14`; a moment with its day is written without the preposition. */
function at(moment: string): string {
  return /^\d/.test(moment) ? `à ${moment}` : `le ${moment}`;
}

function listed(names: readonly string[]): string {
  if (names.length > NAMES) return `${names.slice(0, NAMES).join(", ")} et ${names.length - NAMES} autres`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} et ${names.at(-1)}`;
}
