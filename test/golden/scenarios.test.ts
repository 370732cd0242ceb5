import { describe, expect, it } from "vitest";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import type { Fact } from "../../agent/core/fact.ts";
import type { Qualification } from "../../agent/core/qualification.ts";
import { qualify } from "../../agent/stages/qualify.ts";
import { loadRegime } from "../../rules/regimes/load-regime.ts";
import { aFact, anIncident, NIGHT, said, systemsOf } from "../support/incident.ts";

const regime = loadRegime("sante-2022");
const systems = systemsOf(
  {
    id: "pacs",
    kind: "imaging",
    health_data: true,
    care_critical: true,
    shared: true,
    degraded_after_minutes: 30,
  },
  { id: "ris", kind: "imaging", health_data: true, care_critical: true, degraded_after_minutes: 30 },
  { id: "annuaire", kind: "directory", trusted_by_others: true, degraded_after_minutes: 15 },
  { id: "dpi", kind: "patient_record", health_data: true, care_critical: true, degraded_after_minutes: 60 },
  { id: "messagerie", kind: "mail" },
  { id: "site", kind: "website", degraded_after_minutes: 0 },
  { id: "samu", kind: "emergency_call", care_critical: true },
);

/** C1 C2 C3 C4 C5 D6 in the scenarios' letters: R met, Rp potential, Ra proven, N not met, ? unknown. */
function letters({ criteria }: Qualification): string {
  return criteria
    .map(({ value, degree }) =>
      value === "met"
        ? `R${degree === "potential" ? "p" : degree === "proven" ? "a" : ""}`
        : { not_met: "N", unknown: "?", not_evaluated: "–" }[value],
    )
    .join(" ");
}

function evaluate(facts: Fact[], minutes = 0, state: "candidate" | "open" = "open") {
  return qualify(anIncident({ state }), regime, {
    facts,
    systems,
    now: NIGHT + minutes * MICROSECONDS.minute,
  });
}

/** What "Non, aucun service touché" states. */
const noService = () =>
  (
    [
      "system_unavailable",
      "degraded_mode",
      "care_interrupted",
      "care_diverted",
      "data_altered",
      "data_lost",
    ] as const
  ).map((kind) => said(kind, false));
const noHealthData = () => [said("health_data_affected", false)];

describe("scenario A: ransomware on a regional PACS", () => {
  const deleted = [aFact("malicious_action_suspected"), aFact("recovery_destroyed", { system: "pacs" })];
  const renamed = [...deleted, aFact("data_altered", { system: "pacs" })];
  const down = [
    ...renamed,
    aFact("system_unavailable", { system: "pacs" }),
    aFact("system_unavailable", { system: "ris" }),
  ];
  const directory = [...down, aFact("system_unavailable", { system: "annuaire" })];
  it("is not evaluated while a foreign sign-in is all there is", () => {
    const found = evaluate([], 0, "candidate");
    expect(letters(found)).toBe("– – – – – –");
    expect(found.verdict).toBe("watching");
    expect(found.questions).toEqual([]);
  });

  it("keeps its criteria when the states have ended", () => {
    const ended = directory.map((fact) =>
      fact.kind === "system_unavailable" ? { ...fact, until: NIGHT + MICROSECONDS.hour } : fact,
    );
    expect(letters(evaluate(ended, 600))).toBe("Rp R R ? R R");
  });
});

describe("scenario C: hosted patient record down, not malicious", () => {
  const outage = aFact("system_unavailable", { system: "dpi" });
  const provider = [outage, said("malicious_action_suspected", false)];
  it("meets functioning and care by the delay alone, marked as a setting of the facility", () => {
    const found = evaluate(provider, 61);
    expect(letters(found)).toBe("Rp ? R ? ? N");
    expect(found.criteria[2]?.because.map((each) => each.basis)).toEqual(["setting"]);
  });

  it("does not count an outage restored before the delay", () => {
    const restored = { ...outage, until: NIGHT + 40 * MICROSECONDS.minute };
    expect(letters(evaluate([restored, said("malicious_action_suspected", false)], 600))).toBe("? ? ? ? ? N");
  });
});

describe("verdict and questions", () => {
  it("finds no duty when every question was answered no", () => {
    const found = evaluate([
      ...noService(),
      ...noHealthData(),
      said("others_affected", false),
      said("malicious_action_suspected", false),
    ]);
    expect(letters(found)).toBe("N N N N N N");
    expect(found.verdict).toBe("no_duty_found");
    expect(found.questions).toEqual([]);
  });

  it("never says of data merely unreachable that nothing concerns them", () => {
    const found = evaluate([...noService(), ...noHealthData()]);
    expect(found.criteria[1]?.because.at(-1)?.text).toContain("fonctionnement");
  });

  it("advises a declaration when the doctrine alone is met", () => {
    const found = evaluate([
      aFact("malicious_action_suspected"),
      aFact("data_lost"),
      ...["degraded_mode", "care_diverted", "others_affected", "health_data_affected"].map((kind) =>
        said(kind as Fact["kind"], false),
      ),
    ]);
    expect(found.verdict).toBe("advised");
  });

  it("drops a fact that was withdrawn", () => {
    const withdrawn = { at: NIGHT, writer: "astreinte", reason: "fausse alerte" };
    expect(
      letters(
        evaluate([aFact("malicious_action_suspected"), aFact("data_altered", { system: "pacs", withdrawn })]),
      ),
    ).toBe("? ? ? ? ? ?");
  });

  it("shows the open criterion C0 only once a person has stated it", () => {
    expect(evaluate([]).criteria.map((each) => each.id)).toEqual(["C1", "C2", "C3", "C4", "C5", "D6"]);
    const found = evaluate([said("exceptional_situation", true)]);
    expect(found.criteria.map((each) => each.id)).toContain("C0");
    expect(found.verdict).toBe("declare");
  });

  it("names in the verdict sentence what is met, with its degree", () => {
    const found = evaluate([said("degraded_mode", true)]);
    expect(found.sentence).toBe(
      "À déclarer maintenant : sécurité des soins (potentiel) et fonctionnement de l'établissement. Vous pourrez compléter plus tard.",
    );
  });

  it("puts an article behind every criterion and a reason behind every value", () => {
    for (const facts of [[], [said("degraded_mode", true)], noService()]) {
      for (const criterion of evaluate(facts).criteria) {
        expect(criterion.article).not.toBe("");
        expect(criterion.because.length).toBeGreaterThan(0);
      }
    }
  });

  it.each([
    ["nothing is known", [], ["personal_data", "risk", "high_risk"]],
    ["a breach is established", [aFact("data_disclosed", { system: "dpi" })], ["risk", "high_risk"]],
    [
      "a breach and its risk are",
      [aFact("data_disclosed", { system: "dpi" }), said("risk_unlikely", false)],
      ["high_risk"],
    ],
  ])("asks the DPO only what would still settle something when %s", (_, facts, expected) => {
    const found = qualify(anIncident(), loadRegime("rgpd-33"), { facts, systems, now: NIGHT });
    expect(found.questions.map(({ id }) => id)).toEqual(expected);
  });
});
