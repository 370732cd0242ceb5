import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect } from "vitest";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
import { type Daemon, eventually, FACILITY, type House, makeHouse, startDaemon } from "../support/daemon.ts";
import { describePeer, itPeer, peer } from "../support/peer.ts";
import { type Rsyslog, rsyslog, startRsyslog } from "../support/rsyslog.ts";

const logger = peer("logger", "logger", "apt-get install bsdutils");

let house: House;
let daemon: Daemon;
let reads: SqliteReads;
beforeEach(async () => {
  house = await makeHouse();
  daemon = await startDaemon(house);
  reads = house.reads();
});
afterEach(async () => {
  reads?.close();
  await daemon?.end("SIGTERM");
  house?.remove();
});

const stored = (count: number) =>
  eventually(`${count} alerts`, async () =>
    (await reads.countAlerts(FACILITY)) >= count ? true : undefined,
  );

async function alerts() {
  return (await reads.detectionsAfter(FACILITY, 0, 1000)).map(({ alert }) => alert.alert);
}

describePeer(logger, "logger", () => {
  const send = (...flags: string[]) =>
    promisify(execFile)("logger", [
      "-n",
      "127.0.0.1",
      "-p",
      "auth.crit",
      "-t",
      "maintenance",
      ...flags,
      "vssadmin delete shadows /all",
    ]);

  itPeer(
    logger,
    "is understood in RFC 5424 and RFC 3164, over TCP and UDP, with octet counting too",
    async () => {
      await send("-T", "-P", String(daemon.tcp), "--rfc5424");
      await send("-T", "-P", String(daemon.tcp), "--rfc3164");
      await send("-T", "-P", String(daemon.tcp), "--rfc5424", "--octet-count");
      await send("-d", "-P", String(daemon.udp), "--rfc5424");
      await send("-d", "-P", String(daemon.udp), "--rfc3164");
      await stored(5);
      for (const alert of await alerts()) {
        expect(alert.message).toBe("vssadmin delete shadows /all");
        expect(alert.process?.name).toBe("maintenance");
        expect(alert.log?.syslog).toMatchObject({
          priority: 34,
          facility: { code: 4 },
          severity: { code: 2 },
        });
        expect(Date.now() - Date.parse(alert["@timestamp"] ?? "")).toBeLessThan(60_000);
      }
    },
  );
});

describePeer(rsyslog, "rsyslog", () => {
  let running: Rsyslog;
  afterEach(() => running.stop());

  function start(framing: "traditional" | "octet-counted"): string {
    running = startRsyslog(join(house.directory, "rsyslog"), {
      action: `type="omfwd" target="127.0.0.1" port="${daemon.tcp}" protocol="tcp" TCP_Framing="${framing}"`,
    });
    return running.watched;
  }

  itPeer(rsyslog, "forwards a file into the daemon, newline framed, none missing", async () => {
    const file = start("traditional");
    const lines = Array.from({ length: 2000 }, (_, i) =>
      i % 100 === 0 ? `step ${i} vssadmin delete shadows /all` : `step ${i} all is well`,
    );
    appendFileSync(file, `${lines.join("\n")}\n`);
    await stored(20);
    const seen = (await alerts()).map((alert) => /step (\d+)/.exec(alert.message ?? "")?.[1]);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => String(i * 100)));
    expect((await alerts())[0]).toMatchObject({
      process: { name: "application" },
      log: { syslog: { facility: { code: 19 }, severity: { code: 4 } } },
    });
  });

  itPeer(rsyslog, "forwards octet counted, with what newline framing cannot carry", async () => {
    const file = start("octet-counted");
    appendFileSync(file, "première ligne : vssadmin delete shadows /all — é\n");
    await stored(1);
    expect((await alerts())[0]?.message).toContain("première ligne : vssadmin delete shadows /all — é");
  });
});
