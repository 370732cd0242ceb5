import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConnectionOptions, connect, getCiphers } from "node:tls";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Authority, makeAuthority, openssl } from "../support/authority.ts";
import { type Daemon, type House, makeHouse, startDaemon } from "../support/daemon.ts";
import { describePeer } from "../support/peer.ts";

/** Each listener that speaks TLS. */
const LISTENERS = ["people", "intake", "operations", "syslog", "relp"] as const;
/** AEAD with a key that serves one session (RFC 9325 §4.2; ANSSI, « Recommandations de sécurité relatives à TLS »). */
const GOOD = /^(TLS_|ECDHE-(ECDSA|RSA)-(AES(128|256)-GCM-SHA(256|384)|CHACHA20-POLY1305)$)/;
/** What clients of former times ask for, each alone. */
const OLD = getCiphers()
  .map((name) => name.toUpperCase())
  .filter((name) => !name.startsWith("TLS_"));

describePeer(openssl, "each listener that speaks TLS", () => {
  const authorities = new Map<string, Authority>();
  const running: { house: House; daemon: Daemon }[] = [];
  /** The ports of each listener, by the kind of key of its certificate. */
  const ports = new Map<string, number>();

  beforeAll(async () => {
    for (const kind of ["ecdsa", "rsa"]) {
      const house = await makeHouse({
        listen:
          "{ transport: tls, address: 127.0.0.1, port: 0, tls: { certificate: tls/server.pem, key: tls/server.key } }",
        sources:
          "  - { id: relp, connector: syslog, listen: [{ transport: relp, address: 127.0.0.1, port: 0, tls: { certificate: tls/server.pem, key: tls/server.key } }] }",
      });
      const authority = makeAuthority(join(house.directory, "tls"));
      const key = kind === "rsa" ? ["-newkey", "rsa:2048", "-nodes"] : undefined;
      authority.issue("server", { commonName: "localhost", dns: ["localhost"], ...(key && { key }) });
      const listener =
        "{ address: 127.0.0.1, port: 0, tls: { certificate: tls/server.pem, key: tls/server.key } }";
      const all = `listeners: { people: ${listener}, intake: ${listener}, operations: ${listener} }`;
      writeFileSync(house.config, readFileSync(house.config, "utf8").replace(/^listeners:.*$/m, all));
      const daemon = await startDaemon(house);
      running.push({ house, daemon });
      authorities.set(kind, authority);
      const relp = daemon.listening.find(({ source }) => source === "relp")?.port ?? 0;
      const of = (url: string) => Number(new URL(url).port);
      for (const [name, port] of [
        ["people", of(daemon.people)],
        ["intake", of(daemon.alerts)],
        ["operations", of(daemon.operations)],
        ["syslog", daemon.tls],
        ["relp", relp],
      ] as const)
        ports.set(`${name} ${kind}`, port);
    }
  });
  afterAll(async () => {
    for (const { house, daemon } of running) {
      await daemon.end("SIGTERM");
      house.remove();
    }
  });

  /** What is agreed on; undefined when the handshake fails. */
  function agreed(name: string, kind: string, options: ConnectionOptions): Promise<string | undefined> {
    return new Promise((resolve) => {
      const port = ports.get(`${name} ${kind}`) ?? 0;
      const ca = authorities.get(kind)?.ca;
      const socket = connect({
        host: "127.0.0.1",
        port,
        servername: "localhost",
        ca,
        ...options,
      } as ConnectionOptions);
      socket.once("error", () => resolve(undefined));
      socket.once("secureConnect", () => {
        resolve(`${socket.getProtocol()} ${socket.getCipher().name}`);
        socket.destroy();
      });
    });
  }

  it.each(LISTENERS)(
    "%s speaks TLS 1.3 to who can, and 1.2 to who cannot, with ciphers that are good",
    async (name) => {
      for (const kind of ["ecdsa", "rsa"]) {
        expect(await agreed(name, kind, {})).toMatch(/^TLSv1\.3 TLS_AES_/);
        const [version, cipher] = (await agreed(name, kind, { maxVersion: "TLSv1.2" }))?.split(" ") ?? [];
        expect([version, cipher]).toEqual(["TLSv1.2", expect.stringMatching(GOOD)]);
      }
    },
  );

  it.each(LISTENERS)("%s speaks no older version, whatever the client would take", async (name) => {
    for (const version of ["TLSv1", "TLSv1.1"] as const) {
      const old = { minVersion: version, maxVersion: version, ciphers: "ALL:@SECLEVEL=0" };
      expect([version, await agreed(name, "rsa", old)]).toEqual([version, undefined]);
    }
  });

  it.each(LISTENERS)(
    "%s agrees on no cipher without forward secrecy or authentication of its data",
    async (name) => {
      expect(OLD.length).toBeGreaterThan(20);
      const accepted = new Set<string>();
      for (const kind of ["ecdsa", "rsa"])
        for (const cipher of OLD) {
          const only = {
            maxVersion: "TLSv1.2",
            minVersion: "TLSv1.2",
            ciphers: `${cipher}:@SECLEVEL=0`,
          } as const;
          const found = await agreed(name, kind, only);
          if (found !== undefined) accepted.add(found.split(" ")[1] ?? "");
        }
      expect(accepted.size).toBeGreaterThan(3);
      expect([...accepted].filter((cipher) => !GOOD.test(cipher))).toEqual([]);
    },
  );
});
