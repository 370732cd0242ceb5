import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { SaxesParser } from "saxes";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { rulesCommand } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "rules-cli-"));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const RULE = `title: Whoami
id: 0d7f4a0e-0000-4000-8000-000000000001
logsource: {category: process_creation, product: windows}
detection:
  sel: {CommandLine|contains: whoami}
  condition: sel
`;
const rule = file("whoami.yml", RULE);
const events = file(
  "events.jsonl",
  `${[
    { CommandLine: "whoami /all" },
    {
      Event: {
        System: {
          Provider: { "#attributes": { Name: "Microsoft-Windows-Sysmon" } },
          EventID: 1,
          Channel: "Microsoft-Windows-Sysmon/Operational",
        },
        EventData: { CommandLine: "whoami" },
      },
    },
    {
      event: { module: "cef", code: "1" },
      process: { command_line: "whoami" },
      fields: { Channel: "Microsoft-Windows-Sysmon/Operational" },
    },
  ]
    .map((event) => JSON.stringify(event))
    .join("\n")}\nnot json\n`,
);

async function run(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => err.push(String(text)) > 0);
  const program = new Command("tocsin").exitOverride();
  rulesCommand(program);
  process.exitCode = undefined;
  await program.parseAsync(["node", "tocsin", "rules", ...argv]);
  const code = process.exitCode;
  process.exitCode = undefined;
  vi.restoreAllMocks();
  return { code, out: out.join(""), err: err.join("") };
}

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ["check", []],
  ["check", [rule, "--meanings"]],
  ["test", []],
  ["coverage", []],
])("rules %s %j cannot be tried on a path that leads nowhere", async (name, before) => {
  const { code, out, err } = await run(name, ...before, join(folder, "nowhere"));
  expect(code).toBe(2);
  expect(out).toBe("");
  expect(err).toMatch(/^rules \w+: \S*nowhere: ENOENT/);
});

describe("rules match", () => {
  const hits = (out: string) =>
    out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { line: number; detections: unknown[]; error?: { code: string } });

  it("runs a rule on the events of its log source, and says which record cannot be read", async () => {
    const { code, out } = await run("match", "--rules", rule, events);
    expect(code).toBe(0);
    expect(hits(out).map((hit) => [hit.line, hit.detections.length, hit.error?.code])).toEqual([
      [1, 0, undefined],
      [2, 1, undefined],
      [3, 1, undefined],
      [4, 0, "not_json"],
    ]);
    expect(hits(out)[1]?.detections).toEqual([
      { rule: "0d7f4a0e-0000-4000-8000-000000000001", title: "Whoami" },
    ]);
  });

  it("runs every rule on the event's own names with --any-logsource", async () => {
    const { out } = await run("match", "--rules", rule, "--any-logsource", events);
    expect(hits(out).map((hit) => hit.detections.length)).toEqual([1, 1, 1, 0]);
  });

  it.each([
    ["a converter of EVTX", { Event: { System: { EventID: 1 }, EventData: { CommandLine: "whoami" } } }],
    ["Velociraptor", { System: { EventID: { Value: 1 } }, EventData: { CommandLine: "whoami" } }],
    ["Winlogbeat", { winlog: { event_id: "1", event_data: { CommandLine: "whoami" } } }],
    ["Winlogbeat 6", { event_id: 1, log_name: "x", event_data: { CommandLine: "whoami" } }],
    [
      "Azure Monitor",
      {
        EventID: 1,
        Source: "x",
        EventData: '<EventData><Data Name="CommandLine">whoami</Data></EventData>',
        Computer: "c",
      },
    ],
    ["Splunk", { EventCode: "1", SourceName: "x", CommandLine: "whoami" }],
  ])("runs rules with --any-logsource on Windows' names in an event of %s", async (_, event) => {
    const named = file("named.yml", RULE.replace("CommandLine", "EventID: 1, CommandLine"));
    const records = file("named.jsonl", `${JSON.stringify(event)}\n`);
    const { out } = await run("match", "--rules", named, "--any-logsource", records);
    expect(hits(out)).toMatchObject([{ line: 1, detections: [{ title: "Whoami" }] }]);
  });

  it("reads records as a source does", async () => {
    const lines = file("lines.txt", `${JSON.stringify("<13>Aug  2 02:10:41 srv app: x\ny whoami")}\n`);
    const any = file(
      "any.yml",
      RULE.replace("CommandLine", "message").replace(
        "category: process_creation, product: windows",
        "category: alert",
      ),
    );
    const { out } = await run("match", "--rules", any, "--as", "syslog", "--input", "json-strings", lines);
    expect(hits(out)).toMatchObject([{ line: 1, detections: [{ title: "Whoami" }] }]);
  });

  it.each([
    ["an unknown form of input", ["--input", "xml"]],
    ["a year that is none", ["--year", "now"]],
    ["an unknown source", ["--as", "nope"]],
    ["an unknown zone", ["--zone", "Mars"]],
    ["rules that are not there, beside others", ["--rules", "/nonexist"]],
  ])("refuses %s with 2, and says which", async (_, options) => {
    const { code, out, err } = await run("match", "--rules", rule, ...options, events);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(options.join(" "));
  });

  it("says what it found before a file that cannot be read, and exits with 2", async () => {
    const { code, out, err } = await run("match", "--rules", rule, events, join(folder, "missing"));
    expect(code).toBe(2);
    expect(hits(out)).toHaveLength(4);
    expect(err).toContain("cannot be read");
  });

  it("refuses to run without a rule", async () => {
    expect((await run("match", "--rules", join(folder, "none.yml"), events)).code).toBe(2);
  });
});

describe("rules check", () => {
  it("reports what is refused with file, line and code, and exits with 1", async () => {
    const bad = file("bad.yml", RULE.replace("condition: sel", "condition: sel | count() > 5"));
    const { code, out } = await run("check", bad, rule, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      loaded: 1,
      refused: [
        {
          file: bad,
          line: 6,
          column: expect.any(Number),
          code: "aggregation_unsupported",
          message: expect.stringContaining("count()"),
        },
      ],
      ungated: [],
      warnings: [expect.objectContaining({ file: rule, line: 1, code: "level_missing" })],
      inactive: [],
    });
  });

  it("exits with 0 when all is well, and names the rules without a literal", async () => {
    const open = file(
      "open.yml",
      RULE.replace("CommandLine|contains: whoami", "EventID: 1").replace(
        "category: process_creation, product: windows",
        "category: alert",
      ),
    );
    const { code, out } = await run("check", open, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      loaded: 1,
      refused: [],
      ungated: ["0d7f4a0e-0000-4000-8000-000000000001"],
    });
  });
});

describe("rules check, for a person", () => {
  it("groups what it found, each with its place, and counts it", async () => {
    const bad = file("worse.yml", RULE.replace("condition: sel", "condition: other"));
    const odd = file("odd.yml", RULE.replace("0001", "0003").replace("CommandLine", "ComandLine"));
    const { code, out } = await run("check", bad, odd);
    expect(code).toBe(1);
    expect(out).toMatch(/^Refused: .* \(1\)\n {2}\S+worse\.yml:6:\d+ {2}condition_unknown_selection\n/);
    expect(out).toMatch(/Warnings: .* \(2\)\n(.*\n)*.*odd\.yml:5:9 {2}field_unknown\n.*CommandLine/);
    expect(out).toMatch(/1 loaded, 1 refused, 2 warnings, 0 inactive, 0 ungated\n$/);
  });

  it("takes meanings from outside, and advises of those that select nothing", async () => {
    const meanings = file("meanings.yml", "meanings:\n  - rules: { level: critical }\n    cause: malware\n");
    const { code, out } = await run("check", rule, "--meanings", meanings, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out).warnings).toContainEqual(
      expect.objectContaining({ file: meanings, line: 2, code: "meaning_without_rule" }),
    );
  });

  it("refuses what a meaning says wrong", async () => {
    const meanings = file("wrong.yml", "meanings:\n  - rules: { level: low }\n    cause: nothing\n");
    const { code, out } = await run("check", rule, "--meanings", meanings, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out).refused).toMatchObject([{ file: meanings, line: 3, code: "meanings_invalid" }]);
  });
});

describe("rules explain", () => {
  const line = "<13>Aug  2 02:10:41 srv app: whoami /all";
  const spoken = file(
    "spoken.yml",
    RULE.replace("CommandLine", "message").replace(
      "category: process_creation, product: windows",
      "category: alert",
    ),
  );

  it.each([
    ["its id", "0d7f4a0e-0000-4000-8000-000000000001"],
    ["its title", "Whoami"],
    ["its file", spoken],
    ["its file's name", "spoken.yml"],
  ])("finds a rule by %s and says why it matches", async (_what, wanted) => {
    const { code, out } = await run("explain", wanted, line, "--rules", spoken);
    expect(code).toBe(0);
    expect(out).toMatch(/^MATCH {2}Whoami/);
    expect(out).toContain('gate        opened: detection: "whoami"');
    expect(out).toMatch(/sel: holds +│ message │ \*whoami\* │ whoami \/all │ met/);
  });

  it("says of a non-match what is asked and what is there", async () => {
    const { code, out } = await run("explain", spoken, "<13>Aug  2 02:10:41 srv app: id", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      matches: false,
      gate: { passed: false, literals: [{ opened: null, needed: ["whoami"] }] },
      condition: { failed: ["sel does not hold"] },
      selections: [
        {
          alternatives: [[{ field: "message", asked: ["*whoami*"], value: "id", because: "value differs" }]],
        },
      ],
    });
  });

  it("reads the record as the source that is named, and says when it cannot", async () => {
    const { out } = await run("explain", spoken, "not CEF", "--as", "cef");
    expect(out).toMatch(/^not read: \w+: /);
  });

  it.each([
    ["a rule that is not there", ["nope", line, "--rules", spoken], "no rule has this id"],
    ["rules that are not there", ["Whoami", line, "--rules", "/nonexist"], "--rules /nonexist"],
    ["an unknown source", ["Whoami", line, "--rules", spoken, "--as", "nope"], "--as nope"],
  ])("refuses %s with 2", async (_what, argv, said) => {
    const { code, out, err } = await run("explain", ...argv);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(said);
  });
});

describe("rules coverage", () => {
  const tagged = file(
    "tagged.yml",
    `${RULE}level: low\ntags: [attack.discovery, attack.t1033, attack.t1059.001]\n`,
  );

  it("tells techniques, tactics, causes and classes", async () => {
    const { code, out } = await run("coverage", tagged);
    expect(code).toBe(0);
    expect(out).toMatch(/discovery │ 2 +│ 1/);
    expect(out).toMatch(/T1033 +│ discovery │ 1 +│ 0d7f4a0e/);
    expect(out).toContain("Rançongiciel");
    expect(out).toContain("1 rules, 2 techniques; 0 rules name no technique, 1 have no meaning");
  });

  it("writes a layer that the Navigator reads: format 4.5, a score a technique", async () => {
    const layer = join(folder, "layer.json");
    const { code, out } = await run("coverage", tagged, "--json", "--layer", layer);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ rules: 1 });
    const written = JSON.parse(readFileSync(layer, "utf8"));
    expect(written).toMatchObject({
      name: expect.any(String),
      versions: { layer: "4.5", navigator: "4.9.0" },
      domain: "enterprise-attack",
      techniques: [
        { techniqueID: "T1033", score: 1 },
        { techniqueID: "T1059.001", score: 1 },
      ],
    });
    expect(written.gradient.maxValue).toBeGreaterThan(written.gradient.minValue);
    expect(written.gradient.colors.length).toBeGreaterThan(1);
  });

  it.each([
    ["a path that leads nowhere", ["/nonexist"]],
    ["a layer that cannot be written", [tagged, "--layer", "/nonexist/layer.json"]],
  ])("refuses %s with 2", async (_what, argv) => {
    expect((await run("coverage", ...argv)).code).toBe(2);
  });
});

describe("rules test", () => {
  it("runs the cases beside a rule and fails when one does not hold", async () => {
    const cased = file(
      "cased.yml",
      RULE.replace("category: process_creation, product: windows", "category: alert").replace(
        "CommandLine",
        "message",
      ),
    );
    const record = (text: string) => `\n  - {as: syslog, record: '<13>Aug  2 02:10:41 srv app: ${text}'}`;
    file("cased.cases.yml", `must_match:${record("whoami")}\nmust_not_match:${record("who")}\n`);
    expect(await run("test", cased)).toMatchObject({ code: 0, err: "2 cases, 0 failed, 0 problems\n" });
    file("cased.cases.yml", `must_match:${record("who")}\nmust_not_match:${record("who")}\n`);
    const failed = await run("test", cased);
    expect(failed.code).toBe(1);
    expect(failed.out).toContain("it did not match");
  });

  it("writes what it found as a JUnit report that any XML reader reads", async () => {
    const cased = file(
      "report.yml",
      RULE.replace("category: process_creation, product: windows", "category: alert"),
    );
    const record = (text: string) => `\n  - {as: syslog, record: ${JSON.stringify(text)}}`;
    const hostile = "<13>Aug  2 02:10:41 srv app: <![CDATA[\"&']]>\u0007\ud83d\ude00 who";
    file("report.cases.yml", `must_match:${record(hostile)}\nmust_not_match:${record("who")}\n`);
    const report = join(folder, "report.xml");
    const { code } = await run("test", cased, rule, "--junit", report);
    expect(code).toBe(1);
    const seen: { name: string; attributes: Record<string, unknown> }[] = [];
    let failure = "";
    const parser = new SaxesParser();
    parser.on("opentag", ({ name, attributes }) => seen.push({ name, attributes }));
    parser.on("text", (text) => {
      failure += text;
    });
    parser.on("error", (error) => {
      throw error;
    });
    parser.write(readFileSync(report, "utf8")).close();
    expect(seen[0]).toMatchObject({
      name: "testsuites",
      attributes: { tests: "3", failures: "1", errors: "1" },
    });
    expect(seen.filter(({ name }) => name === "testcase").map(({ attributes }) => attributes.name)).toEqual([
      "match 1, as syslog",
      "no match 1, as syslog",
      "id_duplicate",
    ]);
    expect(failure.trim()).toBe(hostile.replace("\u0007", "\ufffd"));
  });

  it("puts the values of --placeholders in, without which the rule does not run", async () => {
    const open = file(
      "open.yml",
      RULE.replace("category: process_creation, product: windows", "category: alert").replace(
        "CommandLine|contains: whoami",
        'message|contains|expand: "%Programs%"',
      ),
    );
    const record = (text: string) => `\n  - {as: syslog, record: '<13>Aug  2 02:10:41 srv app: ${text}'}`;
    file("open.cases.yml", `must_match:${record("whoami")}\nmust_not_match:${record("who")}\n`);
    const values = file("values.yml", "Programs: [whoami, ipconfig]\n");
    expect(await run("test", open, "--placeholders", values)).toMatchObject({
      code: 0,
      err: "2 cases, 0 failed, 0 problems\n",
    });
    const without = await run("test", open);
    expect(without).toMatchObject({ code: 1, err: expect.stringContaining("%Programs%") });
  });

  it.each([
    ["--junit", "/nonexist/report.xml"],
    ["--placeholders", "/nonexist/values.yml"],
  ])("exits with 2 when the file of %s is out of reach", async (option, path) => {
    const { code, err } = await run("test", rule, option, path);
    expect(code).toBe(2);
    expect(err).toContain(path);
  });
});
