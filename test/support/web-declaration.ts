import { Site, System } from "../../agent/core/asset.ts";
import { type Instant, instantFromIso, MICROSECONDS } from "../../agent/core/clock.ts";
import {
  type Declaration,
  type DeclarationContent,
  type FormField,
  sealContent,
} from "../../agent/core/declaration.ts";
import type { Masked } from "../../agent/core/masked.ts";
import type { CriterionResult } from "../../agent/core/qualification.ts";
import { MASKS } from "./masks.ts";

/** The night of scenario A, as a page sees it at 02:31. */
export const NIGHT = at("2026-11-15T01:31:00Z");

/** The instant of an ISO text. */
export function at(iso: string): Instant {
  const instant = instantFromIso(iso);
  if (instant === undefined) throw new Error(`not an instant: ${iso}`);
  return instant;
}

const ARTICLE = "D.1111-16-2, II";
const criterion = (
  id: string,
  label: string,
  verbatim: string,
  rest: Partial<CriterionResult> & Pick<CriterionResult, "value">,
): CriterionResult => ({
  id,
  label,
  article: ARTICLE,
  verbatim,
  legal: true,
  degree: null,
  because: [],
  ...rest,
});

export const CRITERIA: CriterionResult[] = [
  criterion(
    "C1",
    "Sécurité des soins",
    "les incidents ayant des conséquences potentielles ou avérées sur la sécurité des soins",
    {
      value: "met",
      degree: "potential",
      because: [
        {
          text: "PACS régional, critique pour les soins, indisponible depuis 02:14.",
          facts: [],
          basis: "law",
        },
        {
          text: "Passage en mode dégradé prévu après 30 min d'indisponibilité.",
          facts: [],
          basis: "setting",
        },
      ],
    },
  ),
  criterion(
    "C2",
    "Données de santé : confidentialité ou intégrité",
    "les incidents ayant des conséquences sur la confidentialité ou l'intégrité des données de santé",
    {
      value: "met",
      because: [{ text: "1 200 fichiers d'imagerie modifiés sur le PACS en 60 s.", facts: [], basis: "law" }],
    },
  ),
  criterion(
    "C3",
    "Fonctionnement de l'établissement",
    "les incidents portant atteinte au fonctionnement normal de l'établissement, de l'organisme ou du service",
    { value: "met", because: [{ text: "PACS et RIS indisponibles depuis 02:14.", facts: [], basis: "law" }] },
  ),
  criterion(
    "C4",
    "Organisation des soins hors de l'établissement",
    "les incidents ayant un retentissement potentiel ou avéré sur l'organisation départementale, régionale ou nationale du système de santé",
    { value: "unknown" },
  ),
  criterion(
    "C5",
    "Risque pour d'autres établissements",
    "les incidents susceptibles de toucher d'autres établissements, organismes ou services",
    { value: "not_met", because: [{ text: "Aucun lien connu n'est touché.", facts: [], basis: "person" }] },
  ),
  {
    ...criterion(
      "D6",
      "Acte malveillant ou soupçon (consigne, hors critères légaux)",
      "toute action ou suspicion d'action malveillante causant une indisponibilité partielle ou totale de systèmes informatiques",
      {
        value: "met",
        because: [{ text: "Suppression des copies de restauration à 02:10.", facts: [], basis: "law" }],
      },
    ),
    legal: false,
    article: "Démarche de signalement, page de septembre 2017",
  },
];

export const SITES: Site[] = [
  Site.parse({ id: "val", name: "Site du Val", address: "1 rue de l'Hôpital, 69000 Lyon" }),
];

export const SYSTEMS: System[] = [
  System.parse({
    id: "pacs",
    name: "PACS régional",
    kind: "imaging",
    site: "val",
    hosts: ["pacs-*"],
    cidrs: ["10.20.4.0/24"],
    units: ["Imagerie", "Urgences"],
    vendor: { name: "Imagix", phone: "01 02 03 04 05" },
    health_data: true,
    care_critical: true,
    shared: true,
    depends_on: ["ris"],
  }),
  System.parse({ id: "ris", name: "RIS", kind: "imaging", health_data: true, care_critical: true }),
];

const machine = (because: string): FormField["provenance"] => ({ by: "machine", because, evidence: [] });
const field = (
  id: string,
  label: string,
  value: string | null,
  rest: Partial<FormField> = {},
): FormField => ({
  id,
  label,
  value,
  unknown: false,
  provenance: value === null ? { by: "nobody" } : machine("règle « Fichiers renommés en masse »"),
  basis: "A",
  ...rest,
});

/** Content of version `version` of the draft; `description` is what the machine wrote of the alerts. */
export function contentOfScene(
  version: number,
  description: string,
  exercise = true,
): Masked<DeclarationContent> {
  const content: DeclarationContent = {
    facility: { id: "chv", name: "Centre hospitalier du Val" },
    incident: "inc-1",
    reference: "2026-0007",
    declaration: "dec-1",
    kind: "initial",
    version,
    exercise,
    pack: { id: "sante-2022", version: "1" },
    template: { id: "sante-2022-form", version: "1" },
    criteria: CRITERIA,
    sections: [
      {
        id: "structure",
        title: "Structure",
        fields: [
          field("facility_name", "Raison sociale", "Centre hospitalier du Val", {
            provenance: { by: "setting", because: "fiche de l'établissement" },
          }),
          field("finess_site", "FINESS géographique", "010000024", {
            basis: "P",
            provenance: { by: "setting", because: "fiche de l'établissement" },
          }),
        ],
      },
      {
        id: "incident",
        title: "Incident",
        fields: [
          field("found", "Date et heure du constat", "15/11/2026 02:22", {
            provenance: { by: "person", name: "A. Morel", at: NIGHT - 9 * MICROSECONDS.minute },
          }),
          field("occurred", "Date de survenue estimée", "15/11/2026 01:52", { basis: "O" }),
          field("description", "Description de l'incident", description),
          field("systems", "Systèmes d'information concernés", "PACS régional, RIS"),
          field("provider", "Prestataire, hébergeur ou éditeur en cause", null, {
            unknown: true,
            basis: "O",
          }),
        ],
      },
      {
        id: "impact_people",
        title: "Impact sur les personnes",
        fields: [field("patient_danger", "Mise en danger du patient", null)],
      },
    ],
    text: [
      `DÉCLARATION INITIALE${exercise ? " — EXERCICE" : ""}`,
      "Centre hospitalier du Val (FINESS 010000024)",
      "Incident 2026-0007, constaté le 15/11/2026 à 02:22.",
      "",
      "Description",
      description,
      "",
      "Systèmes concernés : PACS régional, RIS.",
      "Critères remplis : sécurité des soins (potentiel) ; données de santé ; fonctionnement de l'établissement.",
      "Prestataire en cause : inconnu à ce stade.",
    ].join("\n"),
  };
  return MASKS.every(content, { incident: content.incident });
}

export const DESCRIPTION =
  "Dans la nuit du 14 au 15 novembre 2026, les serveurs d'imagerie ont montré les signes d'un rançongiciel : copies de restauration supprimées à 02:10, 1 200 fichiers d'imagerie renommés à 02:12, PACS et RIS indisponibles depuis 02:14.";

/** The declaration of a content, as it is stored. */
export function draftOf(content: DeclarationContent, state: Declaration["state"] = "draft"): Declaration {
  const { canonical, sha256 } = sealContent(MASKS.every(content, { incident: content.incident }));
  return {
    id: content.declaration,
    incident: content.incident,
    regime: "sante-2022",
    kind: content.kind,
    version: content.version,
    state,
    sha256,
    canonical,
    updated: NIGHT,
  };
}
