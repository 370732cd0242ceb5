import { once } from "node:events";
import { appendFileSync, copyFileSync, existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, expect } from "vitest";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
import { type Authority, type Issued, makeAuthority, openssl } from "../support/authority.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  startDaemon,
} from "../support/daemon.ts";
import { describePeer, itPeer, type Peer } from "../support/peer.ts";
import { type Rsyslog, rsyslog, startRsyslog } from "../support/rsyslog.ts";

/** A driver is a module of rsyslog, in a package of its own. */
const driver = (name: string, module: string, install: string): Peer => {
  const folders = [
    "/usr/lib/x86_64-linux-gnu/rsyslog",
    "/usr/lib/aarch64-linux-gnu/rsyslog",
    "/usr/lib/rsyslog",
  ];
  const present = folders.some((folder) => existsSync(join(folder, `${module}.so`)));
  return { name, command: module, install, present };
};
const gtls = driver("rsyslog with GnuTLS", "lmnsd_gtls", "apt-get install rsyslog-gnutls");
const ossl = driver("rsyslog with OpenSSL", "lmnsd_ossl", "apt-get install rsyslog-openssl");

const RECEIVED = 'tocsin_intake_records_received_total{source="lines",transport="tls"}';
const CONNECTIONS = 'tocsin_intake_connections{source="lines"}';
const REFUSED = 'tocsin_intake_refused_total{source="lines",code="tls_client_refused"}';

describePeer([rsyslog, openssl, gtls, ossl], "rsyslog over TLS", () => {
  let house: House;
  let daemon: Daemon;
  let reads: SqliteReads;
  let authority: Authority;
  const running: Rsyslog[] = [];
  beforeEach(async () => {
    house = await makeHouse({
      listen:
        "{ transport: tls, port: 0, tls: { certificate: live.pem, key: live.key, clients: { authority: tls/authority.pem, names: [pacs.example.org] } } }",
    });
    authority = makeAuthority(join(house.directory, "tls"));
    putLive(authority.issue("first", { dns: ["tocsin.example.org"] }));
    daemon = await startDaemon(house);
    reads = house.reads();
  });
  afterEach(async () => {
    for (const each of running.splice(0)) await each.stop();
    reads?.close();
    await daemon?.end("SIGTERM");
    house?.remove();
  });

  /** Puts certificate and key where the daemon reads them, as certbot does. */
  function putLive({ files }: Issued): void {
    for (const [part, name] of [
      ["certificate", "live.pem"],
      ["key", "live.key"],
    ] as const) {
      copyFileSync(files[part], join(house.directory, `${name}.new`));
      renameSync(join(house.directory, `${name}.new`), join(house.directory, name));
    }
  }

  function start(name: string, driver: "gtls" | "ossl", { files }: Issued): Rsyslog {
    const started = startRsyslog(join(house.directory, name), {
      settings: `global(defaultNetstreamDriverCAFile="${authority.file}"
       defaultNetstreamDriverCertFile="${files.certificate}" defaultNetstreamDriverKeyFile="${files.key}")`,
      action: `type="omfwd" target="127.0.0.1" port="${daemon.tls}" protocol="tcp" TCP_Framing="octet-counted"
       StreamDriver="${driver}" StreamDriverMode="1" StreamDriverAuthMode="x509/name"
       StreamDriverPermittedPeers="tocsin.example.org"`,
    });
    running.push(started);
    return started;
  }

  const lines = (count: number, what: string) =>
    `${Array.from({ length: count }, (_, i) =>
      i % 100 === 0 ? `${what} ${i} vssadmin delete shadows /all` : `${what} ${i} all is well`,
    ).join("\n")}\n`;
  const reached = (name: string, value: number) =>
    eventually(`${name} ${value}`, async () => ((await metric(daemon, name)) >= value ? true : undefined));
  const stored = (count: number) =>
    eventually(`${count} alerts`, async () =>
      (await reads.countAlerts(FACILITY)) >= count ? true : undefined,
    );

  for (const [name, peer] of [
    ["gtls", gtls],
    ["ossl", ossl],
  ] as const) {
    itPeer(peer, `forwards with mutual authentication, none missing (${name})`, async () => {
      const sender = start("sender", name, authority.issue("pacs", { dns: ["pacs.example.org"] }));
      appendFileSync(sender.watched, lines(2000, "step"));
      await reached(RECEIVED, 2000);
      await stored(20);
      const alerts = (await reads.detectionsAfter(FACILITY, 0, 1000)).map(({ alert }) => alert.alert);
      expect(alerts.map(({ message }) => /step (\d+)/.exec(message ?? "")?.[1])).toEqual(
        Array.from({ length: 20 }, (_, i) => String(i * 100)),
      );
      expect(await metric(daemon, RECEIVED)).toBe(2000);
      expect(await metric(daemon, REFUSED)).toBe(0);
    });

    itPeer(peer, `is heard neither under another name nor from another authority (${name})`, async () => {
      const strangers = makeAuthority(join(house.directory, "strangers"));
      for (const [who, issued] of [
        ["another", authority.issue("another", { dns: ["other.example.org"] })],
        ["foreign", strangers.issue("foreign", { dns: ["pacs.example.org"] })],
      ] as const) {
        const before = await metric(daemon, REFUSED);
        const sender = start(who, name, issued);
        appendFileSync(sender.watched, lines(10, "step"));
        await reached(REFUSED, before + 1);
        await sender.stop();
      }
      expect(await metric(daemon, RECEIVED)).toBe(0);
      expect(daemon.log).toContainEqual(
        expect.objectContaining({
          message: "TLS client refused",
          where: "sources.0.listen.2",
          peer: "127.0.0.1",
          because: "another: neither its names nor its fingerprint are listed",
        }),
      );
    });
  }

  itPeer(
    gtls,
    "stays connected while the certificate is renewed, which the next client is shown",
    async () => {
      const client = authority.issue("pacs", { dns: ["pacs.example.org"] });
      const first = start("first-sender", "gtls", client);
      appendFileSync(first.watched, lines(100, "before"));
      await reached(RECEIVED, 100);

      putLive(authority.issue("second", { commonName: "second", dns: ["tocsin.example.org"] }));
      await eventually("the renewal", () =>
        daemon.log.find(({ message }) => message === "TLS certificate renewed"),
      );
      const looking = connect({ port: daemon.tls, ca: authority.ca, servername: "tocsin.example.org" });
      await once(looking, "secureConnect");
      expect(looking.getPeerCertificate().subject.CN).toBe("second");
      looking.on("error", () => undefined).destroy();

      const second = start("second-sender", "ossl", client);
      appendFileSync(second.watched, lines(100, "new"));
      appendFileSync(first.watched, lines(100, "after"));
      await reached(RECEIVED, 300);
      await reached(CONNECTIONS, 2);
      expect(await metric(daemon, RECEIVED)).toBe(300);
    },
    60_000,
  );
});
