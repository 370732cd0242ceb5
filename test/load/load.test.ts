import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { browserPeer } from "../support/browser.ts";
import { describePeer } from "../support/peer.ts";
import { STEPS } from "./delegates-at-work.ts";
import { flatness } from "./flatness.ts";

// All that they make lies here: nothing may be left.
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-load-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs one as a person types it, with the sizes that only prove that it runs. */
async function run(script: string, ...parts: string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, script), "--small", ...parts], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const code = new Promise<number | null>((ended) => child.once("close", ended));
  return { said: await text(child.stdout), code: await code };
}

/** The numbers of a line. */
const numbersOf = (line: string | undefined) =>
  [...(line ?? "").matchAll(/-?\d[\d,]*(?:\.\d+)?/g)].map(([number]) => Number(number.replaceAll(",", "")));

describePeer(browserPeer, "node test/load/storm.ts", () => {
  let said: string;
  let code: number | null;
  beforeAll(async () => {
    ({ said, code } = await run("storm.ts", "--seconds", "4"));
  }, 180_000);

  it("holds its invariants, and leaves nothing behind", () => {
    expect(said).toMatch(/^all invariants hold$/m);
    expect(code).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith("tocsin-"))).toEqual([]);
  });

  it("sends lines of which those that matter are all in one incident", () => {
    const [sent = 0, relevant = 0] = numbersOf(/^over: .*$/m.exec(said)?.[0]);
    expect(sent).toBeGreaterThan(0);
    expect(relevant).toBe(Math.ceil(sent / 125));
  });

  it.each([
    "lines taken over one TCP connection",
    "alerts of them committed",
    "attack to webhook, p99",
    "page by plain HTTP, p99",
    ...STEPS.map((step) => `Chromium: ${step}, longest`),
    "event loop of the main thread late, longest",
    "most",
  ])("measures: %s", (what) => {
    const cells = said.split("\n").map((line) => line.split("│").map((cell) => cell.trim()));
    const [value = 0] = numbersOf(cells.find(([, name]) => name === what)?.[2]);
    expect(value).toBeGreaterThan(0);
  });
});

describe("node test/load/soak.ts", () => {
  let said: string;
  let code: number | null;
  beforeAll(async () => {
    ({ said, code } = await run("soak.ts", "--minutes", "0.15"));
  }, 180_000);

  it("holds its invariants, and leaves nothing behind", () => {
    expect(said).toMatch(/^all invariants hold$/m);
    expect(code).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith("tocsin-"))).toEqual([]);
  });

  it("takes lines while texts are confirmed and dossiers closed", () => {
    const [lines = 0, , texts = 0, dossiers = 0] = numbersOf(/^\d+ lines taken.*$/m.exec(said)?.[0]);
    for (const count of [lines, texts, dossiers]) expect(count).toBeGreaterThan(0);
  });

  it("writes what it read, spell by spell, and judges memory and open files", () => {
    const spells = said.split("\n").filter((line) => /^ +\d+\.\d {2}/.test(line));
    expect(spells.length).toBe(6);
    for (const spell of spells) {
      const [, rss = 0, heap = 0, files = 0] = numbersOf(spell);
      for (const value of [rss, heap, files]) expect(value).toBeGreaterThan(0);
    }
    expect(numbersOf(/^memory: .*$/m.exec(said)?.[0])[0]).toBeGreaterThan(0);
    expect(numbersOf(/^open files: .*$/m.exec(said)?.[0])[0]).toBeGreaterThan(0);
  });
});

describe("whether memory is flat", () => {
  const ramp = (length: number, by: number) => Array.from({ length }, (_, i) => 100 + by * i);

  it.each([
    ["a level", ramp(30, 0), { growth: 0, slope: 0 }],
    [
      "a rise that ends with the first third",
      [...ramp(10, 5), ...Array(20).fill(150)],
      { growth: 0, slope: 0 },
    ],
    ["a steady rise", ramp(30, 1), { middle: 114.5, last: 124.5, slope: 60 }],
    ["a fall", ramp(30, -1), { middle: 85.5, last: 75.5, slope: -60 }],
  ])("is told of %s, over half an hour", (_, values, expected) => {
    const found = flatness(values, 0.5);
    for (const [name, value] of Object.entries(expected))
      expect(found[name as keyof typeof found]).toBeCloseTo(value, 6);
  });
});
