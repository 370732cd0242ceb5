import { describe, expect, it } from "vitest";
import { instantFromIso } from "../../agent/core/clock.ts";
import type { Fact } from "../../agent/core/fact.ts";
import { qualify } from "../../agent/stages/qualify.ts";
import {
  answered,
  factOf,
  factsOf,
  GOLDEN_SYSTEMS,
  judgeCase,
  lettersOf,
  PACKS,
  readCases,
  readScenarios,
} from "../support/golden.ts";
import { anIncident } from "../support/incident.ts";

const FILES = ["authority.yml", "attacks.yml", "failures.yml"] as const;
const CASES = FILES.flatMap(readCases);

describe.each(FILES)("%s", (file) => {
  it.each(readCases(file).map((each) => [each.name, each] as const))("%s", (_, given) => {
    const found = judgeCase(given, given.pack);
    expect(lettersOf(found)).toEqual(given.expect);
    expect(found.verdict).toBe(given.verdict);
    const others = Object.keys(given.others).map((pack) => [pack, judgeCase(given, pack)] as const);
    expect(
      Object.fromEntries(
        others.map(([pack, each]) => [pack, { verdict: each.verdict, expect: lettersOf(each) }]),
      ),
    ).toEqual(given.others);
  });
});

describe("every golden case", () => {
  it("has its own name, and there are the authority's and forty more", () => {
    expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length);
    expect(CASES.length - readCases("authority.yml").length).toBeGreaterThanOrEqual(40);
  });

  it("says the same whatever the order of the facts", () => {
    for (const given of CASES) {
      const facts = factsOf(given);
      const turned = judgeCase(given, given.pack, facts.toReversed());
      expect([given.name, lettersOf(turned), turned.verdict]).toEqual([
        given.name,
        given.expect,
        given.verdict,
      ]);
    }
  });

  it("puts a reason behind every value, and the settings apart from the articles", () => {
    for (const given of CASES.filter(({ state }) => state === "open")) {
      for (const pack of [given.pack, ...Object.keys(given.others)]) {
        for (const criterion of judgeCase(given, pack).criteria) {
          expect(criterion.because.length, `${given.name} ${criterion.id}`).toBeGreaterThan(0);
          for (const because of criterion.because)
            expect(because.basis === "setting", `${given.name} ${because.text}`).toBe(
              because.setting !== undefined && because.basis !== "person",
            );
        }
      }
    }
  });
});

const HEALTH = PACKS.get("sante-2022");

describe.each(readScenarios().map((each) => [each.title, each] as const))("%s", (_, { begins, rows }) => {
  const at = (iso: string) => instantFromIso(iso) ?? Number.NaN;
  let facts: Fact[] = [];
  const judged = rows.map((row) => {
    const now = at(row.time);
    facts = [
      ...facts.map((fact) => (row.ends.includes(fact.kind) ? { ...fact, until: now } : fact)),
      ...row.facts.map((each) => factOf(each, at(begins), now)),
      ...answered(row.answers, now),
    ];
    if (HEALTH === undefined) throw new Error("no pack");
    const situation = { facts, systems: GOLDEN_SYSTEMS, now };
    return { row, found: qualify(anIncident({ state: row.state }), HEALTH, situation) };
  });

  it.each(judged.map((each) => [each.row.time, each.row.event, each] as const))(
    "%s %s",
    (_, __, { row, found }) => {
      expect(Object.values(lettersOf(found)).join(" ")).toBe(row.values);
      if (row.verdict !== undefined) expect(found.verdict).toBe(row.verdict);
    },
  );
});
