import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../test/support/daemon.ts";
import { type Heard, listenToNotices } from "../test/support/notices.ts";
import { describePeer, peer } from "../test/support/peer.ts";
import { serviceManager } from "./service-manager.ts";

const python = peer("Python 3", "python3", "apt-get install python3");
const systemd = peer("systemd-notify", "systemd-notify", "apt-get install systemd");
/** One that looks ten times a second; of this process, as systemd says it. */
const WATCHDOG = { WATCHDOG_USEC: "200000", WATCHDOG_PID: String(process.pid) };

let folder: string;
let logged: [string, Record<string, unknown> | undefined][];
const log = {
  warn: (message: string, fields?: Record<string, unknown>) => void logged.push([message, fields]),
  error: (message: string, fields?: Record<string, unknown>) => void logged.push([message, fields]),
};
const well = { status: () => "ready", answers: async () => undefined };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-notices-"));
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program in the place of systemd-notify, that notes what it was given in the file that is returned. */
function program(body: string): { path: string; noted: () => string } {
  const [path, notes] = [join(folder, "program"), join(folder, "notes")];
  writeFileSync(path, `#!/bin/sh\n${body.replaceAll("NOTES", notes)}\n`);
  chmodSync(path, 0o755);
  return { path, noted: () => (existsSync(notes) ? readFileSync(notes, "utf8") : "") };
}

describePeer([python, systemd], "a service manager that listens", () => {
  let heard: Heard;
  beforeEach(async () => {
    heard = await listenToNotices(folder);
  });
  afterEach(() => heard.end());
  const manager = (more: Record<string, string> = {}) =>
    serviceManager({ environment: { NOTIFY_SOCKET: heard.socket, ...more }, log });

  it("hears readiness, reloads and the stop, in their order", async () => {
    const told = manager();
    const reload = Promise.withResolvers<void>();
    told.ready(well);
    told.reloading(reload.promise);
    await heard.until("RELOADING=1");
    reload.resolve();
    await heard.until("READY=1\nSTATUS=ready", 2);
    told.stopping();
    await heard.until("STOPPING=1");
    expect(heard.notices()).toEqual([
      "READY=1\nSTATUS=ready",
      "RELOADING=1\nSTATUS=reading the configuration anew",
      "READY=1\nSTATUS=ready",
      "STOPPING=1\nSTATUS=stopping",
    ]);
    expect(logged).toEqual([]);
  });

  it("hears again and again that the daemon lives, and its status when it is another", async () => {
    let status = "ready";
    const told = manager(WATCHDOG);
    told.ready({ ...well, status: () => status });
    await heard.until("WATCHDOG=1", 2);
    status = "not ready: store";
    await heard.until("WATCHDOG=1\nSTATUS=not ready: store");
    await heard.until("WATCHDOG=1", 4);
    told.stopping();
    await heard.until("STOPPING=1");
    expect(heard.notices().filter((notice) => notice.includes("not ready"))).toHaveLength(1);
  });

  it("hears nothing of life while a part does not answer, and again once it does", async () => {
    const hung = Promise.withResolvers<void>();
    let asked = 0;
    const told = manager(WATCHDOG);
    told.ready({ ...well, answers: () => (asked++ === 1 ? hung.promise : Promise.resolve()) });
    await heard.until("STATUS=a part of the daemon does not answer");
    const lives = () => heard.notices().filter((notice) => notice.startsWith("WATCHDOG=1")).length;
    expect({ lives: lives(), asked }).toEqual({ lives: 1, asked: 2 });
    expect(logged).toEqual([["a part of the daemon does not answer", undefined]]);
    hung.resolve();
    await heard.until("WATCHDOG=1\nSTATUS=ready");
    told.stopping();
    await heard.until("STOPPING=1");
  });

  it.each([
    ["no watchdog", {}],
    ["the watchdog of another process", { ...WATCHDOG, WATCHDOG_PID: "1" }],
    ["a watchdog that makes no sense", { WATCHDOG_USEC: "soon" }],
  ])("hears nothing of life with %s", async (_case, environment: Record<string, string>) => {
    let asked = 0;
    const told = manager(environment);
    told.ready({ ...well, answers: async () => asked++ });
    await heard.until("READY=1");
    told.stopping();
    await heard.until("STOPPING=1");
    expect({ asked, notices: heard.notices().length }).toEqual({ asked: 0, notices: 2 });
  });

  it("hears one line of a status, of two hundred characters at most", async () => {
    const told = manager();
    told.ready({ ...well, status: () => `one\nREADY=0\u0000${"x".repeat(500)}` });
    await heard.until("READY=1");
    told.stopping();
    await heard.until("STOPPING=1");
    expect(heard.notices()[0]).toBe(`READY=1\nSTATUS=one READY=0 ${"x".repeat(188)}`);
  });
});

describePeer(systemd, "a service manager that is gone", () => {
  it("is told of in the log", async () => {
    serviceManager({ environment: { NOTIFY_SOCKET: join(folder, "gone") }, log }).ready(well);
    await eventually("the warning", () => logged[0]);
    expect(logged).toEqual([
      [
        "the service manager is not told",
        {
          words: ["READY=1", "STATUS=ready"],
          because: expect.stringMatching(/systemd-notify ended with 1$/),
        },
      ],
    ]);
  });
});

it("tells nobody without a socket", async () => {
  const { path, noted } = program('echo "$@" >> NOTES');
  const alone = serviceManager({ environment: WATCHDOG, log, programs: [path] });
  alone.ready({ ...well, status: () => "alone" });
  const told = serviceManager({ environment: { NOTIFY_SOCKET: "@any" }, log, programs: [path] });
  told.ready(well);
  told.stopping();
  alone.stopping();
  await eventually("the stop", () => noted().includes("STOPPING") || undefined);
  expect(noted()).toBe("READY=1 STATUS=ready\nSTOPPING=1 STATUS=stopping\n");
});

it("gives the program no shell and nothing of the environment but the socket", async () => {
  const { path, noted } = program(
    'env | grep -v "^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD=" >> NOTES; echo "$@" >> NOTES',
  );
  const environment = { NOTIFY_SOCKET: "@any", TOCSIN_SOC_SECRET: "secret" };
  const told = serviceManager({ environment, log, programs: [path] });
  told.ready({ ...well, status: () => "$(id) `id`" });
  await eventually("the message", () => noted().includes("READY") || undefined);
  expect(noted()).toBe("NOTIFY_SOCKET=@any\nREADY=1 STATUS=$(id) `id`\n");
  told.stopping();
});

describe("a message that cannot be sent", () => {
  it("is logged when there is no systemd-notify", async () => {
    const environment = { NOTIFY_SOCKET: "@any" };
    serviceManager({ environment, log, programs: [join(folder, "none")] }).stopping();
    const because = "systemd-notify is not installed";
    await eventually("the warning", () => logged[0]);
    expect(logged[0]?.[1]).toMatchObject({ because });
  });

  it("is logged once, until one is sent", async () => {
    const { path, noted } = program('echo "$1" >> NOTES; case "$1" in RELOADING*) exit 0;; *) exit 3;; esac');
    const told = serviceManager({ environment: { NOTIFY_SOCKET: "@any" }, log, programs: [path] });
    told.ready(well);
    told.ready(well);
    told.reloading(Promise.resolve());
    await eventually("the end of the reload", () => noted().split("READY=1").length > 3 || undefined);
    await eventually("the second warning", () => logged[1]);
    told.stopping();
    await eventually("the stop", () => noted().includes("STOPPING") || undefined);
    expect(noted()).toBe("READY=1\nREADY=1\nRELOADING=1\nREADY=1\nSTOPPING=1\n");
    expect(logged.map(([, fields]) => fields?.because)).toEqual(Array(2).fill(`${path} ended with 3`));
  });

  it("is given up when it takes too long, and the next one is sent", async () => {
    const { path, noted } = program('echo "$@" >> NOTES; case "$1" in READY*) exec sleep 60;; esac');
    const environment = { NOTIFY_SOCKET: "@any" };
    const told = serviceManager({ environment, log, programs: [path], patience: 500 });
    told.ready(well);
    told.stopping();
    await eventually("the stop", () => noted().includes("STOPPING") || undefined);
    expect(logged.map(([, fields]) => fields?.because)).toEqual([`${path} was ended by SIGKILL`]);
  });

  it("does not keep the process that sends it from ending", async () => {
    const { path } = program('echo "$$" >> NOTES; exec sleep 60');
    const script = `
      const { serviceManager } = await import(${JSON.stringify(join(import.meta.dirname, "service-manager.ts"))});
      const log = { warn() {}, error() {} };
      const environment = { NOTIFY_SOCKET: "@any" };
      const told = serviceManager({ environment, log, programs: [${JSON.stringify(path)}] });
      told.ready({ status: () => "ready", answers: async () => {} });
      const { existsSync } = process.getBuiltinModule("node:fs");
      const look = setInterval(() => {
        if (existsSync(${JSON.stringify(join(folder, "notes"))})) clearInterval(look);
      }, 20);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "inherit" });
    expect(await once(child, "exit")).toEqual([0, null]);
    // It is there still, so nobody waited for it.
    expect(process.kill(Number(readFileSync(join(folder, "notes"), "utf8")), "SIGKILL")).toBe(true);
  });
});
