import { System } from "../../agent/core/asset.ts";
import { type Instant, instantFromIso, isoFromInstant, MICROSECONDS } from "../../agent/core/clock.ts";
import {
  type Declaration,
  type DeclarationContent,
  type FormField,
  sealContent,
} from "../../agent/core/declaration.ts";
import type { Fact } from "../../agent/core/fact.ts";
import type { Masked } from "../../agent/core/masked.ts";
import type { CriterionResult, Qualification } from "../../agent/core/qualification.ts";
import type { Dossier } from "../../agent/stages/desk.ts";
import { showEvidence } from "../../agent/stages/show-evidence.ts";
import { MASKS } from "./masks.ts";

/** The night of scenario A, as a page sees it at 02:31. */
export const NIGHT = at("2026-11-15T01:31:00Z");

function at(iso: string): Instant {
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

const CRITERIA: CriterionResult[] = [
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

export const SYSTEMS: System[] = [
  System.parse({
    id: "pacs",
    name: "PACS régional",
    kind: "imaging",
    health_data: true,
    care_critical: true,
    shared: true,
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

const DESCRIPTION =
  "Dans la nuit du 14 au 15 novembre 2026, les serveurs d'imagerie ont montré les signes d'un rançongiciel : copies de restauration supprimées à 02:10, 1 200 fichiers d'imagerie renommés à 02:12, PACS et RIS indisponibles depuis 02:14.";

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

const fact = (id: string, kind: Fact["kind"], since: string, rest: Partial<Fact> = {}): Fact => ({
  id,
  incident: "inc-1",
  kind,
  holds: true,
  system: "pacs",
  subjects: [],
  since: at(since),
  until: null,
  confidence: "suspected",
  origin: { by: "rule", rule: "r-1", version: "abcdef012345", title: "Fichiers renommés en masse" },
  ended_by: [],
  evidence: [],
  alerts: 12,
  stated: at(since),
  withdrawn: null,
  ...rest,
});

/** A dossier to show; `hostile` stands wherever an attacker's text can stand. */
export function sceneDossier(hostile?: string): Dossier {
  const description = hostile ?? DESCRIPTION;
  const content = contentOfScene(1, description);
  const declaration = draftOf(content);
  const qualification: Qualification = {
    incident: "inc-1",
    regime: "sante-2022",
    regime_version: "1",
    criteria: CRITERIA.map((each) => ({
      ...each,
      because: each.because.map((because) => ({ ...because, text: hostile ?? because.text })),
    })),
    verdict: "declare",
    sentence:
      hostile ??
      "À déclarer maintenant : sécurité des soins (potentiel), données de santé et fonctionnement de l'établissement. Vous pourrez compléter plus tard.",
    questions: [
      {
        id: "degraded_mode",
        text: "Des services travaillent-ils en mode dégradé (papier) ?",
        asked_of: "care",
        answers: [
          { id: "yes", label: "Oui" },
          { id: "no", label: "Non" },
        ],
        criteria: ["C1"],
      },
      {
        id: "care_diverted",
        text: "Des patients sont-ils réorientés vers d'autres établissements, ou les secours détournés ?",
        asked_of: "care",
        answers: [
          { id: "yes", label: "Oui" },
          { id: "no", label: "Non" },
        ],
        criteria: ["C4"],
      },
      {
        id: "others_affected",
        text: "D'autres établissements sont-ils touchés, ou exposés par les liens avec le nôtre ?",
        asked_of: "rssi",
        answers: [
          { id: "yes", label: "Oui" },
          { id: "no", label: "Non" },
        ],
        criteria: ["C5"],
      },
      {
        id: "health_data",
        text: "Des données de santé ont-elles pu être consultées, divulguées ou modifiées sans droit ?",
        asked_of: "dpo",
        answers: [
          { id: "yes", label: "Oui" },
          { id: "no", label: "Non" },
        ],
        criteria: ["C2"],
      },
    ],
  };
  const raw =
    hostile ??
    "<13>Nov 15 02:12:07 PACS-SRV01 Sysmon: FileRename count=1200 window=60s TargetFilename=D:\\DICOM\\2026\\11\\14\\IM000001.dcm.locked Image=C:\\Users\\Public\\svch0st.exe";
  return {
    filing: undefined,
    answered: [],
    incident: {
      id: "inc-1",
      facility: "chv",
      reference: "2026-0007",
      state: "in_review",
      occurred: at("2026-11-15T00:52:00Z"),
      first_alert: at("2026-11-15T00:52:03Z"),
      found: at("2026-11-15T01:22:00Z"),
      last_alert: at("2026-11-15T01:29:00Z"),
      alerts: 1243,
      entities: [{ kind: "host", value: "PACS-SRV01" }],
      systems: ["pacs", "ris"],
      causes: ["ransomware"],
      malicious: null,
      declarant: null,
      opened_by: "machine",
      because: hostile ?? "Trois critères remplis.",
    },
    facts: [
      fact("f1", "recovery_destroyed", "2026-11-15T01:10:00Z"),
      fact("f2", "data_altered", "2026-11-15T01:12:00Z", { confidence: "confirmed" }),
      fact("f3", "system_unavailable", "2026-11-15T01:14:00Z"),
      fact("f4", "system_unavailable", "2026-11-15T01:14:20Z", { system: "ris" }),
      fact("f5", "malicious_action_suspected", "2026-11-15T01:10:00Z", { system: null }),
      fact("f6", "degraded_mode", "2026-11-15T01:25:00Z", {
        system: null,
        origin: { by: "person", source: hostile ?? "cadre de santé des urgences", writer: "A. Morel" },
        alerts: 0,
      }),
      fact("f7", "site_defaced", "2026-11-15T01:00:00Z", {
        system: null,
        withdrawn: {
          at: NIGHT,
          writer: "A. Morel",
          reason: hostile ?? "page de maintenance, pas une défiguration",
        },
      }),
    ],
    qualification,
    others: [],
    declarations: [declaration],
    current: { declaration, content },
    decisions: [],
    deliveries: [],
    deadlines: [
      {
        id: "d1",
        incident: "inc-1",
        regime: "sante-2022",
        label: "Déclarer à l'autorité",
        from: "found",
        started: at("2026-11-15T01:22:00Z"),
        due: null,
        met: null,
      },
    ],
    effects: [
      {
        key: "notify:astreinte",
        kind: "notify",
        incident: "inc-1",
        due: at("2026-11-15T01:10:02Z"),
        state: "done",
        attempt: 1,
        owner: null,
        fence: 1,
        payload: { channel: "astreinte-si", event: "incident_opened" },
        because: hostile ?? "reçu à 02:10",
      },
      {
        key: "notify:delegue",
        kind: "notify",
        incident: "inc-1",
        due: at("2026-11-15T01:12:05Z"),
        state: "uncertain",
        attempt: 2,
        owner: null,
        fence: 2,
        payload: { channel: "delegue-webhook", event: "decision_needed" },
        because: "pas de réponse après l'envoi",
      },
    ],
    evidence: showEvidence(
      [
        {
          detection: {
            seq: 1,
            occurred: at("2026-11-15T01:12:07Z"),
            id: "det-1",
            alert: "al-1",
            rule: {
              id: "9f3c",
              version: "abcdef012345",
              title: hostile ?? "Mass file rename",
              level: "critical",
              tags: [],
              meaning:
                hostile === undefined
                  ? {
                      title_fr: "Fichiers renommés en masse",
                      reason_fr: "Un rançongiciel renomme les fichiers qu'il chiffre.",
                      facts: [],
                    }
                  : undefined,
            },
            because: [
              {
                selection: "selection",
                field: "TargetFilename",
                pattern: "*.locked",
                value: hostile ?? "IM000001.dcm.locked",
              },
            ],
          },
          alert: {
            id: "al-1",
            source: hostile ?? "siem",
            received: at("2026-11-15T01:12:08Z"),
            occurred: at("2026-11-15T01:12:07Z"),
            eventId: null,
            alert: {
              "@timestamp": isoFromInstant(at("2026-11-15T01:12:07Z")),
              event: { original: raw },
              host: { name: hostile ?? "PACS-SRV01" },
            },
          },
        },
      ],
      MASKS,
      "inc-1",
    ),
    systems: SYSTEMS.map((each) => (hostile === undefined ? each : { ...each, name: hostile })),
  };
}
