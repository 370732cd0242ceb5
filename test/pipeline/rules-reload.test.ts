import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stateFiles } from "../../agent/setup.ts";
import { openSqliteReads, type SqliteReads } from "../../agent/store/sqlite/reads.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  post,
  startDaemon,
} from "../support/daemon.ts";

let house: House;
let daemon: Daemon;
let reads: SqliteReads;
const ID = "3f0c2f5e-5c5b-4f0e-9d7e-0a4f0a4f0a4f";
const rule = (word: string) => `title: Own word
id: ${ID}
level: high
logsource: {category: alert}
detection: {sel: {message|contains: ${word}}, condition: sel}
`;
const write = (name: string, text: string) => writeFileSync(join(house.directory, name), text);

beforeAll(async () => {
  house = await makeHouse({ more: "rules: [{ path: rules, meanings: [meanings.yml] }]" });
  mkdirSync(join(house.directory, "rules"));
  write("rules/own.yml", rule("premiermot"));
  write("meanings.yml", "meanings: [{ rules: { level: high }, cause: software_bug }]");
  daemon = await startDaemon(house);
  reads = openSqliteReads(stateFiles(`${house.directory}/state`).database);
});
afterAll(async () => {
  reads?.close();
  await daemon?.end("SIGTERM");
  house?.remove();
});

/** How many alerts are kept of one that says this: one when a rule recognised it. */
async function kept(message: string): Promise<number> {
  const before = await reads.countAlerts(FACILITY);
  await post(daemon, "generic", house.tokens.generic, { host: "h", message });
  return (await reads.countAlerts(FACILITY)) - before;
}
const reloads = (outcome: string) => metric(daemon, `tocsin_rule_reloads_total{outcome="${outcome}"}`);
async function notes(): Promise<Record<string, unknown>[]> {
  const entries = await reads.journal(FACILITY, 0, 1000);
  return entries
    .filter(({ type }) => type === "note.rules")
    .map(({ content }) => JSON.parse(content ?? "null"));
}

it("notes the rules it starts with, and takes their meanings", async () => {
  expect(await kept("un premiermot")).toBe(1);
  expect(await notes()).toMatchObject([{ before: null, removed: [], added: expect.arrayContaining([ID]) }]);
  const [last] = await reads.detectionsAfter(FACILITY, 0, 10);
  expect(last?.detection.rule).toMatchObject({
    meaning: { cause: "software_bug" },
    meaning_from: "meanings.yml:1",
  });
});

it("takes changed rules on SIGHUP, and notes the change with its hash", async () => {
  write("rules/own.yml", rule("secondmot"));
  expect(await kept("un secondmot")).toBe(0);
  daemon.process.kill("SIGHUP");
  await eventually("the reload", async () => ((await reloads("changed")) > 0 ? true : undefined));
  expect(await kept("un secondmot")).toBe(1);
  expect(await kept("un premiermot")).toBe(0);
  const [first, second] = await notes();
  expect(second).toMatchObject({ before: first?.hash, changed: [ID], added: [], removed: [] });
});

it("keeps the last good rule when a file is refused, and says which; sees the change by itself", async () => {
  write("rules/own.yml", "title: [");
  await eventually("the look", async () => ((await reloads("unchanged")) > 0 ? true : undefined));
  expect(await kept("encore un secondmot")).toBe(1);
  expect(await metric(daemon, 'tocsin_rules{state="kept"}')).toBe(1);
  expect(await metric(daemon, 'tocsin_rules{state="refused"}')).toBe(1);
  expect(daemon.log).toContainEqual(
    expect.objectContaining({ message: "rule refused", problem: expect.stringMatching(/own\.yml:1:/) }),
  );
  expect(await notes()).toHaveLength(2);
});
