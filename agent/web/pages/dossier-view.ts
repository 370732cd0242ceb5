import { z } from "zod";
import type { System } from "../../core/asset.ts";
import {
  DECLARATION_STATES,
  type Declaration,
  type DeclarationContent,
  type FormField,
  type Provenance,
} from "../../core/declaration.ts";
import { DELIVERY_STATES, type Delivery } from "../../core/delivery.ts";
import { CAUSES } from "../../core/detection.ts";
import type { Effect } from "../../core/effect.ts";
import { FACTS, type Fact } from "../../core/fact.ts";
import {
  CRITERION_VALUES,
  type CriterionResult,
  DEGREE_LABELS,
  type Question,
} from "../../core/qualification.ts";
import type { Dossier } from "../../stages/desk.ts";
import { boundedText } from "../visible-text.ts";

/** Characters of a raw line shown; the record keeps the rest. */
const RAW_SHOWN = 2000;
const EVIDENCE_SHOWN = 50;

const ASKED_OF: Readonly<Record<Question["asked_of"], string>> = {
  rssi: "RSSI ou astreinte informatique",
  care: "soignants, cadre de santé",
  dpo: "délégué à la protection des données",
  provider: "prestataire ou hébergeur",
};

const BASIS_LABELS: Readonly<Record<FormField["basis"], string>> = {
  A: "arrêté du 30 octobre 2017",
  O: "usage constaté, hors arrêté",
  P: "ajout, hors arrêté",
};

export function criterionRow(criterion: CriterionResult) {
  const { value, degree } = criterion;
  return {
    ...criterion,
    words:
      value === "met" && degree !== null
        ? `${CRITERION_VALUES.met} (${DEGREE_LABELS[degree]})`
        : CRITERION_VALUES[value],
    because: criterion.because.map((each) => ({ ...each, setting: each.basis === "setting" })),
  };
}

/** One legal criterion met is enough to declare; an unknown never blocks. */
export function sufficient(criteria: readonly CriterionResult[]): boolean {
  return criteria.some((each) => each.legal && each.value === "met");
}

export function questionRow(question: Question) {
  return { ...question, who: ASKED_OF[question.asked_of] };
}

/** A field with its origin in words; the times are for the template to write. */
export function fieldRow(field: FormField) {
  return {
    ...field,
    origin: originOf(field.provenance),
    basisLabel: field.basis === "A" ? null : BASIS_LABELS[field.basis],
  };
}

function originOf(provenance: Provenance): {
  by: Provenance["by"];
  words: string;
  because: string | null;
  at: number | null;
} {
  switch (provenance.by) {
    case "machine":
      return { by: "machine", words: "machine", because: provenance.because, at: null };
    case "setting":
      return { by: "setting", words: "réglage de l'établissement", because: provenance.because, at: null };
    case "person":
      return { by: "person", words: `personne (${provenance.name}`, because: null, at: provenance.at };
    case "nobody":
      return { by: "nobody", words: "inconnue", because: null, at: null };
  }
}

/** What can be completed after declaring: empty fields, then criteria to be settled. */
export function laterList(
  content: DeclarationContent | undefined,
  criteria: readonly CriterionResult[],
): string[] {
  const empty = (content?.sections ?? []).flatMap((section) =>
    section.fields
      .filter((field) => field.value === null && !field.unknown)
      .map((field) => `${section.title} : ${field.label}`),
  );
  const open = criteria
    .filter((each) => each.legal && each.value === "unknown")
    .map((each) => `À déterminer : ${each.label}`);
  return [...open, ...empty];
}

/** Facts in words, what people said and what machines saw; withdrawn ones last and marked. */
export function factRows(facts: readonly Fact[], systems: readonly System[]) {
  return facts
    .toSorted((a, b) => Number(a.withdrawn !== null) - Number(b.withdrawn !== null) || a.since - b.since)
    .map((fact) => ({
      label: FACTS[fact.kind].label,
      holds: fact.holds,
      system: systemName(fact.system, systems),
      since: fact.since,
      until: fact.until,
      suspected: fact.confidence === "suspected",
      origin: factOrigin(fact),
      withdrawn: fact.withdrawn,
      alerts: fact.alerts,
    }));
}

function factOrigin({ origin }: Fact): string {
  switch (origin.by) {
    case "rule":
      return `règle « ${origin.title} »`;
    case "person":
      return origin.source === origin.writer
        ? `signalé par ${origin.source}`
        : `signalé par ${origin.source}, noté par ${origin.writer}`;
    case "clock":
      return origin.because;
  }
}

/** What holds in ten seconds: systems, malice, data, care. */
export function summaryOf({ incident, facts, systems }: Dossier) {
  const held = facts.filter((fact) => fact.holds && fact.withdrawn === null);
  const named = (kinds: readonly Fact["kind"][]) =>
    held
      .filter((fact) => kinds.includes(fact.kind))
      .map((fact) => ({
        label: FACTS[fact.kind].label,
        lasts: FACTS[fact.kind].lasts === "state",
        system: systemName(fact.system, systems) ?? "Système non identifié",
        since: fact.since,
        until: fact.until,
      }));
  const bySystem = Map.groupBy(
    named([
      "system_unavailable",
      "data_inaccessible",
      "data_altered",
      "data_lost",
      "data_disclosed",
      "recovery_destroyed",
    ]),
    (each) => each.system,
  );
  const malicious =
    incident.malicious ??
    (held.some((fact) => fact.kind === "malicious_action_suspected" || fact.kind === "account_compromised")
      ? "suspected"
      : null);
  return {
    malicious:
      malicious === true
        ? "oui, dit par une personne"
        : malicious === false
          ? "non, dit par une personne"
          : malicious === "suspected"
            ? "soupçonnée"
            : "à déterminer",
    causes: incident.causes.map((each) => CAUSES[each].label),
    systems: incident.systems.map((each) => systemName(each, systems) ?? each),
    effects: [...bySystem].map(([system, facts]) => ({ system, facts: facts.slice(0, 4) })),
    care: named(["degraded_mode", "care_interrupted", "care_diverted", "patient_harmed", "others_affected"]),
    occurred: incident.occurred,
    firstAlert: incident.first_alert,
    found: incident.found,
    alerts: incident.alerts,
  };
}

export function evidenceRows(evidence: Dossier["evidence"]) {
  return evidence.slice(0, EVIDENCE_SHOWN).map(({ detection, alert }) => {
    const raw = boundedText(alert.alert.event?.original ?? alert.alert.message ?? "", RAW_SHOWN);
    return {
      at: detection.occurred,
      received: alert.received,
      source: alert.source,
      host: alert.alert.host?.name ?? alert.alert.host?.hostname ?? null,
      title: detection.rule.meaning?.title_fr ?? detection.rule.title,
      reason: detection.rule.meaning?.reason_fr ?? null,
      rule: `${detection.rule.id} (${detection.rule.version})`,
      because: detection.because.slice(0, 10).map((each) => ({
        field: each.field ?? "texte",
        pattern: boundedText(each.pattern, 200).text,
        value: boundedText(each.value, 200).text,
      })),
      raw,
    };
  });
}

const EFFECT_STATES: Readonly<Record<Effect["state"], string>> = {
  planned: "Prévu",
  claimed: "En cours",
  done: "Prévenu",
  failed: "Non prévenu",
  uncertain: "Sans confirmation, à vérifier",
  cancelled: "Annulé",
};

// The notify stage owns the payload; the page shows what it recognises of it and nothing else.
const Told = z.looseObject({ channel: z.string(), event: z.string() }).partial();
const TELLINGS: Readonly<Record<string, string>> = {
  incident_opened: "Ouverture, à l'astreinte informatique",
  decision_needed: "Décision attendue, à la personne déléguée",
  not_filed: "Rappel : validé, pas encore déposé",
};

/** Who was told, by which way, and whether it arrived. */
export function toldRows(effects: readonly Effect[]) {
  return effects
    .filter((effect) => effect.kind === "notify" || effect.kind === "reminder")
    .toSorted((a, b) => a.due - b.due)
    .map((effect) => {
      const { channel = effect.key, event = "" } = Told.safeParse(effect.payload).data ?? {};
      const words =
        effect.kind === "reminder" && effect.state === "done" ? "Rappelé" : EFFECT_STATES[effect.state];
      const { due, state, because, attempt } = effect;
      return { due, state, words, channel, what: TELLINGS[event] ?? event, because, attempt };
    });
}

const DELIVERY_KINDS: Readonly<Record<Delivery["kind"], string>> = {
  declaration: "Déclaration",
  help: "Demande d'aide (ce n'est pas un dépôt)",
  information: "Information (ce n'est pas un dépôt)",
};

/** Never says filed of what was not: an exercise says so in the same breath. */
function deliveryWords(delivery: Delivery): string {
  const number = delivery.reference === null ? "" : `, n° ${delivery.reference}`;
  if (delivery.state !== "delivered") return DELIVERY_STATES[delivery.state];
  if (delivery.exercise) return `EXERCICE : dépôt simulé${number}`;
  return delivery.kind === "declaration" ? `Déposé${number}` : `Transmis${number}`;
}

/** The state of a text in words: a draft must not pass for a decision, nor an approval or an exercise for a filing. */
export function stateWords(
  declaration: Pick<Declaration, "state" | "sha256">,
  exercise: boolean,
  deliveries: readonly Delivery[],
): string {
  const filing = deliveries.find(
    (each) => each.kind === "declaration" && each.sha256 === declaration.sha256 && each.state === "delivered",
  );
  if (filing !== undefined) return deliveryWords(filing);
  const label = DECLARATION_STATES[declaration.state];
  return exercise ? `EXERCICE : ${declaration.state === "filed" ? "dépôt simulé" : label}` : label;
}

export function deliveryRows(deliveries: readonly Delivery[]) {
  return deliveries.map((delivery) => ({
    ...delivery,
    kindLabel: DELIVERY_KINDS[delivery.kind],
    words: deliveryWords(delivery),
  }));
}

function systemName(id: string | null, systems: readonly System[]): string | null {
  return id === null ? null : (systems.find((each) => each.id === id)?.name ?? id);
}
