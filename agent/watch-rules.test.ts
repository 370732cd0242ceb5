import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "./core/clock.ts";
import { watchRules } from "./watch-rules.ts";

const root = mkdtempSync(join(tmpdir(), "watch-rules-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder: string;
let count = 0;
let stop: (() => void) | undefined;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  folder = join(root, String(count++));
  mkdirSync(join(folder, "inner"), { recursive: true });
  writeFileSync(join(folder, "inner/a.yml"), "a");
});
afterEach(() => {
  stop?.();
  vi.useRealTimers();
});

/** Lets the watch look once more: it asks for its next look when the present one is over. */
async function look(): Promise<void> {
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), { timeout: 5000, interval: 1 });
  vi.runOnlyPendingTimers();
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), { timeout: 5000, interval: 1 });
}

describe("watchRules", () => {
  it.each([
    ["changed", () => writeFileSync(join(folder, "inner/a.yml"), "b")],
    ["added", () => writeFileSync(join(folder, "b.yaml"), "b")],
    ["removed", () => rmSync(join(folder, "inner/a.yml"))],
    ["moved with its folder", () => rmSync(join(folder, "inner"), { recursive: true })],
    ["a file of meanings", () => writeFileSync(`${folder}.meanings`, "m")],
  ])("tells once of a file %s, when it has stood still for a look", async (_what, change) => {
    let told = 0;
    stop = watchRules([folder, `${folder}.meanings`], systemClock, () => told++);
    await look();
    change();
    await look();
    expect(told).toBe(0);
    await look();
    await look();
    expect(told).toBe(1);
  });

  it.each([
    ["a file that is no rule", () => writeFileSync(join(folder, "README.md"), "b")],
    ["a folder that is hidden", () => mkdirSync(join(folder, ".git"))],
    ["nothing", () => undefined],
  ])("does not tell of %s", async (_what, change) => {
    let told = 0;
    stop = watchRules([folder], systemClock, () => told++);
    await look();
    change();
    for (let looks = 0; looks < 3; looks++) await look();
    expect(told).toBe(0);
  });
});
