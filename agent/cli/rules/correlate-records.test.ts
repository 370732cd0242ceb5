import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, expect, it, vi } from "vitest";
import { rulesCommand } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "correlate-records-"));
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base = (name: string) =>
  `title: ${name}\nname: ${name}\nlogsource: {category: test}\ndetection: {sel: {kind: ${name}}, condition: sel}\n---\n`;
const rule = (body: string) =>
  `${base("fail")}${base("pass")}title: Found\nname: found\ncorrelation: {group-by: user, timespan: 1m, ${body}}\n`;
const COUNT = "type: event_count, rules: fail, condition: {gte: 3}";

/** Titles that are said of each record. */
async function match(text: string, records: readonly object[]): Promise<string[][]> {
  const [rules, file] = [join(folder, "rules.yml"), join(folder, "records.jsonl")];
  writeFileSync(rules, text);
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  const out: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => out.push(String(chunk)) > 0);
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  const program = new Command("tocsin").exitOverride();
  rulesCommand(program);
  await program.parseAsync(["node", "tocsin", "rules", "match", "--rules", rules, "--any-logsource", file]);
  process.exitCode = undefined;
  vi.restoreAllMocks();
  return out
    .join("")
    .trim()
    .split("\n")
    .map((line) =>
      (JSON.parse(line) as { detections: { title: string }[] }).detections.map(({ title }) => title),
    );
}

const at = (time: unknown, kind: string, name = "@timestamp") => ({
  kind,
  user: "u",
  ...(time === null ? {} : { [name]: time }),
});
const iso = (second: number, kind: string) =>
  at(new Date(1_785_600_000_000 + second * 1000).toISOString(), kind);

it.each<[string, string, object[], string[][]]>([
  [
    "on the record that completes it",
    rule(COUNT),
    [iso(0, "fail"), iso(1, "fail"), iso(2, "fail"), iso(3, "fail")],
    [[], [], ["Found"], []],
  ],
  [
    "by the clock of the records",
    rule(COUNT),
    [iso(0, "fail"), iso(50, "fail"), iso(70, "fail")],
    [[], [], []],
  ],
  [
    "though they come in disorder",
    rule(COUNT),
    [iso(50, "fail"), iso(0, "fail"), iso(20, "fail")],
    [[], [], ["Found"]],
  ],
  [
    "of records that say no time, in their order",
    rule(COUNT),
    [at(null, "fail"), at(null, "fail"), at(null, "fail")],
    [[], [], ["Found"]],
  ],
  [
    "by seconds since the epoch, or since a test began",
    rule(COUNT),
    [
      at(1_785_600_000, "fail", "timestamp"),
      at(1_785_600_001_000, "fail", "timestamp"),
      at(1_785_600_002, "fail", "timestamp"),
      at(5, "fail", "timestamp"),
    ],
    [[], [], ["Found"], []],
  ],
  ["with the rules that no correlation refers to", rule(COUNT), [iso(0, "pass")], [["pass"]]],
  ["with those that are to be generated", rule(`${COUNT}, generate: true`), [iso(0, "fail")], [["fail"]]],
  [
    "on the last record, when nothing more comes",
    rule("type: temporal, condition: fail and not pass"),
    [iso(0, "fail")],
    [["Found"]],
  ],
  [
    "not when what must not come comes",
    rule("type: temporal, condition: fail and not pass"),
    [iso(0, "fail"), iso(5, "pass")],
    [[], []],
  ],
])("tells a correlation %s", async (_, text, records, expected) => {
  expect(await match(text, records)).toEqual(expected);
});
