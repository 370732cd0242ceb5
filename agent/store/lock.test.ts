import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { steppingClock } from "../../test/support/store-samples.ts";
import { makeSigningKey } from "./keys.ts";
import { lockState } from "./lock.ts";
import { openSqlite } from "./sqlite.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tocsin-lock-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Locks the directory in a process of its own; resolves once it has done so. */
async function otherDaemon(): Promise<ChildProcess> {
  const script = `
    const { lockState } = await import(${JSON.stringify(join(import.meta.dirname, "lock.ts"))});
    lockState(${JSON.stringify(directory)});
    globalThis.gc();
    process.stdout.write("locked");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

describe("lockState", () => {
  it("refuses a second daemon, names the first, and is the kernel's: killed with -9, nothing stays", async () => {
    const other = await otherDaemon();
    const refused = expect.objectContaining({
      code: "state_in_use",
      where: directory,
      message: expect.stringContaining(`another daemon uses it (process ${other.pid})`),
      remedy: expect.stringContaining("stop that one"),
    });
    expect(() => lockState(directory)).toThrow(refused);
    // A refused attempt takes nothing from the holder.
    expect(() => lockState(directory)).toThrow(refused);
    other.kill("SIGKILL");
    await once(other, "exit");
    expect(existsSync(join(directory, "daemon.pid"))).toBe(true);
    lockState(directory).release();
  });

  it("holds within one process too, until it is released", () => {
    const lock = lockState(directory);
    expect(() => lockState(directory)).toThrow(expect.objectContaining({ code: "state_in_use" }));
    lock.release();
    const next = lockState(directory);
    // The first holder is no holder any more.
    lock.release();
    expect(() => lockState(directory)).toThrow(expect.objectContaining({ code: "state_in_use" }));
    next.release();
  });

  it("lets commands work on the database beside it", async () => {
    const lock = lockState(directory);
    const signingKey = makeSigningKey(join(directory, "key.pem"));
    const store = openSqlite({ file: join(directory, "tocsin.sqlite"), signingKey, clock: steppingClock() });
    const write = { write: "note", what: "told", incident: null, content: 1 } as const;
    expect(await store.commit({ facility: "a", at: 1, writes: [write] })).toMatchObject({
      outcome: "committed",
    });
    await store.close();
    lock.release();
  });

  it("keeps its files to their own account, and says what prevents it", () => {
    const lock = lockState(directory);
    for (const file of ["daemon.lock", "daemon.pid"])
      expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    lock.release();
    expect(() => lockState(join(directory, "nowhere"))).toThrow(
      expect.objectContaining({ code: "state_unusable" }),
    );
  });
});
