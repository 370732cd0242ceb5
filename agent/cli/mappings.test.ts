import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { Command, type CommanderError } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runMappingCases } from "../../connectors/mapping/run-cases.ts";
import { openCatalogue, readMappings } from "../../connectors/registry.ts";
import { parseText } from "../stages/ingest.ts";
import { mappingsCommand } from "./mappings.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-mappings-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const SAMPLE = `${[
  "<134>Nov 20 10:00:01 srv portail[1]: Failed login for user camille from 192.0.2.5",
  "<134>Nov 20 10:00:02 srv portail[1]: Failed login for user jo from 192.0.2.6",
].join("\n")}\n`;

async function suggest(
  args: string[],
  input: string | Buffer = SAMPLE,
  name = "mappings",
): Promise<{ out: string; said: string; failure?: CommanderError }> {
  const [stdout, stderr] = [new PassThrough({ encoding: "utf8" }), new PassThrough({ encoding: "utf8" })];
  const program = new Command("tocsin").exitOverride();
  mappingsCommand(program, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr });
  const quiet = (command: Command) => {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    for (const each of command.commands) quiet(each);
  };
  quiet(program);
  const result = () => ({
    out: (stdout.read() as string | null) ?? "",
    said: (stderr.read() as string | null) ?? "",
  });
  return program
    .parseAsync(["node", "tocsin", name, "suggest", ...args])
    .then(result, (failure: CommanderError) => ({ ...result(), failure }));
}

describe("mappings check and test", () => {
  it.each(["check", "test"])("%s cannot be tried on a path that leads nowhere", async (name) => {
    const stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    const program = new Command("tocsin").exitOverride();
    mappingsCommand(program);
    await program.parseAsync(["node", "tocsin", "mappings", name, join(folder, "nowhere")]);
    const { exitCode } = process;
    process.exitCode = undefined;
    expect(exitCode).toBe(2);
    expect(stderr.mock.calls.join()).toMatch(/nowhere: ENOENT.*; check the path\n$/);
    expect(stdout.mock.calls).toEqual([]);
    vi.restoreAllMocks();
  });
});

describe("mappings suggest", () => {
  it.each(["mappings", "mapping"])("writes a mapping that `check` accepts, under `%s`", async (name) => {
    const { out, said } = await suggest([], SAMPLE, name);
    const file = join(folder, `${name}.yml`);
    writeFileSync(file, out);
    const { mappings, problems } = readMappings([file]);
    expect(problems).toEqual([]);
    expect(mappings.map((each) => each.name)).toEqual(["portail"]);
    expect(said).toMatch(/2 records, 2 fields placed\n$/);
  });

  it("writes a file and its cases, which pass as they stand", async () => {
    const [out, cases] = [join(folder, "guichet.yml"), join(folder, "guichet.cases.yml")];
    const written = await suggest(["--name", "guichet", "--out", out, "--cases", cases, "-"]);
    expect(written.failure).toBeUndefined();
    expect(written.out).toBe("");
    const { catalogue } = openCatalogue([out]);
    const { results, problems } = runMappingCases(readMappings([out]).mappings, (as, record, context) =>
      parseText(catalogue.named(as) ?? as, record, context),
    );
    expect(problems).toEqual([]);
    expect(results.map(({ outcome, because }) => [outcome, because])).toEqual([["passed", undefined]]);
  });

  it("replaces no file", async () => {
    const file = join(folder, "mine.yml");
    writeFileSync(file, "mine");
    const { failure } = await suggest(["--out", file]);
    expect(failure?.message).toMatch(/--out .*EEXIST.*name a file that is not there yet/);
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  it("reads a compressed file, and writes nothing beside standard output", async () => {
    const file = join(folder, "sample.log.gz");
    writeFileSync(file, gzipSync(SAMPLE));
    expect((await suggest([file])).out).toContain("mapping: portail\n");
    expect(existsSync(`${file}.yml`)).toBe(false);
  });

  it.each<[string, string[], string | Buffer, RegExp]>([
    ["an empty sample", [], "\n\n", /standard input: there is no record in it; give a few records/],
    ["bytes", [], Buffer.from([0, 1, 2, 10]), /standard input:1: it is no text/],
    [
      "two products",
      [],
      `${SAMPLE}{"product":"Vigie"}\n`,
      /standard input:3: it is generic, and line 1 is syslog/,
    ],
    [
      "a format that is none",
      ["--as", "fortinet-fortigate"],
      SAMPLE,
      /--as fortinet-fortigate: no such format; one of auto,/,
    ],
    ["a file that is not there", ["/no/such/file"], "", /\/no\/such\/file.*cannot be read/],
  ])("refuses %s with code 2, and says what to do", async (_, args, input, message) => {
    const { failure, out } = await suggest(args, input);
    expect(failure?.exitCode).toBe(2);
    expect(failure?.message).toMatch(message);
    expect(out).toBe("");
  });
});
