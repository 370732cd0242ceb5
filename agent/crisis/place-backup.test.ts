import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load.ts";
import { EFFORT } from "../../test/support/effort.ts";
import { type Installation, installation, orderOf } from "../../test/support/installation.ts";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { sha256Hex } from "../core/sha256.ts";
import { identityKey, makeAgeKey } from "../store/backup/age-keys.ts";
import type { Manifest } from "../store/backup/manifest.ts";
import { headOf, writeBackup } from "../store/backup/write-backup.ts";
import { storeClient } from "../store/client.ts";
import { lockState } from "../store/lock.ts";
import { openSqliteReads } from "../store/sqlite/reads.ts";
import { startStoreThread } from "../store/thread.ts";
import { type Placing, placeBackup } from "./place-backup.ts";

let house: Installation;
let archive: string;
beforeEach(async () => {
  house = await installation();
  archive = join(house.folder, "copie.tocsin");
});
afterEach(() => house.remove());

const back = (given: Partial<Placing> = {}) =>
  placeBackup({
    ...{ archive, opener: undefined, to: join(house.folder, "back"), setAside: false, acceptAltered: false },
    ...{ by: "Anne Ortolan", host: "srv-1", clock: steppingClock(NIGHT + 60_000_000) },
    ...given,
  });
const backup = (given: Partial<Parameters<typeof orderOf>[1]> = {}) =>
  writeBackup(orderOf(house, { to: { file: archive }, ...given }).order);
const found = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(folder.length + 1))
    .sort();

describe("a backup", () => {
  it("holds what it takes to come back, without the secrets of the configuration", async () => {
    const { manifest } = backup();
    expect(manifest).toMatchObject({ facility: { id: "chv" }, version: "1.2.3", epoch: 1, secrets: false });
    expect(manifest.journal).toMatchObject([{ facility: "chv", seq: 20 }]);
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    const { report, doubtful, asideAs, lost } = await back();
    expect({ ok: report.ok, doubtful, asideAs, lost }).toEqual({
      ok: true,
      doubtful: 0,
      asideAs: [],
      lost: undefined,
    });
    expect(found(join(house.folder, "back"))).toEqual([
      "config/tocsin.yml",
      "state/envois/piece",
      "state/mask-secret",
      "state/session-secret",
      "state/signing-key.pem",
      "state/tocsin.sqlite",
      "state/tocsin.sqlite.checkpoints.jsonl",
    ]);
  });

  it("has the heads that third parties were given, with the tokens that stand nowhere else", async () => {
    const anchors = `${house.database}.anchors.jsonl`;
    writeFileSync(anchors, "a head and its token\n");
    backup();
    await back();
    const placed = join(house.folder, "back/state/tocsin.sqlite.anchors.jsonl");
    expect(readFileSync(placed, "utf8")).toBe("a head and its token\n");
  });

  it("is noted in the restored journal: who, when, from which position", async () => {
    backup();
    await back();
    const reads = openSqliteReads(join(house.folder, "back/state/tocsin.sqlite"));
    const notes = await reads.journal("chv", 21, 10);
    const { checkpoint } = await reads.journalEnd("chv");
    reads.close();
    expect(notes).toMatchObject([{ seq: 21, type: "note.restored" }]);
    expect(JSON.parse(notes[0]?.content ?? "")).toMatchObject({
      ...{ by: "Anne Ortolan", host: "srv-1", intact: true, doubtful: 0 },
      from: { seq: 20, made: NIGHT },
    });
    expect(checkpoint?.seq).toBe(21);
  });

  it("brings secrets, those of the environment and files from elsewhere, where the configuration finds them", async () => {
    house.remove();
    house = await installation("tools: [{ id: soc, secret: { env: SOC_SECRET } }]\nrules: [../elsewhere]\n");
    archive = join(house.folder, "copie.tocsin.age");
    house.write("elsewhere/one.yml", "title: One\n");
    const key = makeAgeKey();
    backup({ recipients: [key.recipient], withSecrets: true });
    expect(readFileSync(archive).includes("a secret of masks")).toBe(false);
    const { config } = await back({ opener: identityKey(key.identity) });
    const { problems } = loadConfig(config, {});
    expect(
      problems?.filter(({ code }) => code === "secret_missing" || code === "config_invalid") ?? [],
    ).toEqual([]);
    expect(readFileSync(config, "utf8")).toMatch(/file: ailleurs\/\d-environnement/);
    expect(readFileSync(config, "utf8")).toMatch(/ailleurs\/\d-elsewhere/);
    expect(statSync(join(config, "../secrets/siem.token")).mode & 0o077).toBe(0);
  });

  it("is never written over anything", () => {
    writeFileSync(archive, "what stands there");
    expect(() => backup()).toThrow(/nothing is ever written over it/);
    expect(readFileSync(archive, "utf8")).toBe("what stands there");
  });

  it("is refused into a folder that is not there, and when it is larger than it may be, leaving nothing", () => {
    expect(() => backup({ to: { folder: join(house.folder, "usb") } })).toThrow(
      /mount it, or make the folder/,
    );
    expect(() => backup({ limit: 1000 })).toThrow(/at most; nothing was written/);
    expect(readdirSync(house.folder).sort()).toEqual(["config", "state"]);
    expect(readdirSync(join(house.folder, "state")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("made beside a writer that goes on is one instant of its record, whole", {
    timeout: 60_000,
  }, async () => {
    const keyFile = join(house.folder, "state/signing-key.pem");
    const thread = await startStoreThread({ record: { engine: "sqlite", file: house.database }, keyFile });
    const store = storeClient(thread.connect(), openSqliteReads(house.database));
    const { alert } = samples();
    let done = 0;
    const commits = Array.from({ length: 4000 }, () =>
      store.commit({ facility: "chv", at: NIGHT, writes: [alert()] }).then(() => {
        done += 1;
      }),
    );
    // From now on the other thread writes while this one copies.
    await commits[0];
    const before = done;
    const { manifest } = backup();
    await Promise.all(commits);
    await store.close();
    await thread.stop();
    const seq = manifest.journal[0]?.seq ?? 0;
    expect(seq).toBeGreaterThan(20);
    expect(before).toBeLessThan(4000);
    const placed = await back();
    expect(placed.report).toMatchObject({ ok: true, facilities: [{ entries: seq, faults: 0 }] });
  });
});

describe("a restoration", () => {
  const stand = (path: string, text: string) => {
    mkdirSync(join(house.folder, "back", path, ".."), { recursive: true });
    writeFileSync(join(house.folder, "back", path), text);
  };

  it("is refused over what stands there, which stays", async () => {
    backup();
    stand("state/tocsin.sqlite", "the record of another");
    await expect(back()).rejects.toThrow(/state there already/);
    expect(found(join(house.folder, "back"))).toEqual(["state/tocsin.sqlite"]);
  });

  it("renames what stands there when it is told to, and says which entries are lost", async () => {
    backup();
    const store = house.open();
    for (let i = 0; i < 3; i++)
      await store.commit({ facility: "chv", at: NIGHT, writes: [samples().alert()] });
    await store.close();
    const { lost, asideAs } = await back({ to: house.folder, setAside: true });
    expect(lost).toEqual({ from: 21, to: 23 });
    expect(asideAs.map((path) => path.slice(house.folder.length + 1))).toEqual([
      expect.stringMatching(/^state\.avant-20260607T\d{6}Z$/),
      expect.stringMatching(/^config\/tocsin\.yml\.avant-20260607T\d{6}Z$/),
    ]);
    expect(found(asideAs[0] ?? "")).toContain("tocsin.sqlite");
    expect(existsSync(join(house.folder, "config/secrets/siem.token"))).toBe(true);
  });

  it("is refused while a daemon uses what stands there", async () => {
    backup();
    const lock = lockState(join(house.folder, "state"));
    await expect(back({ to: house.folder, setAside: true })).rejects.toThrow(/another daemon uses it/);
    lock.release();
  });

  it("is refused of a journal that does not verify, unless told to, which the journal says", async () => {
    const database = new DatabaseSync(house.database);
    database.exec("UPDATE journal_contents SET content = '{}' WHERE seq = 5");
    database.close();
    backup();
    await expect(back()).rejects.toThrow(/entry 5: .*nothing was put in place/);
    expect(found(join(house.folder, "back"))).toEqual([]);
    const { report } = await back({ acceptAltered: true });
    expect(report.ok).toBe(false);
  });

  it("takes what was due to be sent as doubtful: it may have left after the copy", async () => {
    const store = house.open();
    const effect = { kind: "notify", incident: null, payload: {} } as const;
    const plan = (key: string, due: number) => ({ write: "plan", effect: { ...effect, key, due } }) as const;
    const writes = [plan("past", NIGHT), plan("to come", NIGHT + 3_600_000_000)];
    await store.commit({ facility: "chv", at: NIGHT, writes });
    await store.close();
    backup();
    expect(await back()).toMatchObject({ doubtful: 1 });
    const reads = openSqliteReads(join(house.folder, "back/state/tocsin.sqlite"));
    const claimed = await reads.effectsIn("chv", ["claimed"], 10);
    reads.close();
    expect(claimed.map(({ key }) => key)).toEqual(["past"]);
  });

  it("is refused of an archive for another key, and of an encrypted one without a key", async () => {
    const [ours, other] = [makeAgeKey(), makeAgeKey()];
    backup({ recipients: [ours.recipient], withSecrets: true });
    await expect(back()).rejects.toThrow(/it is encrypted/);
    await expect(back({ opener: identityKey(other.identity) })).rejects.toThrow(/does not open it/);
    expect(found(join(house.folder, "back"))).toEqual([]);
  });
});

/** An archive of our making around one of its manifests: what a hostile hand could write. */
function forged(change: (manifest: Record<string, unknown>) => unknown, bytes = Buffer.alloc(0)): void {
  const { manifest } = backup();
  rmSync(archive);
  const text = Buffer.from(canonicalJson(change(structuredClone(manifest)) as Manifest));
  const line = Buffer.from(`tocsin-backup/1 ${sha256Hex(text)} ${text.length}\n`);
  writeFileSync(archive, Buffer.concat([line, text, bytes]));
}

const EMPTY = { size: 0, sha256: sha256Hex("") };
const parts =
  (...paths: string[]) =>
  (manifest: Record<string, unknown>) => ({
    ...manifest,
    parts: paths.map((path) => ({ path, ...EMPTY })),
  });

describe("a hostile archive", () => {
  it.each<[string, (manifest: Record<string, unknown>) => unknown, RegExp]>([
    ["that steps back", parts("state/../../evil"), /not one of ours/],
    ["with a path from the root", parts("/etc/passwd"), /not one of ours/],
    ["with a folder of nobody", parts("bin/sh"), /not one of ours/],
    ["with an empty name", parts("state//a"), /not one of ours/],
    ["with the separator of another system", parts("state/..\\..\\evil"), /not one of ours/],
    ["with an invisible letter", parts("state/a\u202eb"), /not one of ours/],
    ["with one path twice", parts("state/a", "state/A"), /a path is there twice/],
    ["with a file that is a folder", parts("state/a", "state/a/b"), /ENOTDIR|EEXIST/],
    [
      "of a giant size",
      (manifest) => ({ ...manifest, parts: [{ path: "state/a", size: 2 ** 52, sha256: EMPTY.sha256 }] }),
      /its manifest accounts for/,
    ],
    [
      "of a negative size",
      (manifest) => ({ ...manifest, parts: [{ path: "state/a", ...EMPTY, size: -1 }] }),
      /not one of ours/,
    ],
    [
      "with more parts than there are",
      (manifest) => parts(...Array.from({ length: 5001 }, (_, i) => `state/${i}`))(manifest),
      /not one of ours/,
    ],
    [
      "of a schema to come",
      (manifest) => ({ ...parts("state/a")(manifest), schema: 999 }),
      /install Tocsin 1\.2\.3 or newer/,
    ],
    ["with a word of its own", (manifest) => ({ ...manifest, link: "state/a" }), /not one of ours/],
    ["without a configuration", parts("state/tocsin.sqlite"), /no configuration/],
  ])("%s puts nothing in place", async (_what, change, words) => {
    forged(change);
    await expect(back()).rejects.toThrow(words);
    expect(found(join(house.folder, "back"))).toEqual([]);
    expect(readdirSync(house.folder).sort()).toEqual(["back", "config", "copie.tocsin", "state"]);
  });

  it.each<[string, Buffer, RegExp]>([
    ["nothing", Buffer.alloc(0), /no archive of Tocsin/],
    ["something else", Buffer.from("PK\u0003\u0004"), /no archive of Tocsin/],
    ["a format to come", Buffer.from("tocsin-backup/2 x 1\n"), /does not know/],
    ["a manifest longer than the file", Buffer.from(`tocsin-backup/1 ${"0".repeat(64)} 4000000\n{}`), /cut/],
    ["a manifest that is no JSON", Buffer.from(`tocsin-backup/1 ${sha256Hex("{")} 1\n{`), /cannot be read/],
  ])("that is %s is refused", async (_what, bytes, words) => {
    writeFileSync(archive, bytes);
    await expect(back()).rejects.toThrow(words);
  });
});

it("refuses an archive that was changed at any of many places, or cut", { timeout: 120_000 }, async () => {
  const { manifest } = backup();
  const whole = readFileSync(archive);
  const places = 200 * EFFORT;
  // Each part of it is met: the first line, the manifest, and the bytes, far apart.
  const step = whole.length / (places / 2);
  const heads = Array.from({ length: places / 2 }, (_, i) =>
    Math.floor((i * headOf(manifest).length) / (places / 2)),
  );
  const bodies = Array.from({ length: places / 2 }, (_, i) => Math.floor(i * step + ((i * 7919) % step)));
  for (const at of [...heads, ...bodies]) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(archive, changed);
    await expect(back(), `byte ${at}`).rejects.toThrow(
      /altered or damaged|no archive of Tocsin|does not know/,
    );
  }
  for (const length of [whole.length - 1, Math.floor(whole.length / 2), 100, 20]) {
    writeFileSync(archive, whole.subarray(0, length));
    await expect(back(), `cut at ${length}`).rejects.toThrow(/altered or damaged|no archive/);
  }
  writeFileSync(archive, Buffer.concat([whole, Buffer.from("x")]));
  await expect(back()).rejects.toThrow(/altered or damaged/);
  expect(found(join(house.folder, "back"))).toEqual([]);
});
