import type { LeadingRegime } from "../../rules/regimes/regime.ts";
import type { Instant } from "../core/clock.ts";
import {
  type Declaration,
  type DeclarationContent,
  type DeclarationKind,
  type FormField,
  type FormSection,
  type Provenance,
  sealContent,
} from "../core/declaration.ts";
import { CAUSES } from "../core/detection.ts";
import { FACTS, type Fact, JUDGEMENTS, underDefenceSecret } from "../core/fact.ts";
import type { Masked, Tally } from "../core/masked.ts";
import { type Account, calledName } from "../core/person.ts";
import { CRITERION_VALUES, type CriterionResult, DEGREE_LABELS } from "../core/qualification.ts";
import { FACILITY_KINDS, formatInstant } from "./french.ts";
import { regimesOf } from "./law/regimes-of.ts";
import { describeFact, nameOf } from "./qualify.ts";
import { currentDeclaration, type Setup, type Work } from "./work.ts";

/** Version of the French rendering below: part of what is signed. */
const TEMPLATE_VERSION = "1";

/** Values that people gave, by field: they stand whatever the machine finds later. */
export type ByPerson = ReadonlyMap<string, Pick<FormField, "value" | "unknown" | "provenance">>;

/**
 * Fills the form from the facts and renders its French text; the version changes only after a decision.
 * A field that nobody and nothing fills says "inconnu à ce stade": it is never defaulted.
 */
export function draft(work: Work, setup: Setup, now: Instant, edits?: ByPerson): void {
  if (underDefenceSecret(work.facts)) return;
  const regime = regimesOf(setup, work.incident).leading;
  const before = currentDeclaration(work);
  if (before?.state === "set_aside" && work.incident.state === "set_aside") return;
  const open = before?.state === "draft" ? before : undefined;
  // What completes nothing filed is no complement: it replaces the text that was approved and not filed.
  const kind: DeclarationKind = work.declarations.some((each) => each.state === "filed")
    ? "complement"
    : "initial";
  const id = before?.id ?? setup.newId();
  const version = open?.version ?? (before?.version ?? 0) + 1;
  const old = before && (JSON.parse(before.canonical) as Masked<DeclarationContent>);
  const byPerson = new Map([...personFields(old), ...(edits ?? [])]);
  const sections = fill(work, setup, { regime, byPerson });
  const criteria = work.qualification?.criteria ?? [];
  const heading = {
    facility: { id: setup.facility.id, name: setup.facility.name },
    incident: work.incident.id,
    reference: work.incident.reference,
    declaration: id,
    kind,
    version,
    exercise: setup.mode === "exercise",
    pack: { id: regime.id, version: regime.version },
    template: { id: regime.form.id, version: `${regime.form.version}.${TEMPLATE_VERSION}` },
  };
  const contested = before?.state === "contested";
  const masked: Tally = new Map();
  const body = setup.masks.every<DeclarationContent>(
    { ...heading, criteria, sections, text: "" },
    { incident: work.incident.id, known: settingsOf(sections, setup), tally: masked },
  );
  const content = { ...body, text: render(heading, { ...body, regime }, setup) };
  const { canonical, sha256 } = sealContent(content);
  // A contested text is to be decided on anew, be it the same.
  if (before !== undefined && old !== undefined && !contested) {
    if (before.sha256 === sha256) return;
    if (sameSubstance(content, { old, drafted: before.state === "draft" })) return;
  }
  const declaration: Declaration = {
    id,
    incident: work.incident.id,
    regime: regime.id,
    kind,
    version,
    state: "draft",
    sha256,
    canonical,
    updated: now,
  };
  work.declarations =
    open === undefined
      ? [...work.declarations, declaration]
      : [...work.declarations.slice(0, -1), declaration];
  if (masked.size > 0) {
    // How many of each kind, never which.
    const note = { declaration: id, version, counts: Object.fromEntries(masked) };
    work.beside.push({ write: "note", what: "masked", incident: work.incident.id, content: note });
  }
}

/** What the configuration says stands as it is: an address of ours is nobody's home. */
function settingsOf(sections: readonly FormSection[], { facility }: Setup): ReadonlySet<string> {
  const fields = sections.flatMap((section) => section.fields);
  const settings = fields.filter((field) => field.provenance.by === "setting");
  return new Set([facility.id, facility.name, ...settings.flatMap((field) => field.value ?? [])]);
}

/** True when only the version number would differ: an approved text is not followed by an identical one. */
function sameSubstance(
  content: Masked<DeclarationContent>,
  { old, drafted }: { old: Masked<DeclarationContent>; drafted: boolean },
): boolean {
  if (drafted && old.kind !== content.kind) return false;
  if (old.pack.version !== content.pack.version) return false;
  return (
    sealContent({ ...content, version: old.version, kind: old.kind, text: "" }).sha256 ===
    sealContent({ ...old, text: "" }).sha256
  );
}

function personFields(
  content: DeclarationContent | undefined,
): [string, Pick<FormField, "value" | "unknown" | "provenance">][] {
  return (content?.sections ?? [])
    .flatMap((section) => section.fields)
    .filter((field) => field.provenance.by === "person")
    .map((field) => [field.id, field]);
}

function fill(
  work: Work,
  setup: Setup,
  { regime, byPerson }: { regime: LeadingRegime; byPerson: ByPerson },
): FormSection[] {
  return regime.form.sections.map(({ id, title, fields }) => ({
    id,
    title,
    fields: fields.map(({ id, label, basis }): FormField => {
      const given = byPerson.get(id);
      if (given !== undefined) return { id, label, basis, ...pick(given) };
      const filled = FILLERS[id]?.(work, setup);
      if (filled === undefined || filled.value === "")
        return { id, label, basis, value: null, unknown: true, provenance: { by: "nobody" } };
      return { id, label, basis, value: filled.value, unknown: false, provenance: filled.provenance };
    }),
  }));
}

function pick({ value, unknown, provenance }: Pick<FormField, "value" | "unknown" | "provenance">) {
  return { value, unknown, provenance };
}

interface Filled {
  value: string;
  provenance: Provenance;
}
type Filler = (work: Work, setup: Setup) => Filled | undefined;

const setting =
  (because: string, value: (setup: Setup) => string | undefined): Filler =>
  (_, setup) => {
    const text = value(setup);
    return text ? { value: text, provenance: { by: "setting", because } } : undefined;
  };

function declarant(value: (account: Account) => string): Filler {
  return ({ declarant: account }) => {
    const text = account === undefined ? "" : value(account);
    return text === ""
      ? undefined
      : { value: text, provenance: { by: "setting", because: "compte de la personne qui déclare" } };
  };
}

function fromFacts(facts: readonly Fact[], value: string, because: string): Filled | undefined {
  const [first] = facts;
  if (first === undefined) return undefined;
  // What only people said comes from them, never from a machine.
  if (facts.every((fact) => fact.origin.by === "person") && first.origin.by === "person") {
    return { value, provenance: { by: "person", name: first.origin.source, at: first.stated } };
  }
  return {
    value,
    provenance: { by: "machine", because, evidence: facts.flatMap((fact) => fact.evidence).slice(0, 10) },
  };
}

/** Lines of one field: a person reads them at night. */
const LINES = 40;

function bounded(lines: readonly string[]): string {
  if (lines.length <= LINES) return lines.join("\n");
  return [...lines.slice(0, LINES), `et ${lines.length - LINES} autres faits`].join("\n");
}

const FILLERS: Readonly<Record<string, Filler>> = {
  facility_name: setting("configuration de l'établissement", ({ facility }) => facility.name),
  facility_kind: setting("configuration de l'établissement", ({ facility }) => FACILITY_KINDS[facility.kind]),
  finess_site: setting("configuration de l'établissement", ({ facility }) => facility.finess_site),
  finess_legal: setting("configuration de l'établissement", ({ facility }) => facility.finess_legal),
  facility_address: setting("configuration de l'établissement", ({ facility }) => facility.address),
  ars: setting("configuration de l'établissement", ({ facility }) => facility.ars),
  declarant_name: declarant(calledName),
  declarant_function: declarant((account) => account.function),
  declarant_quality: declarant((account) =>
    account.role === "director" ? "directeur" : "personne déléguée par le directeur",
  ),
  declarant_email: declarant((account) => account.email),
  declarant_phone: declarant((account) => account.phone),
  found: ({ incident }, setup) =>
    incident.found === null
      ? undefined
      : {
          value: at(incident.found, setup),
          provenance: { by: "machine", because: "premier acte d'une personne dans Tocsin", evidence: [] },
        },
  occurred: (work, setup) =>
    fromFacts(
      standing(work).slice(0, 1),
      at(work.incident.occurred, setup),
      "date de la plus ancienne alerte de l'incident",
    ),
  description: (work, setup) => {
    const facts = standing(work);
    const lines = facts.map((fact) => `${at(fact.since, setup)} : ${describeFact(fact, setup.systems)}.`);
    return fromFacts(facts, bounded(lines), "faits reconnus, par ordre de date");
  },
  perimeter: (work, setup) => {
    const names = work.incident.systems.map((id) => setup.systems.get(id)?.name ?? id);
    const hosts = work.incident.entities.filter((entity) => entity.kind === "host").length;
    return fromFacts(
      standing(work),
      [
        names.length > 0 ? `Systèmes : ${names.join(", ")}` : "",
        hosts > 0 ? `${hosts} ${hosts > 1 ? "machines vues" : "machine vue"} dans les alertes` : "",
      ]
        .filter(Boolean)
        .join(" ; "),
      "alertes de l'incident rapprochées des systèmes décrits",
    );
  },
  systems: (work, setup) =>
    fromFacts(
      work.facts.filter((fact) => fact.system !== null && fact.holds),
      [
        ...new Set(
          standing(work).flatMap((fact) =>
            fact.system === null ? [] : (setup.systems.get(fact.system)?.name ?? fact.system),
          ),
        ),
      ].join(", "),
      "systèmes nommés par les faits",
    ),
  data: (work, setup) => {
    const facts = held(work, [
      "data_altered",
      "data_lost",
      "data_disclosed",
      "data_inaccessible",
      "health_data_affected",
    ]);
    return fromFacts(
      facts,
      facts.map((fact) => describeFact(fact, setup.systems)).join(" ; "),
      "faits qui touchent des données",
    );
  },
  data_impact: (work) => {
    const natures = [
      ["perdues ou inaccessibles", held(work, ["data_lost", "data_inaccessible"])],
      ["atteinte à l'intégrité", held(work, ["data_altered"])],
      ["divulgation ou accès non autorisé", held(work, ["data_disclosed"])],
    ] as const;
    const present = natures.filter(([, facts]) => facts.length > 0);
    return fromFacts(
      present.flatMap(([, facts]) => facts),
      present.map(([nature]) => nature).join(" ; "),
      "faits qui touchent des données",
    );
  },
  data_nature: (work, setup) => {
    const facts = held(work, ["data_altered", "data_lost", "data_disclosed", "health_data_affected"]).filter(
      (fact) =>
        fact.kind === "health_data_affected" ||
        (fact.system !== null && setup.systems.get(fact.system)?.health_data),
    );
    return fromFacts(
      facts,
      "données de santé, à caractère personnel",
      "le système touché contient des données de santé (réglage)",
    );
  },
  patient_danger: (work) =>
    fromFacts(held(work, ["patient_harmed"]), "avérée", "fait signalé par une personne"),
  unavailability: (work, setup) => {
    const facts = held(work, ["system_unavailable"]);
    const lines = facts.map((fact) => {
      const name = nameOf(fact, setup.systems) ?? "service non précisé";
      const end = fact.until === null ? "toujours en cours" : `jusqu'au ${at(fact.until, setup)}`;
      return `${name} : depuis ${at(fact.since, setup)}, ${end}`;
    });
    return fromFacts(facts, bounded(lines), "surveillance de disponibilité");
  },
  degraded_mode: (work, setup) => saidYesOrNo(work, "degraded_mode", setup),
  care_interruption: (work, setup) => saidYesOrNo(work, "care_interrupted", setup),
  beyond: (work, setup) => {
    const facts = [...held(work, ["care_diverted", "others_affected"])];
    return fromFacts(
      facts,
      facts
        .map((fact) => `${describeFact(fact, setup.systems)}, depuis ${at(fact.since, setup)}`)
        .join(" ; "),
      "faits signalés",
    );
  },
  cause_nature: (work) => {
    const facts = work.facts.filter(
      (fact) => fact.kind === "malicious_action_suspected" && fact.withdrawn === null,
    );
    const malicious = facts.some((fact) => fact.holds);
    return fromFacts(
      facts,
      malicious ? "malveillante (soupçonnée)" : "non malveillante",
      "faits reconnus ou signalés",
    );
  },
  cause: (work) => {
    const { causes } = work.incident;
    // An outage in the course of an attack is its effect, not another cause.
    const malicious = causes.filter((cause) => CAUSES[cause].malicious);
    const named = malicious.length > 0 ? malicious : causes;
    return fromFacts(
      standing(work),
      named.map((cause) => CAUSES[cause].label).join(" ; "),
      "catégories des règles qui ont reconnu l'incident",
    );
  },
};

function standing(work: Work): Fact[] {
  return work.facts
    .filter((fact) => fact.withdrawn === null && fact.holds && !JUDGEMENTS.has(fact.kind))
    .sort((a, b) => a.since - b.since);
}

function held(work: Work, kinds: readonly Fact["kind"][]): Fact[] {
  return standing(work).filter((fact) => kinds.includes(fact.kind));
}

function saidYesOrNo(work: Work, kind: Fact["kind"], setup: Setup): Filled | undefined {
  const facts = work.facts.filter((fact) => fact.kind === kind && fact.withdrawn === null);
  const yes = facts.find((fact) => fact.holds);
  const value = yes === undefined ? "non" : `oui, depuis ${at(yes.since, setup)}`;
  const last = yes ?? facts.at(-1);
  if (last?.origin.by === "person")
    return { value, provenance: { by: "person", name: last.origin.source, at: last.stated } };
  return fromFacts(facts, value, FACTS[kind].label);
}

function at(instant: Instant, setup: Setup): string {
  return formatInstant(instant, setup.facility.time_zone);
}

function render(
  heading: Omit<DeclarationContent, "criteria" | "sections" | "text">,
  {
    criteria,
    sections,
    regime,
  }: { criteria: readonly CriterionResult[]; sections: readonly FormSection[]; regime: LeadingRegime },
  setup: Setup,
): string {
  const lines = [
    ...(heading.exercise ? ["*** EXERCICE : ne pas transmettre à une autorité ***", ""] : []),
    "DÉCLARATION D'INCIDENT DE SÉCURITÉ DES SYSTÈMES D'INFORMATION",
    `${setup.facility.name}, incident ${heading.reference}, ${heading.kind === "initial" ? "déclaration initiale" : "complément"}, version ${heading.version}`,
    `Fondement : ${regime.article}`,
    regime.form.notice,
  ];
  for (const section of sections) {
    lines.push("", section.title.toUpperCase());
    for (const field of section.fields) {
      const value = field.value ?? (field.unknown ? "inconnu à ce stade" : "");
      lines.push(
        value.includes("\n")
          ? `- ${field.label} :\n    ${value.replaceAll("\n", "\n    ")}`
          : `- ${field.label} : ${value}`,
      );
    }
  }
  lines.push("", "CRITÈRES (évaluation proposée par l'établissement)");
  for (const criterion of criteria) {
    const degree = criterion.degree === null ? "" : ` (${DEGREE_LABELS[criterion.degree]})`;
    lines.push(
      `- ${criterion.id} ${criterion.label} : ${CRITERION_VALUES[criterion.value].toLowerCase()}${degree} [${criterion.article}]`,
    );
  }
  return lines.join("\n");
}
