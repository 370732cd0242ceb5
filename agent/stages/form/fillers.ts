import { CAUSES } from "../../core/detection.ts";
import { calledName } from "../../core/person.ts";
import { FACILITY_KINDS } from "../french.ts";
import { describeFact, nameOf } from "../qualify.ts";
import type { Setup } from "../work.ts";
import {
  at,
  bounded,
  declarant,
  type Filler,
  fromFacts,
  held,
  saidYesOrNo,
  setting,
  standing,
} from "./filled.ts";

/** What the configuration says of the facility, by the ids of the fields that say it. */
export const OF_FACILITY: Readonly<Record<string, (facility: Setup["facility"]) => string | undefined>> = {
  facility_name: ({ name }) => name,
  facility_kind: ({ kind }) => FACILITY_KINDS[kind],
  finess_site: ({ finess_site }) => finess_site,
  finess_legal: ({ finess_legal }) => finess_legal,
  facility_address: ({ address }) => address,
  ars: ({ ars }) => ars,
};

/** What fills the fields that every text may have, by their ids. */
export const FILLERS: Readonly<Record<string, Filler>> = {
  ...Object.fromEntries(
    Object.entries(OF_FACILITY).map(([id, of]) => [
      id,
      setting("configuration de l'établissement", ({ facility }) => of(facility)),
    ]),
  ),
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
