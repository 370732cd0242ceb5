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
  alert?: {
    "@timestamp": string;
    message?: string;
    tags?: string[];
    event: { dataset: string; original: string };
  };
  error?: { code: string };
  explain?: { mapping: unknown; fields: unknown[] };
}

/** Runs `parse` on bytes and returns its rows, or the error that ended it. */
async function parse(
  args: string[],
  input: string | Buffer | string[] = "",
): Promise<{ rows: Row[]; said: string; out: string; failure?: CommanderError }> {
  let out = "";
  const stderr = new PassThrough({ encoding: "utf8" });
  // A small buffer, so that every write has to wait for its turn.
  const stdout = new Writable({
    highWaterMark: 16,
    write(chunk, _, done) {
      out += chunk;
      setImmediate(done);
    },
  });
  const program = new Command("tocsin").exitOverride();
  parseCommand(program, {
    stdin: Readable.from([input].flat().map((chunk) => Buffer.from(chunk))),
    stdout,
    stderr,
  });
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  const rows = () =>
    out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Row);
  const result = () => ({
    get rows() {
      return rows();
    },
    out,
    said: (stderr.read() as string | null) ?? "",
  });
  return program.parseAsync(["node", "tocsin", "parse", ...args]).then(result, (failure: CommanderError) => {
    return { ...result(), failure };
  });
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
    const bytes = Buffer.concat([Buffer.from("caf\xe9\ncaf\xff", "latin1"), Buffer.from("\0\ncafé\0\r\n")]);
    const { rows } = await parse([], bytes);
    expect(rows.map(({ alert }) => alert?.message)).toEqual(["café", "caf\ufffd", "café"]);
    expect(rows[0]?.alert?.tags).toContain("tocsin_not_utf8");
    expect(rows[1]?.alert?.tags).toContain("tocsin_not_utf8");
    expect(rows[2]?.alert?.tags).not.toContain("tocsin_not_utf8");
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
    [["--as", "nothing"], /one of alertmanager, .*syslog.*, auto, /],
    [["--zone", "Paris"], /no such IANA zone/],
    [["--year", "23"], /four digits/],
    [["--input", "xml"], /one of lines, octet-counted, json-strings/],
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

  it("gives the records of a gzip file that is cut, then refuses it", async () => {
    const whole = gzipSync("one\ntwo\nthree");
    const { rows, failure } = await parse([write("cut.gz", whole.subarray(0, whole.length - 6))]);
    expect(rows.map(({ alert }) => alert?.message)).toEqual(["one", "two", "three"]);
    expect(failure?.exitCode).toBe(2);
    expect(failure?.message).toMatch(/cut\.gz.*cannot be read/);
  });

  const zipped = gzipSync("one\ntwo\n");
  const wrongSum = Buffer.from(zipped);
  wrongSum.writeUInt32LE(1, zipped.length - 8);
  it.each([
    ["whose sum is wrong", wrongSum, /cannot be read: incorrect data check/],
    ["that something else follows", Buffer.concat([zipped, Buffer.from("?")]), /cannot be read/],
    [
      "that a second one follows after a gap",
      Buffer.concat([zipped, Buffer.alloc(512), zipped]),
      /no gzip follows the compressed data/,
    ],
    ["that zeros fill up", Buffer.concat([zipped, Buffer.alloc(100_000)]), undefined],
  ])("gives the records of a gzip file %s, and says what it could not read", async (_, bytes, message) => {
    const { rows, failure } = await parse([], bytes);
    expect(rows.map(({ alert }) => alert?.message)).toEqual(["one", "two"]);
    expect(failure?.exitCode).toBe(message === undefined ? undefined : 2);
    expect(failure?.message ?? "").toMatch(message ?? "");
  });

  const wide = Buffer.from("<13>Oct 11 22:14:15 h su: été\r\nb", "utf16le");
  it.each([
    ["with its mark", Buffer.concat([Buffer.from([0xff, 0xfe]), wide])],
    ["of the other order with its mark", Buffer.concat([Buffer.from([0xff, 0xfe]), wide]).swap16()],
    ["without a mark", wide],
    ["of the other order without a mark", Buffer.from(wide).swap16()],
    ["compressed", gzipSync(wide)],
  ])("reads UTF-16 %s", async (_, bytes) => {
    const { rows } = await parse([], bytes);
    expect(rows.map(({ alert }) => alert?.message)).toEqual(["été", "b"]);
    expect(rows.flatMap(({ alert }) => alert?.tags)).not.toContain("tocsin_not_utf8");
  });

  it("knows gzip by its first bytes, in a file of any name and on standard input", async () => {
    const members = Buffer.concat([gzipSync("one\n"), gzipSync("two\n")]);
    expect((await parse([write("zipped", members)])).rows).toHaveLength(2);
    expect((await parse([], members)).rows.map(({ alert }) => alert?.message)).toEqual(["one", "two"]);
    expect((await parse([write("plain.gz", "not zipped\n")])).rows[0]?.alert?.message).toBe("not zipped");
  });

  it.each([
    ["counted, with newlines within", "5 <1>a\n7 <2>b\nc\n", ["<1>a\n", "<2>b\nc\n"]],
    ["of any beginning, also empty", "3 abc0 5 a b c", ["abc", "", "a b c"]],
    [
      "mixed with lines",
      "4 <1>a<2>line\r\n4 <3>b\n2025 was a year\n",
      ["<1>a", "<2>line", "<3>b", "2025 was a year"],
    ],
    ["of more bytes than characters", "6 <1>é\n", ["<1>é"]],
    ["that end before their count", "9 <1>abc", ["<1>abc"]],
  ])("cuts records %s", async (_, input, expected) => {
    const { rows } = await parse(["--input", "octet-counted", "--as", "auto"], input);
    expect(rows.map(({ alert }) => alert?.event.original ?? "")).toEqual(
      expected.map((text) => text.replace(/\n$/, "")),
    );
    expect(rows.map(({ line }) => line)).toEqual(expected.map((_, index) => index + 1));
  });

  it("marks a counted record that the recording ends within", async () => {
    const { rows } = await parse(["--input", "octet-counted"], "4 <1>a9 <2>bcd");
    expect(rows.map(({ alert }) => alert?.tags?.includes("tocsin_cut"))).toEqual([false, true]);
  });

  it("cuts a line longer than 1 MiB between counted records, and goes on with the next", async () => {
    const chunk = "a".repeat(600_000);
    const { rows } = await parse(["--input", "octet-counted"], [chunk, chunk, chunk, `${chunk}\n4 <1>b`]);
    expect(rows.map(({ alert }) => alert?.message?.slice(0, 2))).toEqual(["aa", "b"]);
    expect(rows[0]?.alert?.tags).toContain("tocsin_cut");
  });

  it("ends quietly when its reader leaves", async () => {
    const stdout = new PassThrough();
    stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    const program = new Command("tocsin").exitOverride();
    parseCommand(program, {
      stdin: Readable.from([Buffer.from("one\n".repeat(50_000))]),
      stdout,
      stderr: new PassThrough(),
    });
    await expect(program.parseAsync(["node", "tocsin", "parse"])).resolves.toBe(program);
  });

  describe("--explain", () => {
    const record =
      "<164>Oct 10 2025 12:34:56 fw-1 : %ASA-6-611101: User authentication succeeded: IP address: 192.0.2.44, Uname: admin";

    it("says which format, mapping and line of it gave each field", async () => {
      const { out, said } = await parse(["--explain"], `${record}\n`);
      expect(out).toMatch(/^record 1\n {2}format {3}syslog \(0\.95: it begins with a syslog priority\)/);
      expect(out).toMatch(
        /mapping {2}cisco-asa \(cisco\.facility is ASA, like ASA or FTD.*\) \S*cisco-asa\.yml:\d+/,
      );
      expect(out).toMatch(/user\.name +"admin" +mapping cisco-asa \S*cisco-asa\.yml:\d+\n/);
      expect(out).toMatch(/host\.name +"fw-1" +parser syslog/);
      expect(said).toBe("cisco-asa: 1\n");
    });
    it("says the same as JSON beside the alert", async () => {
      const { rows } = await parse(["--explain", "--json"], `${record}\n\n`);
      expect(rows[0]?.explain?.mapping).toMatchObject({ name: "cisco-asa" });
      expect(rows[0]?.explain?.fields).toContainEqual(
        expect.objectContaining({ field: "source.ip", value: "192.0.2.44", by: "mapping cisco-asa" }),
      );
      expect(rows[1]).toMatchObject({ error: { code: "empty" }, explain: { mapping: null, fields: [] } });
    });
    it("changes nothing of what is read", async () => {
      const [plain, explained] = await Promise.all([
        parse([], record),
        parse(["--explain", "--json"], record),
      ]);
      expect(explained.rows[0]?.alert).toEqual(plain.rows[0]?.alert);
    });
  });

  it("sums up on standard error by what the records were read", async () => {
    const { said } = await parse(["--summary"], "<13>Oct 11 22:14:15 h su: x\nUse the BFG!\n\nand again\n");
    expect(said).toBe("unrecognised: 2\nsyslog.rfc3164: 1\nunread (empty): 1\n");
  });

  it("reads by a mapping of the user's, by its name and by itself", async () => {
    const mapping = write(
      "salle.yml",
      [
        "mapping: salle",
        "title: Sondes de la salle",
        "reference: [{ url: 'https://example.org/sondes', read: 2026-11-22 }]",
        "over: [text]",
        "when: { message: 'SONDE *' }",
        "read: [{ like: 'SONDE {sonde} {etat...}' }]",
        "fields: { host: sonde, event.reason: etat }",
      ].join("\n"),
    );
    for (const as of ["auto", "salle"]) {
      const { rows } = await parse(["--mappings", mapping, "--as", as], "SONDE s-12 trop chaud\n");
      expect(rows[0]?.alert).toMatchObject({
        host: { name: "s-12" },
        event: { reason: "trop chaud", dataset: "salle" },
      });
      expect(rows[0]?.alert?.tags).not.toContain("tocsin_unrecognised");
    }
  });

  it("refuses a mapping that is wrong, with its place", async () => {
    const wrong = write("wrong.yml", "mapping: wrong\ntitle: x\n");
    const { failure } = await parse(["--mappings", wrong], "x");
    expect(failure?.exitCode).toBe(2);
    expect(failure?.message).toMatch(/wrong\.yml:1:1: over: /);
  });
});
