import { expect, it } from "vitest";
import { stalledBy } from "./stalled-by.ts";

const NOW = 1_800_000_000_000_000;
const second = 1_000_000;
const answers = async () => undefined;
const never = () => new Promise<never>(() => undefined);
const dead = () => Promise.reject(new Error("the thread ended"));

it.each<[string, Partial<Parameters<typeof stalledBy>[0]>, string[]]>([
  ["nothing, while all goes on", {}, []],
  ["nothing, when the clock was set back", { advanced: NOW + 3600 * second }, []],
  ["what keeps it from being ready", { causes: ["store"] }, ["store"]],
  [
    "a pipeline that went through more than a minute ago",
    { advanced: NOW - 61 * second },
    ["pipeline stalled"],
  ],
  ["a pipeline that never did", { advanced: undefined }, ["pipeline stalled"]],
  ["threads that do not answer", { threads: never }, ["threads do not answer"]],
  ["threads that are no more", { threads: dead }, ["threads do not answer"]],
])("names %s", async (_what, changes, causes) => {
  const parts = { causes: [], now: NOW, advanced: NOW - second, threads: answers, patience: 20 };
  expect(await stalledBy({ ...parts, ...changes })).toEqual(causes);
});
