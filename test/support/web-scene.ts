import { isoFromInstant } from "../../agent/core/clock.ts";
import type { Fact } from "../../agent/core/fact.ts";
import type { Qualification } from "../../agent/core/qualification.ts";
import type { Dossier } from "../../agent/stages/desk/desk.ts";
import { showEvidence } from "../../agent/stages/desk/show-evidence.ts";
import { MASKS } from "./masks.ts";
import { sceneDuty } from "./scene-duty.ts";
import { at, CRITERIA, contentOfScene, DESCRIPTION, draftOf, NIGHT, SYSTEMS } from "./web-declaration.ts";

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
    grouping: { kin: [], last: null },
    muted: null,
    outlook: null,
    keptOpen: null,
    owesNotice: false,
    notes: [],
    duties: [sceneDuty({ id: "inc-1", reference: "2026-0007" }, { at: at("2026-11-15T01:30:00Z"), hostile })],
    erased: [],
    calls: [],
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
    steps: [],
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
