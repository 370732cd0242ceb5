import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeAgeKey } from "../../agent/store/backup/age-keys.ts";
import {
  eventually,
  FACILITY,
  type House,
  MAIN,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { EFFORT } from "../support/effort.ts";
import { type Installation, installation } from "../support/installation.ts";

/** Runs a command to its end. */
function tocsin(...given: string[]): { code: number | null; out: string; errors: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...given], { encoding: "utf8" });
  return { code: status, out: stdout, errors: stderr };
}

describe("the night on which the machine is lost", () => {
  const key = makeAgeKey();
  let house: House;
  let usb: string;
  let laptop: House;
  beforeAll(async () => {
    house = await makeHouse();
    usb = join(house.directory, "usb");
    mkdirSync(usb);
    writeFileSync(join(house.directory, "key"), `${key.identity}\n`);
    const config = `crisis: { folder: ${usb}, every_minutes: 1, recipients: [${key.recipient}] }\n`;
    writeFileSync(house.config, config, { flag: "a" });
    const to = join(house.directory, "laptop");
    laptop = { ...house, directory: to, config: join(to, "config/tocsin.yml") };
  });
  afterAll(() => house?.remove());

  const resume = (...more: string[]) =>
    tocsin("resume", usb, "--to", laptop.directory, "--identity", join(house.directory, "key"), ...more);

  it("the record goes on elsewhere, in one chain, and the old machine stands still", {
    timeout: 90_000,
  }, async ({ annotate }) => {
    const before = await startDaemon(house);
    const sent = [relevant("before-1"), relevant("before-2")];
    expect(await post(before, "generic", house.tokens.generic, sent)).toMatchObject({ status: 202 });
    await eventually("a valise", () => readdirSync(usb).find((name) => name.endsWith(".age")));
    expect(before.log.filter(({ level }) => level === "error")).toEqual([]);
    // What comes after the copy is on the old machine alone.
    await post(before, "generic", house.tokens.generic, [relevant("after-1")]);
    await before.end("SIGKILL");

    const started = performance.now();
    const resumed = resume("--by", "Anne Ortolan");
    expect(resumed).toMatchObject({ code: 0, errors: "" });
    expect(resumed.out).toMatch(/^Repris dans .*époque 2\.\nJournal intact jusqu'au n° \d+/);
    expect(resumed.out).toContain(`run --config ${laptop.config}`);
    expect(readdirSync(join(laptop.directory, "kit"))).toEqual([expect.stringMatching(/^kit-.*\.pdf$/)]);
    const daemon = await startDaemon(laptop);
    await annotate(`resumed and ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    const next = await post(daemon, "generic", house.tokens.generic, [relevant("elsewhere-1")]);
    expect(next).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect(await daemon.end("SIGTERM")).toBe(0);

    const back = tocsin("run", "--config", house.config);
    expect(back.code).toBe(1);
    expect(back.errors).toMatch(
      /taken over on .* by Anne Ortolan at .*two that go on would make two records/,
    );
    expect(back.errors).toContain("docs/fr/crise.md");
    const written = tocsin(
      "account",
      "--config",
      house.config,
      "--login",
      "x.y",
      "--person",
      "X",
      "--role",
      "rssi",
    );
    expect(written).toMatchObject({ code: 1, errors: expect.stringContaining("fenced") });

    const [old, own] = [house, laptop].map(({ directory }) => join(directory, "state/tocsin.sqlite"));
    const keyed = ["--key", join(house.directory, "state/signing-key.pem")];
    const here = tocsin("verify", "--database", old ?? "", ...keyed, "--against", own ?? "");
    expect(here.code).toBe(1);
    expect(here.out).toMatch(/^Journal intact/);
    expect(here.out).toMatch(new RegExp(`CLÔTURÉ : ${FACILITY} a été repris`));
    expect(here.out).toMatch(/FOURCHE : .* se séparent après le n° \d+/);
    const there = tocsin("verify", "--database", own ?? "", ...keyed);
    expect(there).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Reprise : .*repris de la valise de crise/),
    });
  });

  it("a second machine does not take over what one has taken over, unless it is told to", () => {
    rmSync(laptop.directory, { recursive: true });
    expect(resume()).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/already taken over on .* \(epoch 2\)/),
    });
    expect(existsSync(join(laptop.directory, "state"))).toBe(false);
    expect(resume("--again")).toMatchObject({ code: 0, out: expect.stringContaining("époque 3") });
  });

  it("says what to do when the old machine cannot be told, and puts nothing in place", () => {
    rmSync(laptop.directory, { recursive: true });
    const nowhere = join(house.directory, "nowhere");
    expect(resume("--fence", nowhere)).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/--without-fence/),
    });
    expect(existsSync(join(laptop.directory, "state"))).toBe(false);
    expect(resume("--again", "--without-fence")).toMatchObject({
      code: 0,
      out: expect.stringContaining("ATTENTION"),
    });
  });
});

describe("a backup in trouble", () => {
  let house: Installation;
  let out: string;
  beforeAll(async () => {
    house = await installation();
    // Large enough to be met in the middle.
    house.write("state/envois/large", Buffer.alloc(60_000_000, 7));
    out = join(house.folder, "out");
    mkdirSync(out);
  });
  afterAll(() => house?.remove());
  const archives = () => readdirSync(out).filter((name) => name.endsWith(".tocsin"));

  it("that is killed leaves nothing that passes for a backup, and the next one takes its leavings away", {
    timeout: 60_000 * EFFORT,
  }, async () => {
    let met = 0;
    for (let round = 0; round < 3 * EFFORT; round++) {
      const child = spawn(process.execPath, [
        MAIN,
        "backup",
        "--config",
        house.config,
        "--to",
        join(out, "a.tocsin"),
      ]);
      const watching = watch(out, () => child.kill("SIGKILL"));
      const ended = await new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal)));
      watching.close();
      if (ended === "SIGKILL") met += 1;
      for (const name of archives()) rmSync(join(out, name));
    }
    expect(met).toBeGreaterThan(0);
    const left = readdirSync(out);
    expect(left.filter((name) => !name.endsWith(".partial"))).toEqual([]);
    expect(tocsin("restore", join(out, left[0] ?? "none"), "--to", join(house.folder, "back")).code).toBe(1);
    expect(tocsin("backup", "--config", house.config, "--to", out).code).toBe(0);
    expect(readdirSync(join(house.folder, "state")).filter((name) => name.startsWith(".copie"))).toEqual([]);
    expect(archives()).toHaveLength(1);
    rmSync(out, { recursive: true });
    mkdirSync(out);
  });

  it("to a folder that is not there, a share that was not mounted, makes no file of its name", () => {
    const missing = join(house.folder, "partage");
    const refused = tocsin("backup", "--config", house.config, "--to", missing);
    expect(refused.code).toBe(2);
    expect(existsSync(missing)).toBe(false);
  });

  it("that finds no more room says so and leaves nothing", () => {
    // A file may have 10 MB: what a full disk answers, at the same place.
    const limited = `ulimit -f 10240; trap '' XFSZ; exec "$0" "$@"`;
    const command = [MAIN, "backup", "--config", house.config, "--to", out];
    const { status, stderr } = spawnSync("bash", ["-c", limited, process.execPath, ...command], {
      encoding: "utf8",
    });
    expect({ status, stderr }).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/nothing was kept: .*free space there/),
    });
    expect(readdirSync(out)).toEqual([]);
    expect(readdirSync(join(house.folder, "state")).filter((name) => name.startsWith(".copie"))).toEqual([]);
  });
});
