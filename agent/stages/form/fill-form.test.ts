import { afterEach, describe, expect, it } from "vitest";
import { type Line, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { System } from "../../core/asset.ts";
import { dutyContentOf } from "../../core/duty-file.ts";
import type { FactKind } from "../../core/fact.ts";
import { bandOf } from "./duty-fillers.ts";

const SYSTEMS = [
  { id: "pacs", name: "PACS", kind: "imaging", hosts: ["pacs-*"], health_data: true, care_critical: true },
  { id: "pousse", name: "Pousse-seringues", kind: "medical_device", hosts: ["pompe-*"] },
].map((system) => System.parse(system));
const PACKS = ["sante-2022", "rgpd-33", "assurance-plainte", "eigs", "ose-nis1", "materiovigilance"];

let stages: Stages;
afterEach(() => stages.close());

/** The prefilled fields of each duty's text, after one night with everything in it. */
async function prefilled(): Promise<Record<string, Record<string, string>>> {
  stages = await openStages({
    regimes: PACKS,
    systems: SYSTEMS,
    facility: {
      cyber_insurance: true,
      designations: ["ose"],
      address: "1 rue de l'Exemple",
      ars: "ARS Exemple",
      finess_site: "010000024",
    },
  });
  const lines: Line[] = [
    { host: "pacs-1", message: "1200 files were renamed to .dcm.locked in 60 s" },
    { host: "pompe-1", message: "1200 files were renamed to .cfg.locked in 60 s" },
  ];
  await stages.take(...lines);
  const incident = (await stages.desk.incidents({ limit: 1 }))[0]?.incident.id ?? "";
  stages.clock.pass(10);
  await stages.desk.takeUp(incident, stages.delegate);
  const state = (kinds: FactKind[], systems: string[] = []) =>
    stages.desk.stateFacts(
      incident,
      { form: stages.desk.newForm(), kinds, systems, source: { who: "care", name: "" }, text: "" },
      stages.delegate,
    );
  await state(["patient_harmed", "degraded_mode", "care_diverted"]);
  await state(["data_disclosed", "system_unavailable"], ["pacs"]);
  const answers = [
    ["serious_adverse_event", "yes"],
    ["essential_service", "yes"],
    ["device_harm", "yes"],
    ["high_risk", "yes"],
  ] as const;
  for (const [question, answer] of answers)
    await stages.desk.answer({ incident, question, answer }, stages.delegate);
  const dossier = await stages.desk.dossier(incident);
  return Object.fromEntries(
    (dossier?.duties ?? []).map((file) => [
      file.regime,
      Object.fromEntries(
        dutyContentOf(file)
          .sections.flatMap(({ fields }) => fields)
          .flatMap(({ id, value }) => (value === null ? [] : [[id, value]])),
      ),
    ]),
  );
}

describe("a form that is prefilled", () => {
  it("holds what the facts and the settings tell, and nothing else", async () => {
    const filled = await prefilled();
    const told = expect.stringContaining("Données divulguées ou consultées sans droit : PACS");
    const instant = expect.stringMatching(/^15\/11\/2026 0\d:\d\d$/);
    const facility = { facility_name: "CH Exemple" };
    expect(filled).toEqual({
      "rgpd-33": {
        ...facility,
        facility_kind: "Établissement de santé",
        facility_address: "1 rue de l'Exemple",
        awareness: expect.stringContaining("(prise de connaissance ; proposition, à fixer)"),
        occurred: instant,
        description: told,
        breach_nature: "perte de confidentialité; perte d'intégrité; perte de disponibilité",
        cause_nature: "malveillante (soupçonnée)",
        systems: expect.stringContaining("PACS"),
        data: expect.stringContaining("PACS"),
        data_nature: "données de santé, à caractère personnel",
        high_risk: "oui",
      },
      "assurance-plainte": {
        ...facility,
        facility_address: "1 rue de l'Exemple",
        found: instant,
        occurred: instant,
        description: told,
        systems: expect.stringContaining("PACS"),
        cause_nature: "malveillante (soupçonnée)",
        cause: expect.any(String),
        unavailability: expect.stringContaining("PACS : depuis"),
        data_impact: "atteinte à l'intégrité ; divulgation ou accès non autorisé",
        evidence_kept: expect.stringContaining("journal scellé du dossier 2026-0001"),
      },
      eigs: {
        ...facility,
        finess_site: "010000024",
        ars: "ARS Exemple",
        found: instant,
        harm: expect.stringContaining("Patient mis en danger"),
        serious_event: "oui",
        description: told,
      },
      "ose-nis1": {
        ...facility,
        designations: "opérateur de services essentiels",
        found: instant,
        occurred: instant,
        essential: "oui",
        description: told,
        systems: expect.stringContaining("PACS"),
        unavailability: expect.stringContaining("PACS : depuis"),
        beyond: expect.stringContaining("Patients réorientés"),
        cause_nature: "malveillante (soupçonnée)",
        cause: expect.any(String),
      },
      materiovigilance: {
        ...facility,
        finess_site: "010000024",
        devices: "Pousse-seringues",
        found: instant,
        device_harm: "oui",
        harm: expect.stringContaining("Patient mis en danger"),
        description: told,
        unavailability: expect.stringContaining("PACS : depuis"),
      },
    });
  });
});

describe("the band of a number of people", () => {
  it.each([
    [0, "0 à 5"],
    [5, "0 à 5"],
    [6, "6 à 50"],
    [50, "6 à 50"],
    [51, "51 à 300"],
    [212, "51 à 300"],
    [300, "51 à 300"],
    [301, "301 à 5000"],
    [5000, "301 à 5000"],
    [5001, "plus de 5000"],
  ])("of %i is %s", (people, band) => expect(bandOf(people)).toBe(band));
});
