import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  startDaemon,
} from "../support/daemon.ts";
import { describePeer, gcc } from "../support/peer.ts";

const LINES = 1500;

/** An alert of 8 kB: all of them are more than the kernel holds for both sides. */
const line = (i: number) =>
  `<34>Jun  7 00:10:00 pacs-01 app: vssadmin delete shadows /all (${i}) ${"x".repeat(8000)}`;
const numberOf = (text = "") => Number(/\((\d+)\)/.exec(text)?.[1]);

describePeer(gcc, "plain TCP while the disk takes no writes", () => {
  let house: House | undefined;
  let daemon: Daemon | undefined;
  let client: Socket | undefined;
  afterEach(async () => {
    client?.destroy();
    await daemon?.end("SIGKILL");
    house?.remove();
    [house, daemon, client] = [undefined, undefined, undefined];
  });

  /** A daemon whose disk refuses writes, and a client that has more to send than is read. */
  async function refused() {
    const made = await makeHouse({ more: "limits: { idle_seconds: 2 }\n" });
    house = made;
    const shim = join(made.directory, "unsynced.so");
    const flag = join(made.directory, "read-only");
    const shadow = join(made.directory, "shadow");
    mkdirSync(shadow);
    const source = join(import.meta.dirname, "unsynced.c");
    execFileSync("gcc", ["-shared", "-fPIC", "-O2", "-o", shim, source, "-ldl", "-lpthread"]);
    const running = await startDaemon(made, {
      LD_PRELOAD: shim,
      UNSYNCED_WATCH: join(made.directory, "state"),
      UNSYNCED_SHADOW: shadow,
      UNSYNCED_READ_ONLY: flag,
    });
    daemon = running;
    writeFileSync(flag, "");
    const socket = connect(running.tcp, "127.0.0.1");
    client = socket.on("error", () => undefined);
    await once(socket, "connect");
    let sent = false;
    socket.write(`${Array.from({ length: LINES }, (_, i) => line(i)).join("\n")}\n`, () => {
      sent = true;
    });
    await eventually("nothing to be read any more", async () =>
      (await metric(running, "tocsin_intake_held_back")) === 1 ? true : undefined,
    );
    return { made, running, flag, sent: () => sent, socket };
  }
  const received = (of: Daemon) =>
    metric(of, 'tocsin_intake_records_received_total{source="lines",transport="tcp"}');

  it("is not read, which /readyz and the log tell, and stands in the record whole and in order afterwards", async () => {
    const { made, running, flag, sent, socket } = await refused();
    let closed = false;
    socket.on("close", () => {
      closed = true;
    });
    const read = await received(running);
    expect(await metric(running, "tocsin_intake_held_records")).toBeGreaterThan(0);
    expect(read).toBeLessThan(LINES / 2);
    const ready = await eventually("readiness to tell it", async () => {
      const answer = await fetch(`${running.operations}/readyz`);
      return answer.status === 503 ? answer.text() : undefined;
    });
    expect(ready).toContain("store");
    // One that says nothing is closed meanwhile, this one is not: it is we who do not read.
    const quiet = connect(running.tcp, "127.0.0.1").resume();
    await once(quiet, "close");
    expect([closed, sent(), await received(running)]).toEqual([false, false, read]);
    rmSync(flag);
    const reads = made.reads();
    try {
      await eventually(
        "all to be stored",
        async () => ((await reads.countAlerts(FACILITY)) >= LINES ? true : undefined),
        60,
      );
      const found = await reads.detectionsAfter(FACILITY, 0, 10 * LINES);
      const order = [...new Set(found.map(({ alert }) => numberOf(alert.alert.message)))];
      expect(order).toEqual(Array.from({ length: LINES }, (_, i) => i));
      expect(await reads.countAlerts(FACILITY)).toBe(LINES);
    } finally {
      await reads.close();
    }
    expect(await received(running)).toBe(LINES);
    expect(await metric(running, "tocsin_intake_held_back")).toBe(0);
    const metrics = await (await fetch(`${running.operations}/metrics`)).text();
    expect(metrics).not.toMatch(/^tocsin_intake_lost_total\{source="lines"/m);
    const said = running.log.map(({ message }) => message);
    expect(said.filter((each) => String(each).startsWith("plain TCP and TLS are"))).toEqual([
      "plain TCP and TLS are not read: alerts cannot be stored",
      "plain TCP and TLS are read again",
    ]);
  }, 90_000);

  it("does not keep the daemon from its end: what was read and cannot be stored is lost, and said", async () => {
    const { running } = await refused();
    const read = await received(running);
    const since = performance.now();
    await running.end("SIGTERM");
    expect(performance.now() - since).toBeLessThan(10_000);
    const said = running.log.find(
      ({ message }) => message === "relevant records lost: they could not be stored before the end",
    );
    expect(Number(said?.count)).toBeGreaterThanOrEqual(read);
  }, 60_000);
});
