import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyRingOf } from "../../agent/key-ring.ts";
import { stateFiles } from "../../agent/setup.ts";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { loadPublicKey } from "../../agent/store/keys.ts";
import { openSqliteReads } from "../../agent/store/sqlite/reads.ts";
import { verifyDatabase } from "../../agent/store/verify.ts";
import { loadConfig } from "../../config/load.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  MAIN,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";

/** What alerts say, and what a person's password is made with: no file of the state may hold it. */
const WORDS = ["vssadmin", "Anne Martin"];

let house: House;
let daemon: Daemon;
let key: string;

beforeAll(async () => {
  house = await makeHouse({ more: "encryption: { keys: [{ id: coffre, key: { file: coffre.key } }] }\n" });
  key = join(house.directory, "coffre.key");
  writeFileSync(key, randomBytes(32).toString("base64"), { mode: 0o600 });
  // Its accounts were made in clear, as on a daemon that ran before.
  daemon = await startDaemon(house);
});
afterAll(async () => {
  await daemon?.end("SIGTERM");
  house?.remove();
});

const state = () => join(house.directory, "state");
const speaking = () =>
  readdirSync(state(), { withFileTypes: true })
    .filter((each) => each.isFile())
    .filter(({ name }) => WORDS.some((word) => readFileSync(join(state(), name)).includes(word)))
    .map(({ name }) => name);
const loaded = () => {
  const { loaded: found } = loadConfig(house.config);
  if (found === undefined) throw new Error("no configuration");
  return found;
};
const tocsin = (...args: string[]) =>
  execFileSync(process.execPath, [MAIN, ...args, "--config", house.config], { encoding: "utf8" });

async function alertsRead(): Promise<number> {
  const reads = openSqliteReads(stateFiles(state()).database, keyRingOf(loaded()));
  try {
    const found = await reads.detectionsAfter(FACILITY, 0, 100);
    const incidents = await reads.byState(FACILITY, "incident", [], { limit: 10 });
    return incidents.length === 0 ? 0 : found.length;
  } finally {
    reads.close();
  }
}

const report = (id: string) => post(daemon, "generic", house.tokens.generic, relevant(id));

describe("a daemon whose record is encrypted", { timeout: 60_000 }, () => {
  it("takes alerts in, groups them, and lets people read them", async () => {
    expect((await report("a-1")).status).toBe(202);
    await eventually("its incident", async () => ((await alertsRead()) >= 1 ? true : undefined));
    expect((await fetch(`${daemon.operations}/readyz`)).status).toBe(200);
    expect((await fetch(`${daemon.people}/`)).status).toBe(200);
  });

  it("leaves nothing in clear once it was stopped and its old rows were encrypted, and goes on", async () => {
    await daemon.end("SIGTERM");
    expect(speaking()).not.toEqual([]);
    expect(tocsin("keys", "reencrypt", "--remove-copies")).toContain("the journal verifies");
    expect(speaking()).toEqual([]);
    daemon = await startDaemon(house);
    expect((await report("a-2")).status).toBe(202);
    await eventually("both alerts", async () => ((await alertsRead()) >= 2 ? true : undefined));
    expect(speaking()).toEqual([]);
    const files = stateFiles(state());
    const ring = keyRingOf(loaded());
    expect(
      verifyDatabase(
        files.database,
        loadPublicKey(files.signingKey),
        checkpointsFileOf(files.database),
        ring,
      ),
    ).toMatchObject({ ok: true });
  });

  it.each([
    ["is gone", () => renameSync(key, `${key}.away`), "coffre.key"],
    [
      "is another one",
      () => writeFileSync(key, randomBytes(32).toString("base64")),
      "does not open the record",
    ],
  ])("does not start when its key %s, and says which", async (_, change, said) => {
    await daemon.end("SIGTERM");
    const kept = readFileSync(key, "utf8");
    change();
    try {
      await expect(startDaemon(house)).rejects.toThrow(said);
    } finally {
      writeFileSync(key, kept);
      daemon = await startDaemon(house);
    }
    expect(await alertsRead()).toBeGreaterThanOrEqual(2);
  });
});
