import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { makeSigningKey, type SigningKey } from "../../agent/store/keys.ts";
import { openSqliteReads } from "../../agent/store/sqlite/reads.ts";
import { openSqliteWriter } from "../../agent/store/sqlite/writer.ts";
import { verifyDatabase } from "../../agent/store/verify.ts";
import { describePeer, gcc } from "../support/peer.ts";
import { steppingClock } from "../support/store-samples.ts";

const here = import.meta.dirname;

describePeer(gcc, "a power cut", () => {
  let folder: string;
  let shim: string;
  let keyFile: string;
  let signingKey: SigningKey;
  let rounds = 0;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-cut-"));
    shim = join(folder, "unsynced.so");
    execFileSync("gcc", [
      "-shared",
      "-fPIC",
      "-O2",
      "-o",
      shim,
      join(here, "unsynced.c"),
      "-ldl",
      "-lpthread",
    ]);
    keyFile = join(folder, "key.pem");
    signingKey = makeSigningKey(keyFile);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Starts a process that commits, on a disk whose unsynced writes are lost. */
  function startCommitting({ fullFlag }: { fullFlag?: string } = {}) {
    const round = join(folder, `round-${++rounds}`);
    const [disk, shadow] = [join(round, "disk"), join(round, "shadow")];
    mkdirSync(disk, { recursive: true });
    mkdirSync(shadow);
    const child = spawn(
      process.execPath,
      [
        join(here, "committing.ts"),
        join(disk, "tocsin.db"),
        keyFile,
        ...(fullFlag === undefined ? [] : [fullFlag]),
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
        env: {
          ...process.env,
          LD_PRELOAD: shim,
          UNSYNCED_WATCH: disk,
          UNSYNCED_SHADOW: shadow,
          ...(fullFlag === undefined ? {} : { UNSYNCED_FULL: fullFlag }),
        },
      },
    );
    return { child, file: join(shadow, "tocsin.db"), disk: join(disk, "tocsin.db") };
  }

  it.each([1, 40, 400])(
    "loses nothing acknowledged when it comes after %i acknowledgements",
    async (count) => {
      const { child, file, disk } = startCommitting();
      const lines: string[] = [];
      const exited = once(child, "exit");
      const read = createInterface({ input: child.stdout });
      const ended = once(read, "close");
      read.on("line", (line) => {
        if (lines.push(line) === count) child.kill("SIGKILL");
      });
      await Promise.all([exited, ended]);
      expect(lines.length).toBeGreaterThanOrEqual(count);
      expect(existsSync(disk)).toBe(true);

      // As at the next start: SQLite recovers from the write-ahead log, and the chain goes on.
      const writer = openSqliteWriter({ file, signingKey, clock: steppingClock() });
      const reads = openSqliteReads(file);
      const lost: string[] = [];
      for (const line of lines) {
        const [facility = "", incident = "", alerts = ""] = line.split(" ");
        if ((await reads.record(facility, "incident", incident)) === undefined) lost.push(incident);
        for (const id of alerts.split(","))
          if ((await reads.alert(facility, id)) === undefined) lost.push(id);
      }
      expect(lost).toEqual([]);
      const report = verifyDatabase(file, signingKey.publicKey, checkpointsFileOf(file));
      expect(report.facilities.map(({ firstBroken }) => firstBroken)).toEqual(
        report.facilities.map(() => undefined),
      );
      expect(report.ok).toBe(true);
      reads.close();
      writer.close();
    },
  );

  it("fails what it cannot write while the disk is full, and goes on when it is not", async () => {
    const { child, disk } = startCommitting({ fullFlag: join(folder, "full") });
    const lines = createInterface({ input: child.stdout });
    const [[line], [code]] = await Promise.all([once(lines, "line"), once(child, "exit")]);
    expect(code).toBe(0);
    expect(JSON.parse(line)).toEqual({
      during: ["store_full", "store_full", "store_full"],
      after: "committed",
      alerts: 4,
    });
    const kept = join(folder, "kept.db");
    copyFileSync(disk, kept);
    copyFileSync(checkpointsFileOf(disk), checkpointsFileOf(kept));
    expect(verifyDatabase(kept, signingKey.publicKey, checkpointsFileOf(kept)).ok).toBe(true);
  });
});
