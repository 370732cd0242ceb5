import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Installation, installation, orderOf } from "../../test/support/installation.ts";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { placeBackup } from "../crisis/place-backup.ts";
import { keyRingOf } from "../key-ring.ts";
import { writeBackup } from "../store/backup/write-backup.ts";
import { lockState } from "../store/lock.ts";
import { openSqliteReads } from "../store/sqlite/reads.ts";
import { keysCommand } from "./keys.ts";
import { runVerify } from "./verify.ts";

const WORD = "glycine";
const newKey = () => `${randomBytes(32).toString("base64")}\n`;

let house: Installation;
let out: string;
beforeEach(async () => {
  house = await installation();
  out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  house.remove();
});

async function keys(...args: string[]): Promise<string> {
  out = "";
  const program = new Command().exitOverride();
  keysCommand(program);
  await program.parseAsync(["node", "tocsin", "keys", ...args, "--config", house.config]);
  return out;
}

const plain = () => readFileSync(house.config, "utf8").split("encryption:")[0] as string;
const configured = (section: string) => writeFileSync(house.config, `${plain()}encryption:\n${section}\n`);

async function speak(): Promise<void> {
  const store = house.open();
  const write = samples().alert({ id: "parlante" });
  if (write.write === "alert") write.alert.alert = { message: WORD };
  await store.commit({ facility: "chv", at: NIGHT, writes: [write] });
  await store.close();
}

const state = () => join(house.folder, "state");
const speaking = () =>
  readdirSync(state(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(WORD))
    .map(({ name }) => name);
const spoken = async () => {
  const reads = openSqliteReads(house.database, keyRingOf(house.loaded()));
  try {
    return (await reads.alert("chv", "parlante"))?.alert.message;
  } finally {
    reads.close();
  }
};

describe("keys", () => {
  it("encrypt a record in clear, tell so, and leave its words nowhere once the copies are removed", async () => {
    await speak();
    expect(await keys("list")).toContain("no encryption\nThe record is in clear.");
    house.write("config/secrets/coffre.key", newKey());
    configured("  keys: [{ id: coffre-2026, key: { file: secrets/coffre.key } }]");
    expect(await keys("list")).toContain("coffre-2026 (current)\nThe record is in clear.");
    expect(await keys("reencrypt")).toMatch(/the journal verifies\.\nCopy of before: .*schema-\d+-/);
    expect(speaking()).toEqual([expect.stringContaining("tocsin.sqlite.schema-")]);
    expect(await keys("reencrypt", "--remove-copies")).toContain("Removed: ");
    expect(speaking()).toEqual([]);
    expect(await spoken()).toBe(WORD);
    expect(await keys("list")).toMatch(
      /Data key 2, made .*, under "coffre-2026": everything is sealed with it/,
    );
    // Back, and the daemon would start without the section.
    expect(await keys("decrypt", "--remove-copies")).toContain("in clear");
    writeFileSync(house.config, plain());
    expect(await spoken()).toBe(WORD);
  });

  it("rotate the outer key, given by a program, and note it in the journal", async () => {
    await speak();
    const [old, next] = [newKey(), newKey()];
    house.write("config/secrets/coffre.key", old);
    configured("  keys: [{ id: ancien, key: { file: secrets/coffre.key } }]");
    await keys("reencrypt");
    const program = join(house.folder, "kms");
    writeFileSync(program, `#!/bin/sh\n[ "$1" = "--key=tocsin ; id" ] && printf '%s' '${next.trim()}'\n`);
    chmodSync(program, 0o700);
    configured(`  current: nouveau
  keys:
    - { id: ancien, key: { file: secrets/coffre.key } }
    - { id: nouveau, command: [${program}, "--key=tocsin ; id"] }`);
    expect(await keys("rotate")).toContain('under "nouveau" now. Copies made before still need: ancien.');
    expect(await keys("rotate")).toContain("already");
    configured(`  keys: [{ id: nouveau, command: [${program}, "--key=tocsin ; id"] }]`);
    expect(await spoken()).toBe(WORD);
    const reads = openSqliteReads(house.database, keyRingOf(house.loaded()));
    const notes = (await reads.journal("chv", 1, 1000)).filter(({ type }) => type === "note.encryption");
    reads.close();
    expect(notes.map(({ content }) => JSON.parse(content as string))).toMatchObject([
      { done: "reencrypted", from: [], to: "ancien" },
      { done: "rotated", from: ["ancien"], to: "nouveau" },
    ]);
  });

  it.each([
    ["without a key in the configuration", "", "key_missing"],
    ["while a daemon runs", "  keys: [{ id: a, key: { file: secrets/coffre.key } }]", "state_in_use"],
  ])("refuse to write anew %s", async (_, section, code) => {
    house.write("config/secrets/coffre.key", newKey());
    if (section !== "") configured(section);
    const lock = lockState(state());
    await expect(keys("reencrypt")).rejects.toMatchObject({ code });
    lock.release();
    expect(readdirSync(state()).filter((name) => name.includes("schema-"))).toEqual([]);
  });

  it.each([
    ["fails", "#!/bin/sh\necho 'not for the log'\nexit 3\n", "ended with code 3"],
    ["prints something else", "#!/bin/sh\necho 'no key'\n", "no key of 32 bytes"],
    [
      "prints without end",
      "#!/bin/sh\nwhile :; do echo xxxxxxxxxxxxxxxxxxxx; done\n",
      "more than 4096 bytes",
    ],
    ["hangs", "#!/bin/sh\nexec sleep 60\n", "did not answer within 1 s"],
  ])("say what a program that %s did, and nothing of what it printed", (_, script, because) => {
    const program = join(house.folder, "kms");
    writeFileSync(program, script);
    chmodSync(program, 0o700);
    configured(`  command_seconds: 1\n  keys: [{ id: a, command: [${program}] }]`);
    const ring = () => keyRingOf(house.loaded());
    expect(ring).toThrow(because);
    expect(ring).toThrow(expect.objectContaining({ code: "key_not_given" }));
    expect(ring).not.toThrow(/not for the log/);
  });

  it("let verify prove all with the key, and the chain without it", async () => {
    await speak();
    house.write("config/secrets/coffre.key", newKey());
    configured("  keys: [{ id: a, key: { file: secrets/coffre.key } }]");
    await keys("reencrypt");
    const given = { database: house.database, key: join(state(), "signing-key.pem") };
    expect(await runVerify(() => given)).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining("la base est chiffrée et sa clé n'est pas donnée"),
    });
    const whole = await runVerify(() => ({ ...given, ring: keyRingOf(house.loaded()) }));
    expect(whole).toMatchObject({ exitCode: 0, text: expect.not.stringContaining("chiffrée et sa clé") });
  });

  it("come along in an archive with secrets, and have to be brought to one without", async () => {
    await speak();
    const secret = newKey();
    house.write("config/secrets/coffre.key", secret);
    configured("  keys: [{ id: a, key: { file: secrets/coffre.key } }]");
    await keys("reencrypt", "--remove-copies");
    const archive = (withSecrets: boolean) => {
      const to = join(house.folder, `copie-${withSecrets}.tocsin`);
      writeBackup(orderOf(house, { to: { file: to }, withSecrets }).order);
      expect(readFileSync(to).includes(WORD)).toBe(false);
    };
    archive(true);
    archive(false);
    const restore = (withSecrets: boolean) => {
      const to = join(house.folder, `copie-${withSecrets}.tocsin`);
      return placeBackup({
        ...{ archive: to, opener: undefined, to: join(house.folder, `back-${withSecrets}`), setAside: true },
        ...{ acceptAltered: false, by: "test", host: "test", clock: steppingClock() },
      });
    };
    expect(await restore(true)).toMatchObject({ report: { ok: true } });
    await expect(restore(false)).rejects.toMatchObject({ code: "key_not_given" });
    expect(existsSync(join(house.folder, "back-false/state"))).toBe(false);
    house.write("back-false/config/secrets/coffre.key", secret);
    expect(await restore(false)).toMatchObject({ report: { ok: true } });
  });
});
