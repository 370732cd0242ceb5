import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { gzipSync } from "node:zlib";
import { Command, type CommanderError } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCommand } from "./parse.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-parse-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Row {
  line: number;
  alert?: { "@timestamp": string; message?: string; tags?: string[]; event: { dataset: string } };
  error?: { code: string };
}

/** Runs `parse` on bytes and returns its rows, or the error that ended it. */
async function parse(
  args: string[],
  input: string | Buffer = "",
): Promise<{ rows: Row[]; failure?: CommanderError }> {
  let out = "";
  // A small buffer, so that every write has to wait for its turn.
  const stdout = new Writable({
    highWaterMark: 16,
    write(chunk, _, done) {
      out += chunk;
      setImmediate(done);
    },
  });
  const program = new Command("tocsin").exitOverride();
  parseCommand(program, { stdin: Readable.from([Buffer.from(input)]), stdout });
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  const rows = () =>
    out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Row);
  return program.parseAsync(["node", "tocsin", "parse", ...args]).then(
    () => ({ rows: rows() }),
    (failure: CommanderError) => ({ rows: rows(), failure }),
  );
}

const write = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe("parse", () => {
  it("prints one row a record, in order, an empty line being one and a last newline none", async () => {
    const { rows } = await parse(["--year", "2023"], "<13>Oct 11 22:14:15 h su: a\r\n\nb\n");
    expect(rows.map(({ line, alert, error }) => [line, alert?.message, error?.code])).toEqual([
      [1, "a", undefined],
      [2, undefined, "empty"],
      [3, "b", undefined],
    ]);
    expect(rows[0]?.alert?.["@timestamp"]).toBe("2023-10-11T22:14:15.000Z");
  });

  it("reads files one after the other, compressed ones too, and numbers through", async () => {
    const files = [write("a", "one\ntwo"), write("b.gz", gzipSync("three\n")), write("c", "")];
    const { rows } = await parse([...files, "-"], "four");
    expect(rows.map(({ line, alert }) => `${line} ${alert?.message}`)).toEqual([
      "1 one",
      "2 two",
      "3 three",
      "4 four",
    ]);
  });

  it("reads records that JSON strings hold, and says which lines hold none", async () => {
    const input = `${JSON.stringify("<13>Oct 11 22:14:15 h su: a\nb\n")}\n{}\n"x\n`;
    const { rows } = await parse(["--input", "json-strings", "--as", "syslog"], input);
    expect(rows.map(({ alert, error }) => alert?.message ?? error?.code)).toEqual([
      "a\nb",
      "not_a_json_string",
      "not_a_json_string",
    ]);
  });

  it("takes the zone of dates that state none", async () => {
    const { rows } = await parse(["--year", "2023", "--zone", "Europe/Paris"], "<13>Jul 11 22:14:15 h su: a");
    expect(rows[0]?.alert?.["@timestamp"]).toBe("2023-07-11T20:14:15.000Z");
  });

  it("marks bytes that are not UTF-8, and drops NULs around a record", async () => {
    const bytes = Buffer.concat([Buffer.from("caf\xe9 ol\xe9", "latin1"), Buffer.from("\0\ncafé\0\r\n")]);
    const { rows } = await parse([], bytes);
    expect(rows.map(({ alert }) => alert?.message)).toEqual(["caf\ufffd ol\ufffd", "café"]);
    expect(rows[0]?.alert?.tags).toContain("tocsin_not_utf8");
    expect(rows[1]?.alert?.tags).not.toContain("tocsin_not_utf8");
  });

  it("cuts a record longer than 1 MiB, marks it, and goes on with the next", async () => {
    const { rows } = await parse([], `${"é".repeat(1_000_000)}\nnext\n`);
    expect(rows.map(({ line }) => line)).toEqual([1, 2]);
    expect(rows[0]?.alert?.tags).toContain("tocsin_cut");
    expect(rows[0]?.alert?.tags).not.toContain("tocsin_not_utf8");
    expect(rows[1]?.alert?.message).toBe("next");
  });

  it("keeps the order and loses nothing when the reader is slow", async () => {
    const { rows } = await parse(
      [],
      Array.from({ length: 5000 }, (_, index) => `record ${index}`).join("\n"),
    );
    expect(rows.map(({ alert }) => alert?.message)).toEqual(
      Array.from({ length: 5000 }, (_, index) => `record ${index}`),
    );
  });

  it.each([
    [["--as", "nothing"], /one of auto, alertmanager/],
    [["--zone", "Paris"], /no such IANA zone/],
    [["--year", "23"], /four digits/],
    [["--input", "xml"], /lines or json-strings/],
    [["/no/such/file"], /cannot be read/],
  ])("refuses %j with code 2", async (args, message) => {
    const { failure } = await parse(args);
    expect(failure?.exitCode).toBe(2);
    expect(failure?.message).toMatch(message);
  });

  it("prints what it read before a file that cannot be", async () => {
    const { rows, failure } = await parse([write("good", "one\ntwo\n"), join(folder, "missing")]);
    expect(rows.map(({ alert }) => alert?.message)).toEqual(["one", "two"]);
    expect(failure?.exitCode).toBe(2);
  });

  it("refuses a .gz file that is cut, after the records before the cut", async () => {
    const whole = gzipSync("one\ntwo\n");
    const { failure } = await parse([write("cut.gz", whole.subarray(0, whole.length - 6))]);
    expect(failure?.exitCode).toBe(2);
  });

  it("ends quietly when its reader leaves", async () => {
    const stdout = new PassThrough();
    stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    const program = new Command("tocsin").exitOverride();
    parseCommand(program, { stdin: Readable.from([Buffer.from("one\n".repeat(50_000))]), stdout });
    await expect(program.parseAsync(["node", "tocsin", "parse"])).resolves.toBe(program);
  });
});
