import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import type { Alert } from "../agent/core/alert.ts";
import { parseText } from "../agent/stages/ingest.ts";
import { compileGate } from "../rules/engine/gate.ts";
import { readRules } from "../rules/engine/read.ts";
import { compileRules, matchAlert } from "../rules/engine/rule-set.ts";
import { ecsReader } from "./mapping/field-reader.ts";
import { runMappingCases } from "./mapping/run-cases.ts";
import { CASES_ENDING } from "./names.ts";
import { inboundNamed, openCatalogue, readMappings, SHIPPED_MAPPINGS } from "./registry.ts";
import { ecsFields } from "./shared/put-ecs.ts";

const { mappings, problems } = readMappings([SHIPPED_MAPPINGS]);
const { results, problems: missing } = runMappingCases(mappings, (as, record, context) => {
  const source = inboundNamed(as);
  return source === undefined ? undefined : parseText(source, record, context);
});
const context = { received: Date.UTC(2026, 0, 1) * 1000, zone: "UTC" };
/** What the reader writes of every record, whatever the mapping. */
const OWN = new Set(["event.module", "event.dataset", "event.original", "ecs.version", "tags"]);
const fieldsOf = (alert: Alert) =>
  ["@timestamp", ...ecsFields()].filter((name) => !OWN.has(name) && ecsReader(name)(alert) !== undefined);
const casesBeside = (file: string) =>
  load(readFileSync(file.replace(/\.yml$/, CASES_ENDING), "utf8")) as {
    as?: string;
    record: string;
    expected: Record<string, unknown>;
  }[];
const goldens = mappings.flatMap(({ name, file }) =>
  casesBeside(file).flatMap(({ as = "auto", record, expected }, i) => {
    const source = inboundNamed(as);
    const alert = source === undefined ? undefined : parseText(source, record, context).alert;
    return alert === undefined ? [] : [{ place: `${name} case ${i + 1}`, expected, alert }];
  }),
);
const recordsBeside = (file: string): string[] => casesBeside(file).map(({ record }) => record);

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
  it.each(goldens)("$place says all that its alert has", ({ expected, alert }) => {
    expect(fieldsOf(alert).filter((name) => !(name in expected))).toEqual([]);
  });
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
  const gate = compileGate(set, openCatalogue([]).catalogue.claims());
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
