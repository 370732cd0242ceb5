import { describe, expect, it } from "vitest";
import { loadRegimes } from "../../rules/regimes/load-regime.ts";
import { answered, factOf, GOLDEN_SYSTEMS } from "../../test/support/golden.ts";
import { anIncident } from "../../test/support/incident.ts";
import { type Instant, instantFromIso, isoFromInstant } from "../core/clock.ts";
import type { Fact } from "../core/fact.ts";
import { followUp } from "./follow-up.ts";
import { judge } from "./judge.ts";
import { openMutes } from "./mute/mutes.ts";
import { openOutages } from "./mute/outages.ts";
import { newWork, type Setup, type Work } from "./work.ts";

const ALL = [
  "sante-2022",
  "sante-2016",
  "rgpd-33",
  "assurance-plainte",
  "ose-nis1",
  "eigs",
  "materiovigilance",
];

function setupWith(facility: Partial<Setup["facility"]> = {}): Setup {
  const parts: Partial<Setup> = {
    facility: {
      id: "ch",
      name: "CH",
      kind: "etablissement_de_sante",
      address: "",
      ars: "",
      time_zone: "Europe/Paris",
      ...facility,
    },
    mode: "exercise",
    systems: GOLDEN_SYSTEMS,
    regimes: loadRegimes(ALL),
    mutes: openMutes([]),
    outages: openOutages([]),
  };
  return parts as Setup;
}

const at = (iso: string): Instant => instantFromIso(iso) ?? Number.NaN;

/** Carries an incident through moments: facts heard, and whether a person takes note. */
function live(
  setup: Setup,
  moments: { time: string; facts?: string[]; answers?: Record<string, string>; found?: true }[],
): Work {
  const begins = at(moments[0]?.time ?? "");
  const work = newWork(anIncident({ state: "candidate", occurred: begins, first_alert: begins }));
  for (const { time, facts = [], answers = {}, found } of moments) {
    const now = at(time);
    work.facts.push(...facts.map((each): Fact => factOf(each, begins, now)), ...answered(answers, now));
    if (found) work.incident = { ...work.incident, found: work.incident.found ?? now };
    judge(work, setup, now);
    followUp(work, setup);
  }
  return work;
}

const clocksOf = ({ deadlines }: Work) =>
  deadlines
    .filter((each) => each.void !== true)
    .map(({ regime, from, started, due, settled_by, candidates }) => ({
      regime,
      from,
      started: isoFromInstant(started),
      due: due === null ? null : isoFromInstant(due),
      ...(settled_by && { settled_by, candidates: candidates?.map((each) => isoFromInstant(each.at)) }),
    }));

const insured = setupWith({ cyber_insurance: true });

describe("the clocks of the scenarios", () => {
  it("A: RGPD proposed and insurance from the constat at 02:22, whatever the machine saw before; OSE not designated", () => {
    const work = live(insured, [
      { time: "2026-11-15T01:52:00+01:00", facts: ["account_compromised"] },
      { time: "2026-11-15T02:10:00+01:00", facts: ["malicious_action_suspected", "recovery_destroyed pacs"] },
      { time: "2026-11-15T02:12:00+01:00", facts: ["data_altered pacs"] },
      { time: "2026-11-15T02:14:00+01:00", facts: ["system_unavailable pacs"] },
      { time: "2026-11-15T02:22:00+01:00", found: true },
    ]);
    expect(clocksOf(work)).toEqual([
      { regime: "sante-2022", from: "found", started: "2026-11-15T01:22:00.000Z", due: null },
      {
        regime: "rgpd-33",
        from: "awareness",
        started: "2026-11-15T01:22:00.000Z",
        due: "2026-11-18T01:22:00.000Z",
        settled_by: "dpo",
        candidates: ["2026-11-15T01:22:00.000Z", "2026-11-15T01:22:00.000Z"],
      },
      {
        regime: "assurance-plainte",
        from: "found",
        started: "2026-11-15T01:22:00.000Z",
        due: "2026-11-18T01:22:00.000Z",
      },
    ]);
  });

  it("B: insurance from the first act and long expired; RGPD proposes the verification, keeps the first act, and counts across the change of hour", () => {
    const work = live(insured, [
      { time: "2026-10-02T09:03:00+02:00", facts: ["account_compromised", "malicious_action_suspected"] },
      { time: "2026-10-02T16:00:00+02:00", answers: { service_affected: "no" }, found: true },
      { time: "2026-10-24T15:05:00+02:00", answers: { health_data: "yes" } },
    ]);
    expect(clocksOf(work)).toEqual([
      {
        regime: "assurance-plainte",
        from: "found",
        started: "2026-10-02T14:00:00.000Z",
        due: "2026-10-05T14:00:00.000Z",
      },
      { regime: "sante-2022", from: "found", started: "2026-10-02T14:00:00.000Z", due: null },
      {
        regime: "rgpd-33",
        from: "awareness",
        started: "2026-10-24T13:05:00.000Z",
        // 14:05 in Paris: 72 elapsed hours, one of which the clocks showed twice.
        due: "2026-10-27T13:05:00.000Z",
        settled_by: "dpo",
        candidates: ["2026-10-02T14:00:00.000Z", "2026-10-24T13:05:00.000Z"],
      },
    ]);
  });

  it("C: RGPD proposed from 09:40, when care went to paper; no complaint, nothing was malicious", () => {
    const work = live(insured, [
      { time: "2026-11-10T09:12:00+01:00", facts: ["system_unavailable dpi"] },
      { time: "2026-11-10T09:20:00+01:00", answers: { malicious: "no" }, found: true },
      { time: "2026-11-10T09:40:00+01:00", answers: { degraded_mode: "yes" } },
      { time: "2026-11-10T10:12:00+01:00" },
    ]);
    expect(clocksOf(work).map(({ regime, due }) => [regime, due])).toEqual([
      ["sante-2022", null],
      ["rgpd-33", "2026-11-13T08:40:00.000Z"],
    ]);
  });
});

describe("a clock", () => {
  it("counts from the constat once there is one, not from the first alert it began with", () => {
    const moments = [
      { time: "2026-11-15T02:12:00+01:00", facts: ["malicious_action_suspected", "data_altered pacs"] },
    ];
    const alone = live(setupWith(), moments);
    expect(clocksOf(alone).map(({ from }) => from)).toEqual(["first_alert"]);
    const seen = live(setupWith(), [
      ...moments,
      { time: "2026-11-15T02:22:00+01:00", facts: [], found: true },
    ]);
    expect(clocksOf(seen).find(({ regime }) => regime === "sante-2022")?.from).toBe("found");
  });

  it("is void once what started it was never true, and runs again when it is", () => {
    const setup = setupWith();
    const work = live(setup, [
      { time: "2026-11-15T02:12:00+01:00", facts: ["data_disclosed dpi"], found: true },
    ]);
    const withdrawn = { at: 1, writer: "astreinte", reason: "fausse alerte" };
    const standing = work.facts;
    work.facts = standing.map((fact) => ({ ...fact, withdrawn }));
    judge(work, setup, at("2026-11-15T03:00:00+01:00"));
    followUp(work, setup);
    expect(clocksOf(work)).toEqual([]);
    work.facts = standing;
    judge(work, setup, at("2026-11-15T04:00:00+01:00"));
    followUp(work, setup);
    expect(clocksOf(work).map(({ regime }) => regime)).toEqual(["sante-2022", "rgpd-33"]);
  });

  it("of months ends on a day that exists", () => {
    const work = live(setupWith(), [
      {
        time: "2026-11-30T12:00:00+01:00",
        facts: ["said patient_harmed"],
        answers: { serious_adverse_event: "yes" },
        found: true,
      },
    ]);
    expect(clocksOf(work).filter(({ regime }) => regime === "eigs")).toEqual([
      { regime: "eigs", from: "found", started: "2026-11-30T11:00:00.000Z", due: null },
      { regime: "eigs", from: "found", started: "2026-11-30T11:00:00.000Z", due: "2027-02-28T11:00:00.000Z" },
    ]);
  });

  it("does not start under the secret of national defence", () => {
    const work = live(setupWith(), [
      {
        time: "2026-11-15T02:12:00+01:00",
        facts: ["data_disclosed dpi", "said defence_secret"],
        found: true,
      },
    ]);
    expect([work.deadlines, work.qualification?.verdict]).toEqual([[], "withheld"]);
  });
});

describe("the law of the day", () => {
  it.each([
    ["2019-03-05T10:00:00+01:00", "sante-2016"],
    ["2022-04-28T23:59:00+02:00", "sante-2016"],
    ["2022-04-29T00:01:00+02:00", "sante-2022"],
    ["2026-11-15T02:00:00+01:00", "sante-2022"],
  ])("an incident found at %s is evaluated under %s", (time, regime) => {
    const work = live(setupWith(), [{ time, facts: ["data_disclosed dpi"], found: true }]);
    expect([work.qualification?.regime, work.qualification?.verdict]).toEqual([regime, "declare"]);
    expect(work.others.map((each) => each.regime)).not.toContain("sante-2016");
  });

  it("that was not in force yet is applied all the same and says so: a wrong clock ends no duty", () => {
    const work = live(setupWith(), [
      { time: "1999-01-01T10:00:00+01:00", facts: ["data_disclosed dpi"], found: true },
    ]);
    expect(work.qualification).toMatchObject({ regime: "sante-2016", verdict: "declare" });
    expect(work.qualification?.remarks?.[0]).toContain("n'était pas en vigueur le 1999-01-01");
  });

  it("of another day once the constat is known takes over, and the first says that it no longer counts", () => {
    const work = live(setupWith(), [
      { time: "2022-04-28T22:00:00+02:00", facts: ["data_disclosed dpi"] },
      { time: "2022-04-29T08:00:00+02:00", found: true },
    ]);
    expect(work.qualification?.regime).toBe("sante-2022");
    expect(work.others.find(({ regime }) => regime === "sante-2016")).toMatchObject({
      verdict: "not_applicable",
      leads: false,
    });
    expect(clocksOf(work).map(({ regime }) => regime)).toContain("sante-2022");
  });
});
