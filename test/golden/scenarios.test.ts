import { describe, expect, it } from "vitest";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import type { Fact } from "../../agent/core/fact.ts";
import type { Qualification } from "../../agent/core/qualification.ts";
import { qualify } from "../../agent/stages/qualify.ts";
import { loadRegime } from "../../rules/regimes/regime.ts";
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
  const diverted = [...directory, said("degraded_mode", true), said("care_diverted", true)];
  it.each([
    ["02:10 shadow copies deleted on the PACS", deleted, "? ? ? ? ? ?"],
    ["02:12 images renamed", renamed, "Rp R ? ? ? R"],
    ["02:14 PACS and RIS down", down, "Rp R R ? ? R"],
    ["02:16 domain controllers down", directory, "Rp R R ? R R"],
    ["02:38 patients diverted", diverted, "Rp R R Ra R R"],
    ["two days later a patient was harmed", [...diverted, said("patient_harmed", true)], "Ra R R Ra R R"],
  ])("%s", (_, facts, expected) => {
    expect(letters(evaluate(facts))).toBe(expected);
  });

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

describe("scenario B: mailbox compromise found after three weeks", () => {
  const acknowledged = [aFact("account_compromised"), aFact("malicious_action_suspected"), ...noService()];
  const verified = [...acknowledged, said("health_data_affected", true)];
  it.each([
    ["16:00 no service touched, health data not known", acknowledged, "N ? N N ? N"],
    ["15:05 the sample is verified", verified, "N R N N ? N"],
    ["15:30 mails to partners are found", [...verified, said("others_affected", true)], "N R N N R N"],
  ])("%s", (_, facts, expected) => {
    expect(letters(evaluate(facts))).toBe(expected);
  });
});

describe("scenario C: hosted patient record down, not malicious", () => {
  const outage = aFact("system_unavailable", { system: "dpi" });
  const provider = [outage, said("malicious_action_suspected", false)];
  const paper = [...provider, said("degraded_mode", true)];
  const inside = [...paper, said("care_diverted", false)];
  const others = [...inside, said("others_affected", true)];
  it.each([
    ["09:20 the provider says storage", provider, 8, "? ? ? ? ? N"],
    ["09:40 the emergency ward is on paper", paper, 28, "Rp ? R ? ? N"],
    ["09:55 no diversion", inside, 43, "Rp ? R N ? N"],
    ["10:05 three other hospitals are hit", others, 53, "Rp ? R N R N"],
    ["10:12 the delay before degraded mode passes", others, 61, "Rp ? R N R N"],
    ["17:40 no data lost", [...others, ...noHealthData()], 500, "Rp N R N R N"],
  ])("%s", (_, facts, minutes, expected) => {
    expect(letters(evaluate(facts, minutes))).toBe(expected);
  });

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

describe("the authority's own cases", () => {
  it.each([
    [
      "a defaced website is declared",
      [aFact("site_defaced", { system: "site" }), aFact("malicious_action_suspected")],
      "declare",
    ],
    [
      "an outage with fallback procedures is declared",
      [aFact("system_unavailable", { system: "dpi" }), said("degraded_mode", true)],
      "declare",
    ],
    [
      "an outage of the SAMU's call handling may touch the organisation of care",
      [aFact("system_unavailable", { system: "samu" })],
      "declare",
    ],
    [
      "a service that asks nothing of anybody leaves the questions open",
      [aFact("system_unavailable", { system: "messagerie" })],
      "answer_missing",
    ],
  ] as const)("%s", (_, facts, verdict) => {
    expect(evaluate([...facts], 1).verdict).toBe(verdict);
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
});
