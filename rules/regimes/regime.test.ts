import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import {
  loadRegime,
  loadRegimes,
  type PackSource,
  readRegime,
  readRegimes,
  regimeNames,
  SHIPPED,
} from "./load-regime.ts";
import { verifiedLongAgo } from "./regime.ts";

const GOOD = `id: essai
duty: essai
version: "1"
title: Essai
article: art. 1
verified: 2026-11-15
criteria:
  - { id: E1, label: Un, article: art. 1, verbatim: des mots, legal: true, met: { fact: degraded_mode } }
questions:
  - id: degraded
    text: "Papier ?"
    asked_of: care
    criteria: [E1]
    answers:
      - { id: "yes", label: Oui, states: [{ fact: degraded_mode, holds: true }] }
      - { id: "no", label: Non, states: [{ fact: degraded_mode, holds: false }] }
sentences:
  declare: "À déclarer : {criteria}."
  advised: Conseillé.
  answer_missing: "Il manque : {question}"
  no_duty_found: Rien.
  watching: À surveiller.
  not_applicable: Sans objet.
`;
const MET = "{ fact: degraded_mode } }";

const from = (read: PackSource["read"]): PackSource => ({ ...SHIPPED, read });

/** Reads a pack written here, as if it stood in rules/regimes/essai. */
function readText(text: string) {
  return readRegime(
    "essai",
    from((pack, file) => (pack !== "autre" && file === "regime.yml" ? text : undefined)),
  );
}

const criterion = (met: string) => GOOD.replace(MET, `${met} }`);

describe("the packs that come with the program", () => {
  it.each(regimeNames())("%s loads, and every statement of its sources carries its mark", (name) => {
    const regime = loadRegime(name);
    expect(regime.id).toBe(name);
    const sources = readFileSync(join(import.meta.dirname, name, "SOURCES.md"), "utf8");
    const rows = sources
      .split("\n")
      .filter((line) => line.startsWith("| ") && !/^\| (statement|---)/.test(line));
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const row of rows) expect(row).toMatch(/\| [SFUP] \| (\d{4}-\d{2}-\d{2}|–) \|$/);
    // What is unverified or ours was not verified: it has no date, so that nobody takes it for law.
    for (const row of rows.filter((each) => /\| [UP] \|/.test(each))) expect(row).toMatch(/\| – \|$/);
  });

  it("ships NIS 2 disabled, and an installation that names it is told why", () => {
    expect(loadRegime("nis2").enabled).toBe(false);
    expect(readRegimes(["sante-2022", "nis2"]).problems).toEqual([
      expect.objectContaining({
        code: "regime_disabled",
        message: expect.stringContaining("not French law"),
      }),
    ]);
  });

  it("knows all others together", () => {
    const all = regimeNames().filter((name) => name !== "nis2");
    expect(loadRegimes(all).map(({ id }) => id)).toEqual(all);
  });

  it("takes the open criterion C0 from a person only, and keeps D6 and D7 out of the law", () => {
    const criteria = new Map(loadRegime("sante-2022").criteria.map((each) => [each.id, each]));
    expect([...criteria.keys()]).toEqual(["C1", "C2", "C3", "C4", "C5", "C0", "D6", "D7"]);
    expect([...criteria.values()].filter(({ legal }) => !legal).map(({ id }) => id)).toEqual(["D6", "D7"]);
    expect([...criteria.values()].filter(({ potential }) => potential).map(({ id }) => id)).toEqual([
      "C1",
      "C4",
    ]);
  });
});

describe("a pack that is wrong", () => {
  it("is accepted when nothing is", () => {
    expect(readText(GOOD).problems).toBeUndefined();
  });

  it.each([
    [
      "a criterion that can never be met",
      criterion("{ all: [{ fact: degraded_mode }, { not: { fact: degraded_mode } }] }"),
      "E1 can never be met",
      8,
    ],
    [
      "one that a narrower statement contradicts",
      criterion(
        "{ all: [{ fact: degraded_mode }, { fact: data_altered, system: { health_data: true }, presumed: not }, { not: { fact: data_altered } }] }",
      ),
      "E1 can never be met",
      8,
    ],
    [
      "a fact both required and excluded",
      criterion(
        "{ all: [{ fact: data_lost }, { not: { any: [{ fact: degraded_mode }, { fact: data_lost }] } }] }",
      ),
      "data_lost is both required and excluded",
      8,
    ],
    [
      "a facility that has an insurance and has none",
      criterion(
        "{ all: [{ fact: degraded_mode }, { facility: { cyber_insurance: true } }, { facility: { cyber_insurance: false } }] }",
      ),
      "E1 can never be met",
      8,
    ],
    ["a day that is in no calendar", `${GOOD}effective_from: 2026-02-30\n`, "effective_from: ", 24],
    [
      "a version that cannot be compared",
      GOOD.replace('version: "1"', "version: brouillon"),
      "numbers with dots",
      3,
    ],
    [
      "a criterion met whatever the facts",
      criterion("{ any: [{ fact: degraded_mode }, { not: { fact: degraded_mode } }] }"),
      "is met whatever the facts",
      8,
    ],
    [
      "silence taken for yes",
      criterion("{ not: { fact: degraded_mode, presumed: not } }"),
      "would make silence a yes",
      8,
    ],
    ["a fact that is none", criterion("{ fact: degraded }"), "Invalid option", 8],
    [
      "two forms in one expression",
      criterion("{ fact: degraded_mode, lasting: degraded_after }"),
      "and one only",
      8,
    ],
    [
      "a filter where none goes",
      criterion("{ any: [{ fact: degraded_mode }], system: { shared: true } }"),
      "goes with fact or lasting",
      8,
    ],
    [
      "a degree that the law does not know",
      GOOD.replace("met: {", "potential: {"),
      "the verbatim text knows none",
      8,
    ],
    [
      "a criterion that no question can settle",
      criterion("{ any: [{ fact: degraded_mode }, { fact: data_lost }] }"),
      "waits for data_lost",
      8,
    ],
    [
      "a question for a criterion that does not exist",
      GOOD.replace("criteria: [E1]", "criteria: [E1, E2]"),
      "no criterion E2",
      13,
    ],
    [
      "a question that no criterion uses",
      GOOD.replaceAll("fact: degraded_mode, holds", "fact: data_lost, holds").replace(
        MET,
        "{ fact: degraded_mode, presumed: not } }",
      ),
      "no answer to degraded says anything about E1",
      13,
    ],
    [
      "an id used twice",
      GOOD.replace(
        "questions:",
        "  - { id: E1, label: Un, article: a, verbatim: b, legal: true, met: { fact: degraded_mode } }\nquestions:",
      ),
      "E1 is defined twice",
      9,
    ],
    [
      "a clock of a criterion that does not exist",
      `${GOOD}clocks:\n  - { id: c, label: C, article: a, recipient: R, when: [E9], starts: [found], hours: 72 }\n`,
      "no criterion E9",
      25,
    ],
    [
      "a clock that starts at no instant",
      `${GOOD}clocks:\n  - { id: c, label: C, article: a, recipient: R, when: [E1], starts: [night] }\n`,
      "Invalid option",
      25,
    ],
    ["an unknown key", `${GOOD}colour: red\n`, "colour: unknown key", 24],
    [
      "a verdict sentence without its place",
      GOOD.replace("À déclarer : {criteria}.", "À déclarer."),
      "must hold {criteria}",
      18,
    ],
    [
      "a law that ends before it begins",
      `${GOOD}effective_from: 2026-01-01\neffective_until: 2025-01-01\n`,
      "ends before it begins",
      25,
    ],
    ["a pack disabled for no reason", `${GOOD}enabled: false\n`, "nobody knows why", 24],
    [
      "an applicability that asks for facts",
      `${GOOD}applies: { fact: degraded_mode }\n`,
      "asks for facts",
      24,
    ],
    ["YAML that is none", `${GOOD}criteria: [`, "", 24],
  ])("%s is told with its place, what it is and what to do", (_, text, message, line) => {
    const { problems = [] } = readText(text);
    expect(problems[0]).toMatchObject({
      code: "regime_invalid",
      message: expect.stringContaining(message),
      remedy: expect.stringMatching(/.{10}/),
    });
    expect(problems[0]?.where).toMatch(new RegExp(`^rules/regimes/essai/regime\\.yml:${line}:`));
  });

  it.each(["../../../etc/passwd", "sante_2022", ""])("%j names none", (name) => {
    expect(readRegime(name).problems?.[0]).toMatchObject({
      code: "regime_unknown",
      remedy: expect.stringContaining("sante-2022"),
    });
  });

  it.each([
    ["that leads without a form", "leads: true\n", undefined, "it leads and has no form"],
    ["whose text nobody approves", "", [], "nobody approves its text"],
    ["that leads and names who approves", "leads: true\napprovers: [dpo]\n", [], "approves what leads"],
    ["whose text an auditor approves", "approvers: [auditor]\n", [], "approvers"],
    ["with a field twice", "approvers: [dpo]\n", ["found", "found"], "field found is there twice"],
    [
      "whose clock runs out and whose text has no place for the reasons",
      "approvers: [dpo]\nclocks:\n  - { id: c, label: C, article: a, recipient: R, when: [E1], starts: [found], hours: 72 }\n",
      ["found"],
      "no field late_reason",
    ],
  ])("%s is refused", (_, more, fields, message) => {
    const form = (ids: readonly string[]) =>
      `id: f\nversion: "1"\nnotice: x\nsections:\n  - id: s\n    title: S\n    fields: [${ids.map((id) => `{ id: ${id}, label: L, basis: P }`).join(", ")}]\n`;
    const { problems = [] } = readRegime(
      "essai",
      from((_, file) =>
        file === "regime.yml" ? `${GOOD}${more}` : file === "form.yml" && fields ? form(fields) : undefined,
      ),
    );
    expect(problems.map((each) => each.message).join("\n")).toContain(message);
  });

  it("cannot extend itself, nor one that is not there", () => {
    expect(readText(`extends: essai\n${GOOD}`).problems?.[0]?.message).toContain("cannot extend itself");
    const chain = readRegime(
      "essai",
      from((pack, file) =>
        file === "regime.yml" ? `extends: ${pack === "essai" ? "deux" : "trois"}\n${GOOD}` : undefined,
      ),
    );
    expect(chain.problems?.[0]?.message).toContain("extends another itself");
    expect(readText(`extends: autre\n${GOOD}`).problems?.[0]?.code).toBe("regime_unknown");
  });
});

describe("packs that do not go together", () => {
  const twin = (change: (text: string) => string) =>
    readRegimes(
      ["sante-2022", "essai"],
      from((pack, file) => {
        if (pack !== "essai") return SHIPPED.read(pack, file);
        return file === "regime.yml" ? change(GOOD) : undefined;
      }),
    ).problems.map(({ message }) => message);

  it.each([
    [
      "one duty twice on the same days",
      (text: string) => text.replace("duty: essai", "duty: sante"),
      "in force on the same days",
    ],
    [
      "one question with two meanings",
      (text: string) => text.replace("id: degraded\n", "id: degraded_mode\n"),
      "ask different things as degraded_mode",
    ],
  ])("%s", (_, change, message) => {
    expect(twin(change)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    [["rgpd-33"], "no pack that leads"],
    [["sante-2022", "sante-2022"], "sante-2022 is named twice"],
  ])("%j", (ids, message) => {
    expect(readRegimes(ids).problems.map((each) => each.message)).toEqual([message]);
    expect(() => loadRegimes(ids)).toThrow(message);
  });
});

describe("the day a pack was verified", () => {
  const now = Date.UTC(2027, 10, 16) * 1000;
  it.each([
    ["2026-11-15", true],
    ["2026-11-17", false],
  ])("%s is long ago on 16 November 2027: %s", (verified, long) => {
    expect(verifiedLongAgo({ verified }, now)).toBe(long);
    expect(verifiedLongAgo({ verified }, now - 400 * MICROSECONDS.day)).toBe(false);
  });
});
