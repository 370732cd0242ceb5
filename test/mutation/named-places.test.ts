import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { NAMED_PLACES, rangeOf } from "./named-places.ts";
import { OUTPUT, slugOf } from "./run-stryker.ts";

interface Mutant {
  mutatorName: string;
  replacement?: string;
  status: string;
  statusReason?: string;
  location: { start: { line: number } };
}

/** Meets the mutants of a place, and gives each with its file. */
async function mutantsOf(place: string): Promise<(Mutant & { file: string })[]> {
  // This run's own settings would be taken for those of the runs within.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV)/.test(name)),
  );
  const command = ["test/mutation/mutate.ts", "--place", place, "--concurrency", "2"];
  await promisify(execFile)(process.execPath, command, { env, maxBuffer: 2 ** 25 });
  const { files } = JSON.parse(readFileSync(`${OUTPUT}/${slugOf(place)}.json`, "utf8")) as {
    files: Record<string, { mutants: Mutant[] }>;
  };
  return Object.entries(files).flatMap(([file, { mutants }]) => mutants.map((each) => ({ ...each, file })));
}

describe("mutants of what all else relies on", () => {
  it.each(NAMED_PLACES)("none survives in $name", { timeout: 1_200_000 }, async ({ name, code, atLeast }) => {
    const mutants = await mutantsOf(name);
    const left = mutants.filter(({ status }) => !["Killed", "Timeout", "Ignored"].includes(status));
    const told = left.map(
      ({ file, location, mutatorName, replacement, status }) =>
        `${file}:${location.start.line} ${mutatorName} ${status}: ${replacement ?? ""}`,
    );
    expect(told).toEqual([]);
    const outside = mutants.filter(({ status }) => status === "Ignored");
    for (const { statusReason } of outside) expect(statusReason).toMatch(/.{15,}/);
    expect(outside.length).toBeLessThan(10);
    expect(mutants.length - outside.length).toBeGreaterThanOrEqual(atLeast);
    const met = new Set(mutants.map(({ file }) => file));
    expect(code.map((each) => each.split("#")[0]).filter((file) => !met.has(file as string))).toEqual([]);
  });

  it("refuses a place that is no longer there, or twice", () => {
    expect(() => rangeOf("agent/core/journal.ts#gone")).toThrow(
      "agent/core/journal.ts#gone: 0 declarations of that name",
    );
    expect(() => rangeOf("agent/store/sql/writes.ts#standing")).toThrow("2 declarations of that name");
  });
});
