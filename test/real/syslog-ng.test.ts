import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
import { type Authority, makeAuthority, openssl } from "../support/authority.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  startDaemon,
} from "../support/daemon.ts";
import { describePeer, peer } from "../support/peer.ts";

// It conflicts with rsyslog as a package, so it is unpacked beside.
const BESIDE = ".ci/unpack-syslog-ng /opt/tocsin-peers, and /opt/tocsin-peers/bin on PATH";
const loggen = peer("loggen", "loggen", BESIDE);
const syslogNg = peer("syslog-ng", "syslog-ng", BESIDE);

let house: House;
let daemon: Daemon;
let authority: Authority;
beforeEach(async () => {
  house = await makeHouse({
    listen: "{ transport: tls, port: 0, tls: { certificate: tls/server.pem, key: tls/server.key } }",
  });
  authority = makeAuthority(join(house.directory, "tls"));
  authority.issue("server", { dns: ["localhost"] });
  daemon = await startDaemon(house);
});
afterEach(async () => {
  await daemon?.end("SIGTERM");
  house?.remove();
});

const received = (transport: string) =>
  metric(daemon, `tocsin_intake_records_received_total{source="lines",transport="${transport}"}`);
const refused = () => metric(daemon, 'tocsin_intake_records_total{source="lines",outcome="refused"}');

describePeer([loggen, openssl], "loggen", () => {
  // Over TLS it closes with what the server said unread: only a silent server hears it to the end.
  it.each([
    ["octet counted over TCP", "tcp", ["--inet", "--stream", "--syslog-proto"]],
    ["newline framed over TCP", "tcp", ["--inet", "--stream"]],
    ["newline framed RFC 5424 over TCP", "tcp", ["--inet", "--stream", "--syslog-proto", "--no-framing"]],
    ["octet counted over TLS", "tls", ["--use-ssl", "--syslog-proto"]],
    ["newline framed over TLS", "tls", ["--use-ssl"]],
    ["over UDP", "udp", ["--inet", "--dgram"]],
  ])(
    "is heard to the last record, %s",
    async (_, transport, flags) => {
      const port = { tcp: daemon.tcp, tls: daemon.tls, udp: daemon.udp }[transport];
      // The rate is that of one connection, in records a second: a datagram is not to be lost.
      const [count, rate] = transport === "udp" ? [2000, 1000] : [20_000, 20_000];
      const amount = ["--size", "300", "--number", String(count), "--rate", String(rate), "--interval", "30"];
      await promisify(execFile)("loggen", [...flags, ...amount, "127.0.0.1", String(port)]);
      await expect.poll(() => received(transport), { timeout: 10_000 }).toBe(count);
      expect(await refused()).toBe(0);
      expect(await metric(daemon, 'tocsin_intake_udp_dropped_total{source="lines"}')).toBe(0);
    },
    60_000,
  );
});

describePeer([syslogNg, openssl], "syslog-ng", () => {
  let reads: SqliteReads;
  let running: ChildProcess | undefined;
  beforeEach(() => {
    reads = house.reads();
  });
  afterEach(async () => {
    reads.close();
    if (running === undefined) return;
    running.kill("SIGTERM");
    await once(running, "exit");
    running = undefined;
  });

  /** Relays a file, read from its beginning. */
  function relay(text: string, destination: string): void {
    const work = join(house.directory, "syslog-ng");
    mkdirSync(work);
    const at = (name: string) => join(work, name);
    writeFileSync(at("application.log"), text);
    writeFileSync(
      at("syslog-ng.conf"),
      `@version: 3.35
options { stats-freq(0); chain-hostnames(no); time-reopen(1); };
source s_file {
  file("${at("application.log")}" flags(no-parse) program-override("application") host-override("pacs-01") default-facility(local3) default-severity(warning));
};
destination d_tocsin { ${destination} };
log { source(s_file); destination(d_tocsin); };
`,
    );
    const files = ["-f", at("syslog-ng.conf"), "-R", at("persist"), "-c", at("control"), "-p", at("pid")];
    running = spawn("syslog-ng", ["--foreground", ...files], { stdio: "inherit" });
  }

  it.each([
    ["tcp", () => `syslog("127.0.0.1" transport("tcp") port(${daemon.tcp}));`],
    [
      "tls",
      () =>
        `syslog("localhost" transport("tls") port(${daemon.tls}) ip-protocol(4) tls(ca-file("${authority.file}") peer-verify(required-trusted)));`,
    ],
  ])(
    "relays a file over %s, none missing",
    async (transport, destination) => {
      const lines = Array.from({ length: 2000 }, (_, i) =>
        i % 100 === 0 ? `étape ${i} vssadmin delete shadows /all` : `étape ${i} all is well`,
      );
      relay(`${lines.join("\n")}\n`, destination());
      await eventually("20 alerts", async () =>
        (await reads.countAlerts(FACILITY)) >= 20 ? true : undefined,
      );
      await expect.poll(() => received(transport), { timeout: 10_000 }).toBe(2000);
      const alerts = (await reads.detectionsAfter(FACILITY, 0, 1000)).map(({ alert }) => alert.alert);
      expect(alerts.map(({ message }) => /étape (\d+)/.exec(message ?? "")?.[1])).toEqual(
        Array.from({ length: 20 }, (_, i) => String(i * 100)),
      );
      expect(alerts[0]).toMatchObject({
        host: { name: "pacs-01" },
        process: { name: "application" },
        log: { syslog: { facility: { code: 19 }, severity: { code: 4 } } },
      });
      expect(await refused()).toBe(0);
    },
    60_000,
  );
});
