import { globSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ROOT, read } from "../support/documents.ts";
import { evidenceIn, missingOf, titlesOf } from "../support/test-titles.ts";

const rowsOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\|[-| ]+\|$/.test(line))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

describe("docs/threat-model.md", () => {
  const text = read("docs/threat-model.md");
  const sections = text
    .split(/^### /m)
    .slice(1)
    .map((section) => ({
      name: section.split("\n")[0] ?? "",
      rows: rowsOf(section.split(/^## /m)[0] ?? "").slice(1),
    }));

  it("goes through every boundary, each by all of STRIDE", () => {
    expect(sections.map(({ name }) => name)).toEqual([
      "Sources",
      "Delegates and their browsers",
      "The identity provider",
      "Tools",
      "Authorities and channels",
      "Operators",
      "The shared record (PostgreSQL)",
      "The bus (NATS)",
      "Supply chain",
    ]);
    for (const { name, rows } of sections) {
      const letters = new Set(rows.flatMap(([kind = ""]) => [...kind]));
      expect([name, [...letters].toSorted().join("")]).toEqual([name, "DEIRST"]);
    }
  });

  it.each(sections)(
    "$name: each threat has its control, and a test that proves it or the word that none does",
    ({ rows }) => {
      expect(rows.length).toBeGreaterThan(4);
      for (const row of rows) {
        const [, threat = "", control = "", proof = ""] = row;
        expect(row).toHaveLength(4);
        expect([threat.length > 5, control.length > 5]).toEqual([true, true]);
        const proved = evidenceIn(proof).some(({ titles }) => titles.length > 0);
        expect([threat, proved || proof.startsWith("not proved here:")]).toEqual([threat, true]);
      }
    },
  );

  it("names tests that exist, by file and title", () => {
    const evidence = evidenceIn(text);
    expect(evidence.flatMap(({ titles }) => titles).length).toBeGreaterThan(80);
    expect(missingOf(evidence)).toEqual([]);
  });

  it("leaves out no file of attacks", () => {
    const named = evidenceIn(text).map(({ file }) => file);
    const files = globSync("test/attack/*.test.ts", { cwd: ROOT });
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((file) => !named.includes(file))).toEqual([]);
  });
});

describe("docs/asvs.md", () => {
  const text = read("docs/asvs.md");
  const rows = rowsOf(text).filter(([number = ""]) => /^\d+\.\d+\.\d+$/.test(number));
  const VERDICTS = ["met", "partly", "not met", "n/a"];

  it("answers each line of levels 1 and 2 once, in order", () => {
    const numbers = rows.map(([number]) => number);
    expect(numbers).toEqual([...new Set(numbers)]);
    const chapters = Object.entries(LINES).map(([chapter, count]) => [chapter, count]);
    const answered = Object.keys(LINES).map((chapter) => [
      chapter,
      numbers.filter((number) => number?.startsWith(`${chapter}.`)).length,
    ]);
    expect(answered).toEqual(chapters);
  });

  it("gives evidence of what is met, and a reason for what is not", () => {
    for (const [number = "", words = "", verdict = "", evidence = ""] of rows) {
      expect([number, VERDICTS.includes(verdict), words.length > 2, words.length < 80]).toEqual([
        number,
        true,
        true,
        true,
      ]);
      expect([number, evidence.length > 10]).toEqual([number, true]);
      if (verdict === "met")
        expect([number, evidenceIn(evidence).length > 0 || /\]\(/.test(evidence)]).toEqual([number, true]);
    }
    const said = /Met (\d+), partly (\d+), not met (\d+), not applicable (\d+)/
      .exec(text)
      ?.slice(1)
      .map(Number);
    expect(said).toEqual(VERDICTS.map((each) => rows.filter(([, , verdict]) => verdict === each).length));
  });

  it("names files and tests that exist", () => {
    const evidence = evidenceIn(text);
    expect(evidence.length).toBeGreaterThan(80);
    expect(missingOf(evidence)).toEqual([]);
  });
});

/** Lines of levels 1 and 2 by chapter, of ASVS 5.0.0 (OWASP/ASVS, 5.0/docs_en, read 2026-11-23). */
const LINES: Readonly<Record<string, number>> = {
  1: 27,
  2: 11,
  3: 19,
  4: 10,
  5: 9,
  6: 35,
  7: 18,
  8: 7,
  9: 7,
  10: 29,
  11: 14,
  12: 9,
  13: 13,
  14: 9,
  15: 13,
  16: 16,
  17: 7,
};

describe("the reading of evidence", () => {
  it("finds files with the titles beside them", () => {
    expect(evidenceIn("see `test/a.test.ts` “one”, “two %s”; `agent/b.ts`. `npm`")).toEqual([
      { file: "test/a.test.ts", titles: ["one", "two %s"] },
      { file: "agent/b.ts", titles: [] },
    ]);
  });

  it("tells what is missing, and takes no skipped test for one", () => {
    expect(missingOf([{ file: "test/nowhere.test.ts", titles: [] }])).toEqual(["test/nowhere.test.ts"]);
    const here = "test/house/security-documents.test.ts";
    expect(
      missingOf([{ file: here, titles: ["finds files with the titles beside them", "no such test"] }]),
    ).toEqual([`${here}: no such test`]);
    expect(titlesOf("test/real/tls.test.ts").size).toBe(1);
  });
});
