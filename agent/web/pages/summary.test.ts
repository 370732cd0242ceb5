import { describe, expect, it } from "vitest";
import { aFact, anIncident, NIGHT } from "../../../test/support/incident.ts";
import { SYSTEMS } from "../../../test/support/web-declaration.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Fact } from "../../core/fact.ts";
import type { Incident } from "../../core/incident.ts";
import { frenchTime } from "../french-time.ts";
import { incidentSummary } from "./summary.ts";

const time = frenchTime("Europe/Paris");
const { minute, day } = MICROSECONDS;
const summary = (incident: Partial<Incident>, facts: Fact[] = [], now = NIGHT + 60 * minute) =>
  incidentSummary(
    {
      incident: anIncident({ occurred: NIGHT, last_alert: NIGHT + 9 * minute, alerts: 12, ...incident }),
      facts,
      systems: SYSTEMS,
    },
    time,
    now,
  );
const hour = time.time(NIGHT);
const later = time.time(NIGHT + 9 * minute);
const person = { by: "person", source: "cadre des urgences", writer: "A. Morel" } as const;

describe("the summary of an incident", () => {
  it("begins with when, and says what nobody knows yet", () => {
    expect(summary({ found: null, causes: [], malicious: null })).toEqual([
      `Début estimé ${time.when(NIGHT, NIGHT)} ; 12 alertes, la dernière à ${later}.`,
      "Personne n'a encore dit si c'est un acte malveillant.",
      "Personne de l'établissement n'en a encore pris note.",
    ]);
  });

  it.each<[string, Fact[], string]>([
    [
      "one system that is down",
      [aFact("system_unavailable", { system: "pacs", since: NIGHT, confidence: "confirmed" })],
      `PACS régional est indisponible depuis ${hour}.`,
    ],
    [
      "several as one sentence, since the first",
      [
        aFact("system_unavailable", { system: "ris", since: NIGHT + 9 * minute, confidence: "confirmed" }),
        aFact("system_unavailable", { system: "pacs", since: NIGHT, confidence: "confirmed" }),
      ],
      `2 systèmes sont indisponibles depuis ${hour} : RIS et PACS régional.`,
    ],
    [
      "what is over as over",
      [
        aFact("system_unavailable", {
          system: "pacs",
          since: NIGHT,
          until: NIGHT + 9 * minute,
          confidence: "confirmed",
        }),
      ],
      `PACS régional a été indisponible de ${hour} à ${later}.`,
    ],
    [
      "a rule's guess as a guess",
      [aFact("data_altered", { system: "pacs", since: NIGHT, confidence: "suspected" })],
      `Des données ont été altérées à ${hour} : PACS régional (soupçon, à confirmer).`,
    ],
    [
      "who told it",
      [aFact("degraded_mode", { since: NIGHT, origin: person })],
      `Des services travaillent en mode dégradé (papier) depuis ${hour}, selon cadre des urgences.`,
    ],
    [
      "another day with its date",
      [aFact("patient_harmed", { since: NIGHT + day, confidence: "confirmed" })],
      `Un patient a été mis en danger le ${time.when(NIGHT + day)}.`,
    ],
    [
      "a system that nobody named",
      [aFact("system_unavailable", { since: NIGHT, confidence: "confirmed" })],
      `Un système non identifié est indisponible depuis ${hour}.`,
    ],
  ])("tells %s", (_, facts, sentence) => {
    expect(summary({}, facts)).toContain(sentence);
  });

  it.each<[string, Fact]>([
    ["was withdrawn", aFact("site_defaced", { withdrawn: { at: NIGHT, writer: "A", reason: "non" } })],
    ["was said not to hold", aFact("care_diverted", { holds: false })],
    ["is a person's judgement for one duty", aFact("risk_unlikely")],
  ])("says nothing of what %s", (_, fact) => {
    expect(summary({}, [fact])).toEqual(summary({}));
  });

  it.each<[string, Partial<Incident>, string]>([
    [
      "is suspected",
      { causes: ["ransomware"] },
      "Un acte malveillant est soupçonné ; personne ne l'a encore confirmé. Cause reconnue par les règles : rançongiciel.",
    ],
    ["was confirmed", { malicious: true, causes: [] }, "Une personne dit que l'acte est malveillant."],
    [
      "was ruled out",
      { malicious: false, causes: ["power_failure"] },
      "Une personne dit que ce n'est pas un acte malveillant. Cause reconnue par les règles : panne électrique.",
    ],
  ])("says that malice %s", (_, incident, sentence) => {
    expect(summary(incident)).toContain(sentence);
  });

  it("stays short, and says that there is more", () => {
    const kinds = [
      "degraded_mode",
      "care_interrupted",
      "care_diverted",
      "data_lost",
      "data_altered",
      "others_affected",
      "site_defaced",
    ] as const;
    const sentences = summary(
      {},
      kinds.map((kind) => aFact(kind)),
    );
    expect(sentences).toHaveLength(9);
    expect(sentences).toContain("D'autres faits sont plus bas.");
  });
});
