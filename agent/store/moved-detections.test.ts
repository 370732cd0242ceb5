import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { verifyBundle, writeBundle } from "./bundle.ts";
import { checkpointsFileOf } from "./checkpoints.ts";
import { makeSigningKey, type SigningKey } from "./keys.ts";
import { openSqlite } from "./sqlite.ts";
import type { Store, Write } from "./store.ts";
import { verifyDatabase } from "./verify.ts";

const HERE = "ght-nord";
let folder: string;
let file: string;
let key: SigningKey;
let store: Store;
let commit: (...writes: Write[]) => Promise<void>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-moved-"));
  file = join(folder, "tocsin.db");
  key = makeSigningKey(join(folder, "key.pem"));
  store = openSqlite({ file, signingKey: key, clock: steppingClock() });
  commit = async (...writes) => {
    const receipt = await store.commit({ facility: HERE, at: NIGHT, writes });
    if (receipt.outcome !== "committed") throw new Error(receipt.because);
  };
  const make = samples();
  await commit(make.alert(), make.alert(), make.alert());
  await commit(put("a", [1, 2]), put("b", [3]));
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const put = (incident: string, detections: number[], of?: string): Write => ({
  write: "join",
  incident,
  detections,
  ...(of !== undefined && { of }),
});
const where = async () => {
  const of = async (incident: string) =>
    (await store.reads.detectionsOf(HERE, incident, 10)).map(({ detection }) => detection.seq);
  return { a: await of("a"), b: await of("b") };
};

it("puts a detection in the incident that joined it last, all those of another at once", async () => {
  await commit(put("b", [], "a"));
  expect(await where()).toEqual({ a: [], b: [1, 2, 3] });
  expect(await store.reads.cameFrom(HERE, "b", "a")).toEqual([1, 2]);
  await commit(put("a", [1]));
  expect(await where()).toEqual({ a: [1], b: [2, 3] });
  await commit(put("a", [2]), put("b", [1]));
  expect(await where()).toEqual({ a: [2], b: [1, 3] });
});

it("says nothing of what was there already", async () => {
  const before = (await store.reads.journal(HERE, 1, 100)).length;
  await commit(put("a", [1, 2]), put("b", [3]), put("b", [], "b"));
  expect(await store.reads.journal(HERE, 1, 100)).toHaveLength(before);
});

it("goes through detections by event time, from one on", async () => {
  const [first] = await store.reads.detectionsOf(HERE, "a", 1);
  const after = { occurred: first?.detection.occurred ?? 0, seq: first?.detection.seq ?? 0 };
  const rest = await store.reads.detectionsOf(HERE, "a", 10, after);
  expect([first, ...rest].map((each) => each?.detection.seq)).toEqual([1, 2]);
});

it("leaves a record that verifies, and a file of each incident that does", async () => {
  await commit(put("b", [], "a"));
  await commit(put("a", [1]));
  await store.checkpoint(HERE);
  const report = verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
  expect(report).toMatchObject({ ok: true, facilities: [{ faults: 0 }] });
  for (const incident of ["a", "b"]) {
    const bytes = await writeBundle({
      reads: store.reads,
      facility: HERE,
      incident,
      created: NIGHT,
      exercise: false,
      key,
    });
    expect(verifyBundle(bytes, { publicKey: key.publicKey })).toMatchObject({ ok: true });
  }
});
