import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadRules } from "../../rules/engine/load.ts";
import { keepReadings, openReadings, readOnce } from "./readings.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-readings-"));
});
afterEach(() => {
  keepReadings();
  rmSync(folder, { recursive: true, force: true });
});

/** One start: it reads the text, and writes down what it read; says whether it had to. */
function start(text: string, value: unknown = { a: [1, "é", null] }, program = "1") {
  openReadings(folder, program);
  const read = vi.fn(() => value);
  const found = readOnce("yaml", text, read);
  return { found, reads: read.mock.calls.length, failed: keepReadings() };
}

const files = () => readdirSync(folder).map((name) => join(folder, name));

describe("what is read of a text", () => {
  it("is read by the first start alone, and given as it was", () => {
    expect(start("a: […]")).toEqual({ found: { a: [1, "é", null] }, reads: 1, failed: undefined });
    expect(start("a: […]")).toEqual({ found: { a: [1, "é", null] }, reads: 0, failed: undefined });
  });

  it.each([
    ["another text", "b: []", "1"],
    ["another program", "a: […]", "2"],
  ])("is read anew of %s", (_, text, program) => {
    start("a: […]");
    expect(start(text, "new", program)).toMatchObject({ found: "new", reads: 1 });
  });

  it("is not what a reader makes of it afterwards", () => {
    openReadings(folder, "1");
    (readOnce("yaml", "a: […]", () => ({ a: 1 })) as { a: number }).a = 2;
    keepReadings();
    expect(start("a: […]").found).toEqual({ a: 1 });
  });

  it("forgets what a start no longer reads", () => {
    start("a: […]");
    start("b: []");
    expect(start("a: […]").reads).toBe(1);
  });

  const circle: unknown[] = [];
  circle.push(circle);
  const bomb = Array.from({ length: 30 }).reduce<unknown>((inner) => [inner, inner], "x");
  it.each([
    ["unfolds to millions", bomb],
    ["is a circle", circle],
    ["JSON does not carry", { a: Number.NaN }],
    ["is of no plain object", { a: new Date(0) }],
    ["names a prototype", JSON.parse('{"__proto__": 1}')],
  ])("is not kept when it %s", (_, value) => {
    expect(start("a short text, or some more", value).found).toBe(value);
    expect(start("a short text, or some more", value).reads).toBe(1);
  });

  it("is thrown when reading fails, each time", () => {
    const fail = () => {
      throw new Error("no YAML");
    };
    for (const _ of [1, 2]) {
      openReadings(folder, "1");
      expect(() => readOnce("yaml", "a: [", fail)).toThrow("no YAML");
      keepReadings();
    }
  });
});

describe("the file of readings", () => {
  it("is nobody else's to read or write", () => {
    start("a: […]");
    expect(files().map((file) => statSync(file).mode & 0o777)).toEqual([0o600]);
  });

  it.each<[string, (file: string) => void]>([
    ["others may write it", (file) => chmodSync(file, 0o620)],
    ["others may write its folder", () => chmodSync(folder, 0o777)],
    ["it is cut", (file) => writeFileSync(file, readFileSync(file, "utf8").slice(0, -9))],
  ])("is not believed when %s", (_, spoil) => {
    start("a: […]");
    spoil(files()[0] as string);
    expect(start("a: […]").reads).toBe(1);
  });

  it("says when it cannot be written, and everything is read all the same", () => {
    openReadings(folder, "1");
    expect(readOnce("yaml", "a: […]", () => 7)).toBe(7);
    rmSync(folder, { recursive: true });
    expect(keepReadings()).toMatch(/ENOENT/);
  });
});

it("gives the rules of the program as they are read", () => {
  const rules = join(import.meta.dirname, "../../rules/detection");
  const read = loadRules([rules]);
  openReadings(folder, "1");
  loadRules([rules]);
  keepReadings();
  openReadings(folder, "1");
  expect(read.rules.length).toBeGreaterThan(50);
  expect(loadRules([rules])).toEqual(read);
});
