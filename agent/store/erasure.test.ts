import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { verifyBundle, writeBundle } from "./bundle.ts";
import { checkpointsFileOf } from "./checkpoints.ts";
import { declaredErased, type Erasure } from "./erasure.ts";
import { makeSigningKey, type SigningKey } from "./keys.ts";
import { openSqlite } from "./sqlite.ts";
import type { Store } from "./store.ts";
import { verifyDatabase } from "./verify.ts";

const HERE = "ght-nord";

/** Entries: 1 two alerts, 2 the incident, 3 its join of both, 4 a note of it, 5 one more alert. */
let folder: string;
let file: string;
let key: SigningKey;
let store: Store;
let incident: string;
let digests: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-erasure-"));
  file = join(folder, "tocsin.db");
  key = makeSigningKey(join(folder, "key.pem"));
  store = openSqlite({ file, signingKey: key, clock: steppingClock() });
  const make = samples();
  const content = make.incident();
  incident = content.id;
  for (const writes of [
    [make.alert(), make.alert()],
    [make.incidentPut(content)],
    [{ write: "join" as const, incident, detections: [1, 2] }],
    [{ write: "note" as const, what: "told" as const, incident, content: { channel: "crochet" } }],
    [make.alert()],
  ]) {
    await store.commit({ facility: HERE, at: NIGHT, writes });
  }
  const [first] = await store.reads.journal(HERE, 1, 1);
  digests = JSON.parse(first?.content ?? "").digests;
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const declare = (content: unknown) =>
  store.commit({
    facility: HERE,
    at: NIGHT,
    writes: [{ write: "note", what: "erased", incident: null, content }],
  });
const erasure = (over: Partial<Erasure> = {}): Erasure => ({
  entries: [4],
  alerts: digests,
  policy: "alertes, 13 mois",
  ...over,
});

/** Erases the note of the incident and the two alerts of entry 1, as retention will. */
function erase(more = ""): void {
  const database = new DatabaseSync(file);
  database.exec(
    `DELETE FROM journal_contents WHERE seq = 4; DELETE FROM alerts WHERE journal_seq = 1; ${more}`,
  );
  database.close();
}

function verified() {
  const report = verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
  const [facility] = report.facilities;
  return { ok: report.ok, limits: report.cannotProve.map(({ code }) => code), ...facility };
}

describe("what is missing and nothing declares", () => {
  it.each([
    ["all alerts", "DELETE FROM alerts", 1, "alert_missing"],
    ["an alert", "DELETE FROM alerts WHERE journal_seq = 1 AND position = 1", 1, "alert_missing"],
    ["the last alert", "DELETE FROM alerts WHERE journal_seq = 5", 5, "alert_missing"],
    ["the content of a note", "DELETE FROM journal_contents WHERE seq = 4", 4, "content_removed"],
    ["a content whose record stays", "DELETE FROM journal_contents WHERE seq = 2", 2, "content_removed"],
    [
      "records and the contents that tell of them",
      "DELETE FROM journal_contents WHERE seq = 2; DELETE FROM records",
      2,
      "content_removed",
    ],
    [
      "alerts and the digests that tell of them",
      "DELETE FROM journal_contents WHERE seq IN (1, 5); DELETE FROM alerts",
      1,
      "content_removed",
    ],
    ["everything but the hashes", "DELETE FROM journal_contents", 1, "content_removed"],
  ] as const)("is found: %s", async (_what, sql, seq, code) => {
    await store.checkpoint(HERE);
    expect(verified().ok).toBe(true);
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
    expect(verified()).toMatchObject({
      ok: false,
      firstBroken: { seq, code, because: expect.stringContaining("déclare") },
    });
  });
});

describe("an erasure that the journal declares", () => {
  it("leaves the journal intact, and counts what is gone", async () => {
    await declare(erasure());
    await store.checkpoint(HERE);
    erase();
    expect(verified()).toMatchObject({
      ok: true,
      erased: 1,
      alertsGone: 2,
      limits: expect.arrayContaining(["erased", "alerts_gone"]),
    });
  });

  it("explains only what it names", async () => {
    await declare(erasure({ alerts: digests.slice(0, 1) }));
    await store.checkpoint(HERE);
    erase();
    expect(verified()).toMatchObject({
      ok: false,
      faults: 1,
      firstBroken: { seq: 1, code: "alert_missing" },
    });
  });

  it.each([
    ["names nothing", () => erasure({ entries: [], alerts: [] })],
    ["has another shape", () => ({ ...erasure(), note: "x" })],
    ["names no policy", () => erasure({ policy: "" })],
    ["is no object", () => "all"],
  ])("explains nothing when it %s", async (_what, content) => {
    await declare(content());
    await store.checkpoint(HERE);
    erase();
    expect(verified()).toMatchObject({ ok: false, firstBroken: { seq: 1, code: "alert_missing" } });
  });

  it("explains nothing until it is signed: a hash costs an attacker nothing", async () => {
    await store.checkpoint(HERE);
    await declare(erasure());
    erase();
    expect(verified()).toMatchObject({ ok: false, firstBroken: { seq: 1, code: "alert_missing" } });
    await store.checkpoint(HERE);
    expect(verified().ok).toBe(true);
  });

  it("must itself be there, as it was hashed, even where another declares it erased", async () => {
    await declare(erasure());
    await declare(erasure({ entries: [6], alerts: [] }));
    await store.checkpoint(HERE);
    erase("DELETE FROM journal_contents WHERE seq = 6");
    expect(verified()).toMatchObject({
      ok: false,
      firstBroken: { seq: 1, code: "alert_missing" },
      erased: 0,
    });
  });

  it("says nothing when its content was altered", async () => {
    await declare(erasure({ entries: [], alerts: [] }));
    await store.checkpoint(HERE);
    erase(
      `UPDATE journal_contents SET content = '{"alerts":${JSON.stringify(digests)},"entries":[4],"policy":"x"}' WHERE seq = 6`,
    );
    expect(verified()).toMatchObject({ ok: false, firstBroken: { seq: 1, code: "alert_missing" } });
  });

  it("may concern earlier entries only, and never an erasure", () => {
    const content = JSON.stringify({ entries: [3, 7, 9], alerts: [], policy: "p" });
    const erased = declaredErased([{ seq: 7, type: "note.erased", content }]);
    expect(erased.entry({ seq: 3, type: "note.told" })).toBe(true);
    expect(erased.entry({ seq: 3, type: "note.erased" })).toBe(false);
    expect(erased.entry({ seq: 9, type: "note.told" })).toBe(false);
  });
});

describe("a bundle of an incident of which something is erased", () => {
  const bundle = async () => {
    const { reads } = store;
    return writeBundle({ reads, facility: HERE, incident, created: NIGHT, exercise: false, key });
  };

  it("carries the declaration, and is whole", async () => {
    await declare(erasure());
    await store.checkpoint(HERE);
    erase();
    expect(verifyBundle(await bundle())).toMatchObject({
      ok: true,
      shown: 4,
      cannotProve: expect.arrayContaining([
        expect.objectContaining({ code: "erased" }),
        expect.objectContaining({ code: "alerts_left_out" }),
      ]),
    });
  });

  it("is altered when a content or an alert is missing without one", async () => {
    await store.checkpoint(HERE);
    const database = new DatabaseSync(file);
    database.exec("DELETE FROM alerts WHERE position = 1");
    expect(verifyBundle(await bundle())).toMatchObject({
      ok: false,
      firstBroken: { seq: 3, code: "alert_missing" },
    });
    database.exec("DELETE FROM journal_contents WHERE seq = 2");
    database.close();
    expect(verifyBundle(await bundle())).toMatchObject({
      ok: false,
      firstBroken: { seq: 2, code: "content_removed" },
    });
  });
});
