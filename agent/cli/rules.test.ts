import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { rulesCommand } from "./rules.ts";

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
        { file: bad, line: 6, code: "aggregation_unsupported", message: expect.stringContaining("count()") },
      ],
      ungated: [],
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
});
