import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NIGHT, record, steppingClock } from "../../../test/support/store-samples.ts";
import { makeSigningKey } from "../../store/keys.ts";
import { openSqlite } from "../../store/sqlite.ts";
import type { Reads, Store } from "../../store/store.ts";
import { openNamings } from "./open-namings.ts";

const HERE = "ght-nord";
const file = (n: number) => String(n).padStart(64, "0");
let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-namings-"));
  const signingKey = makeSigningKey(join(folder, "key.pem"));
  store = openSqlite({ file: join(folder, "tocsin.db"), signingKey, clock: steppingClock() });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** A note of an incident that names a file. */
async function note(id: string, incident: string, sha256: string, revision = 1): Promise<void> {
  const attachments = [{ name: "x", type: "", size: 3, sha256 }];
  const about = { at: NIGHT, about: NIGHT, author: { account: "a", name: "A" }, text: "" };
  const content = { id, incident, ...about, attachments };
  const write = record({ kind: "logbook", id, revision, incident, state: null, content });
  const receipt = await store.commit({ facility: HERE, at: NIGHT, writes: [write] });
  expect(receipt).toMatchObject({ outcome: "committed" });
}

/** The reads of the store, and how many records were read through them. */
function counted(over: Partial<Reads> = {}) {
  const count = { records: 0 };
  const counting =
    <A extends unknown[], R>(ask: (...asked: A) => Promise<R[]>) =>
    async (...asked: A) => {
      const found = await ask(...asked);
      count.records += found.length;
      return found;
    };
  const { reads } = store;
  const { byState, changedSince } = reads;
  const all = {
    ...reads,
    byState: counting(byState),
    changedSince: counting(changedSince),
    ...over,
  } as Reads;
  return { namings: openNamings(all, HERE), count };
}

it("tells a file that another incident names from one that the family alone does", async () => {
  await note("n1", "i", file(1));
  await note("n2", "j", file(1));
  const { namings } = counted();
  expect(await namings.heldByOthers(file(1), ["i"])).toBe(true);
  expect(await namings.heldByOthers(file(1), ["i", "j"])).toBe(false);
  expect(await namings.heldByOthers(file(2), ["i"])).toBe(false);
});

it("reads every note once, however many files are asked about", async () => {
  const notes = 450;
  for (let n = 0; n < notes; n++) await note(`n${n}`, `i${n % 9}`, file(n));
  const { namings, count } = counted();
  for (let n = 0; n < notes; n++) await namings.heldByOthers(file(n), [`i${n % 9}`]);
  expect(count.records).toBe(notes);
});

it("reads nothing before it is asked", async () => {
  await note("n1", "i", file(1));
  expect(counted().count.records).toBe(0);
});

it("hears of what is written after it began, new or changed, and reads nothing else again", async () => {
  for (let n = 0; n < 20; n++) await note(`n${n}`, "i", file(n));
  const { namings, count } = counted();
  expect(await namings.heldByOthers(file(3), ["i"])).toBe(false);
  await note("later", "j", file(3));
  expect(await namings.heldByOthers(file(3), ["i"])).toBe(true);
  await note("later", "j", file(4), 2);
  expect(await namings.heldByOthers(file(4), ["i"])).toBe(true);
  expect(count.records).toBe(22);
});

it("rejects while a note of another incident cannot be read: it might name the file", async () => {
  await note("n1", "i", file(1));
  const row = { table: "records", incident: "j" } as const;
  const { namings } = counted({ damaged: () => [row] as never });
  await expect(namings.heldByOthers(file(1), ["i"])).rejects.toThrow(/might name a file/);
  expect(await namings.heldByOthers(file(1), ["i", "j"])).toBe(false);
});
