import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
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
const mapping = (field: string) => `mapping: porte
title: Portes
reference: [{ url: "https://example.org/doc", read: 2026-11-22 }]
over: [generic]
when: { product: porte }
fields: { message: ${field} }
`;
const write = (name: string, text: string) => writeFileSync(join(house.directory, name), text);

beforeAll(async () => {
  house = await makeHouse({
    more: "rules: [{ path: rules, meanings: [meanings.yml] }]\nmappings: [correspondances]",
  });
  mkdirSync(join(house.directory, "rules"));
  mkdirSync(join(house.directory, "correspondances"));
  write("correspondances/porte.yml", mapping("motif"));
  write("rules/own.yml", rule("premiermot"));
  write("meanings.yml", "meanings: [{ rules: { level: high }, cause: software_bug }]");
  daemon = await startDaemon(house);
  reads = house.reads();
});
afterAll(async () => {
  reads?.close();
  await daemon?.end("SIGTERM");
  house?.remove();
});

/** How many alerts are kept of one that says this: one when a rule recognised it. */
async function kept(message: string, fields: Record<string, string> = { message }): Promise<number> {
  const before = await reads.countAlerts(FACILITY);
  await post(daemon, "generic", house.tokens.generic, { host: "h", ...fields });
  return (await reads.countAlerts(FACILITY)) - before;
}
const reloads = (outcome: string) => metric(daemon, `tocsin_rule_reloads_total{outcome="${outcome}"}`);
async function notes(what = "rules"): Promise<Record<string, unknown>[]> {
  const entries = await reads.journal(FACILITY, 0, 1000);
  return entries
    .filter(({ type }) => type === `note.${what}`)
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

const byDoor = (field: string) => kept("", { product: "porte", [field]: "encore un secondmot" });

it("takes changed mappings, and notes the change with its hash", async () => {
  expect(await byDoor("texte")).toBe(0);
  write("correspondances/porte.yml", mapping("texte"));
  daemon.process.kill("SIGHUP");
  await eventually("the mapping", async () =>
    (await metric(daemon, 'tocsin_mapping_reloads_total{outcome="changed"}')) > 0 ? true : undefined,
  );
  expect(await byDoor("texte")).toBe(1);
  const [first, second] = await eventually("the note", async () => {
    const found = await notes("mappings");
    return found.length > 1 ? found : undefined;
  });
  expect(first).toMatchObject({ before: null, added: ["porte"] });
  expect(second).toMatchObject({ before: first?.hash, changed: ["porte"], added: [], removed: [] });
});

it("keeps the last good mapping when its file is refused, and says which; sees the change by itself", async () => {
  write("correspondances/porte.yml", "mapping: [");
  await eventually("the look", async () =>
    (await metric(daemon, 'tocsin_mappings{state="kept"}')) > 0 ? true : undefined,
  );
  expect(await byDoor("texte")).toBe(1);
  expect(daemon.log).toContainEqual(
    expect.objectContaining({ message: "mapping refused", problem: expect.stringMatching(/porte\.yml:1:/) }),
  );
  expect(await notes("mappings")).toHaveLength(2);
});
