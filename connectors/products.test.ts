import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { parseText } from "../agent/stages/ingest.ts";
import { compileGate } from "../rules/engine/gate.ts";
import { readRules } from "../rules/engine/read.ts";
import { compileRules, matchAlert } from "../rules/engine/rule-set.ts";
import { CASES_ENDING } from "./mapping/load-mappings.ts";
import { runMappingCases } from "./mapping/run-cases.ts";
import { inboundNamed, openCatalogue, readMappings, SHIPPED_MAPPINGS } from "./registry.ts";

const { mappings, problems } = readMappings([SHIPPED_MAPPINGS]);
const { results, problems: missing } = runMappingCases(mappings, (as, record, context) => {
  const source = inboundNamed(as);
  return source === undefined ? undefined : parseText(source, record, context);
});
const context = { received: Date.UTC(2026, 0, 1) * 1000, zone: "UTC" };
const recordsBeside = (file: string): string[] =>
  (load(readFileSync(file.replace(/\.yml$/, CASES_ENDING), "utf8")) as { record: string }[]).map(
    ({ record }) => record,
  );

describe("the mappings that come with the program", () => {
  it("load, each named after its file, each with cases", () => {
    expect(problems).toEqual([]);
    expect(missing).toEqual([]);
    expect(mappings.map(({ file, name }) => [file, name])).toEqual(
      mappings.map(({ name }) => [`${SHIPPED_MAPPINGS}/${name}.yml`, name]),
    );
    expect(mappings.length).toBeGreaterThanOrEqual(4);
  });
  it.each(mappings)("$name cites what it was written from", ({ file }) => {
    expect(load(readFileSync(file, "utf8"))).toHaveProperty("reference.0.url");
  });
  it.each(results)("$place reads as expected", ({ because }) => expect(because).toBeUndefined());
  it.each(mappings)("$name is a source of its own name", ({ name, file }) => {
    const [record = ""] = recordsBeside(file);
    const source = inboundNamed(name);
    expect(source?.parse(record, context).alert?.event?.dataset).toBe(name);
  });
});

it("the gate lets through whatever a mapping makes a log source of", () => {
  const rules = ["firewall", "proxy"].map(
    (category, i) => `title: ${category}
id: 00000000-0000-4000-8000-00000000000${i}
logsource: { category: ${category} }
detection: { any: { event.severity|gte: 0 }, condition: any }
`,
  );
  const set = compileRules(rules.flatMap((text) => readRules(text, "rule.yml").rules));
  const gate = compileGate(set, openCatalogue([]).catalogue.claims);
  expect(gate.ungated).toEqual([]);
  let matched = 0;
  for (const record of mappings.flatMap(({ file }) => recordsBeside(file))) {
    const { alert } = parseText("auto", record, context);
    if (alert === undefined || matchAlert(set, alert).length === 0) continue;
    matched++;
    const bytes = Buffer.from(record);
    expect(gate.scan(bytes, 0, bytes.length), record).toBe(true);
  }
  expect(matched).toBeGreaterThan(10);
});
