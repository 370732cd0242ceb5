import { describe, expect, it } from "vitest";
import { aFact, anIncident, NIGHT, systemsOf } from "../../../test/support/incident.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { type Fact, MOST_SAYERS } from "../../core/fact.ts";
import type { Maintenance, Mute, Silence } from "../../core/mute.ts";
import type { Qualification } from "../../core/qualification.ts";
import { covers } from "./covers.ts";
import { dependenciesOf, UNDESCRIBED } from "./dependencies.ts";
import { countsFrom, holding, lasted, openMutes, REMEMBERED } from "./mutes.ts";
import { GRACE, openOutages } from "./outages.ts";

const SYSTEMS = systemsOf(
  { id: "reseau", kind: "network" },
  { id: "stockage", kind: "infrastructure", depends_on: ["reseau"] },
  { id: "pacs", kind: "imaging", depends_on: ["stockage"] },
  { id: "a", kind: "other", depends_on: ["b"] },
  { id: "b", kind: "other", depends_on: ["a"] },
);
const DEPENDENCIES = dependenciesOf(SYSTEMS.values());
const at = (minute: number) => NIGHT + minute * MICROSECONDS.minute;
const minutes = (microseconds: number) => microseconds / MICROSECONDS.minute;
const common = {
  ...{ reason: "Essai de bascule.", author: { account: "acc-1", name: "Anne Martin" }, made: NIGHT },
  ...{ state: "stands" as const, ended: null },
};

function silence(covers: Silence["covers"], from = 0, until = 60, id = "s"): Silence {
  return { id, kind: "silence", ...common, covers, from: at(from), until: at(until) };
}
function works(systems: string[], from = 0, until = 60, dependents = false, id = "w"): Maintenance {
  const covers = { systems, dependents };
  return { id, kind: "maintenance", ...common, covers, from: at(from), until: at(until) };
}
const outage = (over: Partial<Fact> = {}) =>
  aFact("system_unavailable", {
    ...{ system: "pacs", subjects: ["pacs-01"], rules: ["r-1"], sources: ["centreon"] },
    ...over,
  });

describe("what stands on what", () => {
  it.each<[string, string[]]>([
    ["reseau", []],
    ["stockage", ["reseau"]],
    ["pacs", ["reseau", "stockage"]],
    [UNDESCRIBED, ["reseau", "stockage"]],
    ["a", ["b"]],
    ["nope", []],
  ])("%s stands on %j", (system, under) => {
    expect([...DEPENDENCIES.under(system)].sort()).toEqual(under);
  });

  it("is told from below too", () => {
    expect([...DEPENDENCIES.above("reseau")].sort()).toEqual([UNDESCRIBED, "pacs", "stockage"]);
  });
});

describe("what a mute names", () => {
  const many = Array.from({ length: MOST_SAYERS + 1 }, () => "r-1");
  it.each<[string, Mute, Partial<Fact>, boolean]>([
    ["its host by its short name", silence({ host: "pacs-01" }), { subjects: ["PACS-01.ch.example"] }, true],
    ["an address whole", silence({ host: "192.0.2" }), { subjects: ["192.0.2.1"] }, false],
    ["no fact without a host", silence({ host: "*pacs*" }), { subjects: [] }, false],
    ["all hosts or nothing", silence({ host: "pacs-01" }), { subjects: ["pacs-01", "pacs-02"] }, false],
    ["all sources or nothing", silence({ source: "centreon" }), { sources: ["centreon", "wazuh"] }, false],
    ["nothing of unknown sources", silence({ source: "centreon" }), { sources: undefined }, false],
    ["a rule of before they were listed", silence({ rule: "rule-1" }), { rules: undefined }, true],
    ["nothing beside rules that are not listed", silence({ rule: "r-1" }), { rules: many }, false],
    ["works, their system", works(["pacs"]), {}, true],
    ["works, not what depends on it", works(["reseau"]), {}, false],
    ["works, what depends on it however far", works(["reseau"], 0, 60, true), {}, true],
    ["works, no host that nobody described", works(["reseau"], 0, 60, true), { system: null }, false],
  ])("%s", (_, mute, fact, expected) => {
    const known = openMutes(SYSTEMS.values());
    known.put(mute);
    const made = outage(fact);
    expect(covers(mute, made, DEPENDENCIES)).toBe(expected);
    expect(known.covering(made)).toEqual(expected ? [mute] : []);
  });
});

describe("how long an outage has lasted", () => {
  const pacs = { system: "pacs" };
  const ended = { at: at(20), name: "Anne Martin", reason: "Fini plus tôt." };
  it.each<[string, Mute[], number | null, number, number]>([
    ["without a mute", [], null, 40, 40],
    ["without a mute, over", [], 25, 40, 25],
    ["since a silence ended", [silence(pacs, 0, 30)], null, 40, 10],
    ["in all, once it is over, though silenced", [silence(pacs, 0, 30)], 25, 40, 25],
    ["outside of works", [works(["pacs"], 0, 30)], null, 40, 10],
    ["outside of works, over within them", [works(["pacs"], 0, 30)], 25, 40, 0],
    ["outside of works, over after them", [works(["pacs"], 0, 30)], 37, 40, 7],
    ["before works", [works(["pacs"], 20, 60)], null, 30, 20],
    ["at its longest stretch", [works(["pacs"], 10, 20), works(["pacs"], 35, 36)], null, 40, 15],
    [
      "outside of works that overlap",
      [works(["pacs"], 0, 20, false, "1"), works(["pacs"], 10, 30, false, "2")],
      null,
      40,
      10,
    ],
    ["whatever is to come", [works(["pacs"], 60, 90)], null, 40, 40],
  ])("%s", (_, mutes, until, now, expected) => {
    const fact = outage({ until: until === null ? null : at(until) });
    expect(minutes(lasted(fact, mutes, at(now)))).toBe(expected);
  });

  it.each<[string, Mute[], number]>([
    ["its beginning", [], 0],
    ["the end of what holds it", [silence(pacs, 0, 60)], 60],
    ["the end of what held it", [silence(pacs, 0, 30)], 30],
    ["the end of a chain", [silence(pacs, 0, 60), works(["pacs"], 50, 90)], 90],
    ["its beginning, whatever is to come", [works(["pacs"], 50, 90)], 0],
    ["the early end of what held it", [{ ...works(["pacs"], 0, 90), state: "over", ended }], 20],
  ])("its delay counts from %s", (_, mutes, expected) => {
    expect(minutes(countsFrom(outage(), mutes, at(40)) - NIGHT)).toBe(expected);
  });
  it.each<[string, Mute, number | null, boolean]>([
    ["while it lasts", silence(pacs), null, true],
    ["over since it was made", silence(pacs, 10), 20, true],
    ["over before it was made", silence(pacs, 30), 20, false],
    ["of one that is over, though the clock be set back", { ...silence(pacs), state: "over" }, null, false],
  ])("an outage %s is held: %#", (_, mute, until, expected) => {
    const fact = outage({ until: until === null ? null : at(until) });
    expect(holding([mute], fact, at(40))).toEqual(expected ? [mute] : []);
  });
});

describe("what is known", () => {
  it("forgets what ended before any event that is still taken in", () => {
    const known = openMutes(SYSTEMS.values());
    known.put({ ...silence({ system: "pacs" }, 0, 60, "old"), state: "over" });
    known.put({ ...silence({ system: "pacs" }, 0, 60, "new"), made: at(61) + REMEMBERED });
    expect(known.list().map(({ id }) => id)).toEqual(["new"]);
    expect(known.covering(outage())).toHaveLength(1);
  });

  it("has each once, as it was last put", () => {
    const known = openMutes(SYSTEMS.values());
    known.put(silence({ system: "pacs" }));
    known.put({ ...silence({ system: "pacs" }), state: "over" });
    expect(known.covering(outage())).toMatchObject([{ state: "over" }]);
  });
});

describe("a main outage", () => {
  const qualification = (...met: string[]) =>
    ({ criteria: met.map((id) => ({ id, value: "met", degree: null })) }) as unknown as Qualification;
  const main = (state: "open" | "in_review" | "closed", over: Partial<Fact> = {}, met = ["C3"]) => ({
    incident: anIncident({ id: "main", reference: "2026-0001", state }),
    facts: [outage({ system: "reseau", ...over })],
    qualification: qualification(...met),
  });
  const below = { incident: anIncident({ id: "below" }), facts: [outage()], qualification: undefined };

  it.each<[string, Partial<Fact>, Partial<Fact>, number, boolean]>([
    ["that lasts", {}, {}, 10, true],
    ["that ended just now", { until: at(10) }, {}, 14, true],
    ["that ended a while ago", { until: at(10) }, {}, 10 + minutes(GRACE), false],
    ["of what was over before it began", { since: at(20) }, { until: at(10) }, 30, false],
    ["of what was over meanwhile", { until: at(40) }, { since: at(5), until: at(20) }, 600, true],
    ["of hosts that nobody described", {}, { system: null }, 10, true],
    ["of nothing that stands elsewhere", {}, { system: "a" }, 10, false],
  ])("%s", (_, over, fact, now, expected) => {
    const outages = openOutages(SYSTEMS.values());
    outages.note(main("in_review", over));
    const found = outages.above(outage(fact), "below", at(now));
    expect(found.map(({ main: { incident }, system }) => [incident, system])).toEqual(
      expected ? [["main", "reseau"]] : [],
    );
    expect(outages.above(outage(fact), "main", at(now))).toEqual([]);
  });

  it.each<[string, ReturnType<typeof main>, ReturnType<typeof main>, number | null]>([
    ["as it was", main("in_review"), main("in_review"), null],
    ["told of nobody", main("open"), main("closed"), null],
    ["over", main("in_review"), main("in_review", { until: at(10) }), minutes(GRACE)],
    ["closed", main("in_review"), main("closed"), 0],
    ["without a criterion that it had", main("in_review"), main("in_review", {}, []), 0],
  ])("%s releases what waited behind it", (_, before, after, grace) => {
    const outages = openOutages(SYSTEMS.values());
    outages.note(before);
    outages.note(below);
    const found = outages.released(after, at(10));
    expect(found).toEqual(grace === null ? [] : [{ incident: "below", due: at(10 + grace) }]);
  });
});
