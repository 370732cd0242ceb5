import { START_LABELS } from "../../core/deadline.ts";
import { FACTS, type Fact, type FactKind } from "../../core/fact.ts";
import type { Setup, Work } from "../work.ts";
import { at, bounded, type Filled, type Filler, fromFacts, held, setting } from "./filled.ts";

/** The CNIL's bands of the number of people, by their last number. */
const BANDS = [
  [5, "0 à 5"],
  [50, "6 à 50"],
  [300, "51 à 300"],
  [5000, "301 à 5000"],
] as const;

/** The band of a number of people: the CNIL's closed list. */
export function bandOf(people: number): string {
  return BANDS.find(([last]) => people <= last)?.[1] ?? "plus de 5000";
}

/** The number that a person wrote alone, blanks between its digits allowed; undefined for words. */
function countIn(text: string | null | undefined): number | undefined {
  const digits = (text ?? "").replace(/[\s\u00a0\u202f]/g, "");
  return /^\d{1,9}$/.test(digits) ? Number(digits) : undefined;
}

const DESIGNATIONS: Readonly<Record<string, string>> = {
  ose: "opérateur de services essentiels",
  oiv: "opérateur d'importance vitale",
};

/** What the configuration says of the contact point that the CNIL is given; of no other authority. */
function ofDpo(value: (dpo: NonNullable<Setup["facility"]["dpo"]>) => string): Filler {
  const filler = setting("configuration de l'établissement", ({ facility }) =>
    facility.dpo === undefined ? undefined : value(facility.dpo),
  );
  return (work, setup, filling) =>
    filling.regime.duty === "rgpd" ? filler(work, setup, filling) : undefined;
}

/** What fills the fields that only texts beside the declaration have, by their ids. */
export const DUTY_FILLERS: Readonly<Record<string, Filler>> = {
  awareness: ({ deadlines }, setup, { regime }) => {
    const clock = deadlines.find((each) => each.regime === regime.id && each.void !== true);
    if (clock === undefined) return undefined;
    const value = at(clock.started, setup);
    const { settled } = clock;
    if (settled !== undefined)
      return { value, provenance: { by: "person", name: settled.source, at: settled.at } };
    return {
      value: `${value} (${START_LABELS[clock.from]} ; proposition, à fixer)`,
      provenance: { by: "machine", because: "instant proposé ; une personne le fixe", evidence: [] },
    };
  },
  contact_name: ofDpo(({ name }) => name),
  contact_details: ofDpo(({ email, phone }) => [email, phone].filter(Boolean).join(" ; ")),
  breach_nature: (work, setup) => {
    const natures = [
      ["perte de confidentialité", personal(work, setup, ["data_disclosed"])],
      ["perte d'intégrité", personal(work, setup, ["data_altered"])],
      [
        "perte de disponibilité",
        personal(work, setup, ["data_lost", "data_inaccessible", "system_unavailable"]),
      ],
    ] as const;
    const present = natures.filter(([, facts]) => facts.length > 0);
    return fromFacts(
      present.flatMap(([, facts]) => facts),
      present.map(([nature]) => nature).join("; "),
      "faits qui touchent des systèmes contenant des données de santé (réglage)",
    );
  },
  people_band: (_, __, { byPerson }) => {
    const given = byPerson.get("people_count");
    const count = countIn(given?.value);
    if (count === undefined || given === undefined) return undefined;
    const because = "tranche du nombre de personnes écrit ci-dessus";
    return { value: bandOf(count), provenance: { by: "machine", because, evidence: [] } };
  },
  high_risk: (work) => judged(work, "high_risk_to_people"),
  serious_event: (work) => judged(work, "serious_adverse_event"),
  device_harm: (work) => judged(work, "device_harm"),
  essential: (work) => judged(work, "essential_service_affected"),
  harm: (work, setup) => {
    const facts = held(work, ["patient_harmed"]);
    const lines = facts.map((fact) => `${at(fact.since, setup)} : ${FACTS[fact.kind].label}`);
    return fromFacts(facts, bounded(lines), "faits signalés");
  },
  devices: (work, setup) => {
    const facts = work.facts.filter(
      (fact) =>
        fact.withdrawn === null &&
        fact.holds &&
        fact.system !== null &&
        setup.systems.get(fact.system)?.kind === "medical_device",
    );
    const names = facts.map(({ system }) => setup.systems.get(system ?? "")?.name ?? "");
    return fromFacts(facts, [...new Set(names)].join(", "), "systèmes nommés par les faits");
  },
  designations: setting("configuration de l'établissement", ({ facility }) =>
    (facility.designations ?? []).map((each) => DESIGNATIONS[each] ?? each).join(", "),
  ),
  evidence_kept: ({ incident }) =>
    incident.alerts === 0
      ? undefined
      : {
          value: `Alertes d'origine et journal scellé du dossier ${incident.reference}, vérifiables hors ligne.`,
          provenance: { by: "machine", because: "ce que Tocsin garde de l'incident", evidence: [] },
        },
};

/** Facts about systems that hold personal data, as far as the settings tell. */
function personal(work: Work, setup: Setup, kinds: readonly FactKind[]): Fact[] {
  return held(work, kinds).filter(
    ({ system }) => system !== null && setup.systems.get(system)?.health_data === true,
  );
}

/** What a person judged, yes or no. */
function judged({ facts }: Work, kind: FactKind): Filled | undefined {
  const said = facts.filter((fact) => fact.kind === kind && fact.withdrawn === null);
  const last = said.findLast(({ holds }) => holds) ?? said.at(-1);
  return fromFacts(last === undefined ? [] : [last], last?.holds ? "oui" : "non", FACTS[kind].label);
}
