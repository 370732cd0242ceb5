import { z } from "zod";
import { verifiedLongAgo } from "../../../rules/regimes/regime.ts";
import type { System } from "../../core/asset.ts";
import type { Instant } from "../../core/clock.ts";
import { type Deadline, START_LABELS } from "../../core/deadline.ts";
import type { DeclarationContent, FormField, Provenance } from "../../core/declaration.ts";
import { type Delivery, overtakenBy } from "../../core/delivery.ts";
import { CAUSES } from "../../core/detection.ts";
import type { Effect } from "../../core/effect.ts";
import { FACTS, type Fact } from "../../core/fact.ts";
import type { Incident } from "../../core/incident.ts";
import {
  CRITERION_VALUES,
  type CriterionResult,
  DEGREE_LABELS,
  VERDICTS,
  type Verdict,
} from "../../core/qualification.ts";
import type { Dossier } from "../../stages/desk/desk.ts";
import { deliveryWords } from "../../stages/documents/text-state.ts";
import { tellingOf } from "../../stages/french.ts";
import type { TreeCriterion, TreeDuty, TreeFact } from "../../stages/law/because-tree.ts";
import { ASKED_OF } from "./questions.ts";

const BASIS_LABELS: Readonly<Record<FormField["basis"], string>> = {
  A: "arrêté du 30 octobre 2017",
  O: "usage constaté, hors arrêté",
  F: "texte ou liste de l'autorité",
  P: "ajout, hors arrêté",
};

/** A criterion in words; its reasons with what stands behind them, where the tree says it. */
export function criterionRow(criterion: CriterionResult | TreeCriterion) {
  const { value, degree } = criterion;
  return {
    ...criterion,
    words:
      value === "met" && degree !== null
        ? `${CRITERION_VALUES.met} (${DEGREE_LABELS[degree]})`
        : CRITERION_VALUES[value],
    because: criterion.because.map((each) => ({
      ...each,
      setting: each.setting ?? null,
      facts: each.facts.flatMap((fact) => (typeof fact === "string" ? [] : [groundRow(fact)])),
    })),
  };
}

/** Which rule at which version, or which person, stands behind a reason, and how many alerts. */
function groundRow({ origin, alerts, count }: TreeFact) {
  const from =
    origin.by === "rule"
      ? `règle ${origin.rule} (${origin.version})`
      : origin.by === "person"
        ? `signalé par ${origin.source}`
        : origin.because;
  return { from, count, first: alerts[0]?.at ?? null };
}

/** The duties side by side, the leading one first, each with its verdict, its clocks and its reasons. */
export function dutyRows(duties: readonly TreeDuty[], deadlines: readonly Deadline[], now: Instant) {
  return duties
    .map((duty) => ({
      id: duty.regime,
      leads: duty.leads,
      title: duty.title,
      sentence: duty.sentence,
      verdict: VERDICTS[duty.verdict],
      tone: DUTY_TONES[duty.verdict],
      criteria: duty.criteria.map(criterionRow),
      remarks: duty.remarks,
      texts: textsRow(duty.verified, now),
      clocks: clockRows(deadlines.filter(({ regime }) => regime === duty.regime)),
    }))
    .sort((a, b) => Number(b.leads) - Number(a.leads));
}

/** When the texts of a law were last verified, and whether that is too long ago. */
export function textsRow(verified: string | null, now: Instant) {
  if (verified === null) return null;
  return { verified: verified.split("-").toReversed().join("/"), old: verifiedLongAgo({ verified }, now) };
}

const DUTY_TONES: Readonly<Record<Verdict, string>> = {
  declare: "met",
  advised: "unknown",
  answer_missing: "unknown",
  no_duty_found: "not_met",
  watching: "not_evaluated",
  not_applicable: "not_evaluated",
  withheld: "not_evaluated",
};

/** The clocks that run, with what they count from; one that a person has to settle is only proposed. */
export function clockRows(deadlines: readonly Deadline[]) {
  return deadlines
    .filter((each) => each.void !== true)
    .map((each) => ({
      ...each,
      start: START_LABELS[each.from],
      proposed: each.settled_by === undefined ? null : ASKED_OF[each.settled_by],
      /** True where the law leaves it to a person to say from when it counts, and it still runs. */
      settlable: each.met === null && (each.settled_by !== undefined || each.settled !== undefined),
      candidates: (each.candidates ?? []).map(({ from, at }) => ({ from, start: START_LABELS[from], at })),
    }));
}

type Valued = Pick<CriterionResult, "legal" | "leads_to" | "value" | "label">;

/** One legal criterion met is enough to declare; an unknown never blocks. */
export function sufficient(criteria: readonly Valued[]): boolean {
  return criteria.some((each) => leadsToOf(each) === "duty" && each.value === "met");
}

function leadsToOf({ legal, leads_to }: Valued) {
  return leads_to ?? (legal ? "duty" : "advice");
}

/** A field with its origin in words; the times are for the template to write. */
export function fieldRow(field: FormField) {
  return {
    ...field,
    origin: originOf(field.provenance),
    /** Alerts that a machine's value rests on, as far as they are named. */
    alerts: field.provenance.by === "machine" ? field.provenance.evidence.length : 0,
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

/** What can be completed after declaring: criteria to be settled, then empty fields, each with the field to go to. */
export function laterList(
  content: DeclarationContent | undefined,
  criteria: readonly Valued[],
): { words: string; field: string | null }[] {
  const empty = (content?.sections ?? []).flatMap((section) =>
    section.fields
      .filter((field) => field.value === null && !field.unknown)
      .map((field) => ({ words: `${section.title} : ${field.label}`, field: field.id })),
  );
  const open = criteria
    .filter((each) => each.legal && each.value === "unknown")
    .map((each) => ({ words: `À déterminer : ${each.label}`, field: null }));
  return [...open, ...empty];
}

/** Facts in words, what people said and what machines saw; withdrawn ones last and marked. */
export function factRows(facts: readonly Fact[], systems: readonly System[]) {
  return facts
    .toSorted((a, b) => Number(a.withdrawn !== null) - Number(b.withdrawn !== null) || a.since - b.since)
    .map((fact) => ({
      id: fact.id,
      label: FACTS[fact.kind].label,
      lasts: FACTS[fact.kind].lasts === "state",
      text: fact.text ?? null,
      ended: fact.until === null ? null : (fact.ended ?? null),
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
      if (origin.link !== undefined)
        return `signalé par ${origin.source}, ${origin.writer} (attesté par le lien, pas par une personne connectée)`;
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
    units: [...new Set(systems.flatMap(({ units }) => units))],
    causes: labelsOf(incident, true),
    otherCauses: labelsOf(incident, false),
    systems: incident.systems.map((each) => systemName(each, systems) ?? each),
    effects: [...bySystem].map(([system, facts]) => ({ system, facts: facts.slice(0, 4) })),
    care: named(["degraded_mode", "care_interrupted", "care_diverted", "patient_harmed", "others_affected"]),
    occurred: incident.occurred,
    firstAlert: incident.first_alert,
    found: incident.found,
    alerts: incident.alerts,
  };
}

function labelsOf({ causes }: Incident, malicious: boolean): string[] {
  return causes.flatMap((each) => (CAUSES[each].malicious === malicious ? CAUSES[each].label : []));
}

const EFFECT_STATES: Readonly<Record<Effect["state"], string>> = {
  planned: "Prévu",
  claimed: "En cours",
  done: "Prévenu",
  failed: "Non prévenu",
  uncertain: "Sans confirmation, à vérifier",
  cancelled: "Non utilisé",
};

// The notify stage owns the payload; the page shows what it recognises of it and nothing else.
const Told = z
  .looseObject({
    channel: z.string(),
    event: z.string(),
    asked: z.literal(true),
    together: z.literal(true),
  })
  .partial();
const ASKED = "À la demande d'une personne, à la personne déléguée";
const TOGETHER = ", avec d'autres : les textes suivis ont changé";

/** Who was told, by which way, and whether it arrived. */
export function toldRows(effects: readonly Effect[]) {
  return effects
    .filter((effect) => effect.kind === "notify" || effect.kind === "reminder")
    .toSorted((a, b) => a.due - b.due)
    .map((effect) => {
      const read = Told.safeParse(effect.payload).data ?? {};
      const { channel = effect.key, event = "", asked, together } = read;
      const words =
        effect.kind === "reminder" && effect.state === "done" ? "Rappelé" : EFFECT_STATES[effect.state];
      const { due, state, because, attempt } = effect;
      return {
        due,
        state,
        words,
        channel,
        what: asked ? ASKED : `${tellingOf(event)}${together ? TOGETHER : ""}`,
        because,
        attempt,
      };
    });
}

const DELIVERY_KINDS: Readonly<Record<Delivery["kind"], string>> = {
  declaration: "Déclaration",
  help: "Demande d'aide (ce n'est pas un dépôt)",
  information: "Information (ce n'est pas un dépôt)",
};

export function deliveryRows(deliveries: readonly Delivery[], among = deliveries) {
  return deliveries.map((delivery) => ({
    ...delivery,
    kindLabel: DELIVERY_KINDS[delivery.kind],
    words: deliveryWords(delivery, among),
    overtaken: overtakenBy(delivery, among) !== undefined,
    /** How what nobody had confirmed was settled. */
    settledBy:
      (delivery.state === "delivered" || delivery.state === "refused") &&
      delivery.attempts.slice(0, -1).some(({ outcome }) => outcome === "uncertain")
        ? (delivery.attempts.at(-1)?.because ?? null)
        : null,
  }));
}

function systemName(id: string | null, systems: readonly System[]): string | null {
  return id === null ? null : (systems.find((each) => each.id === id)?.name ?? id);
}
