import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { ServerTls } from "../config/source.ts";
import { type Authority, type Issued, makeAuthority, openssl } from "../test/support/authority.ts";
import { describePeer } from "../test/support/peer.ts";
import { type HttpServer, listenHttp } from "./http-server.ts";
import { clientAllowed } from "./tls.ts";

describePeer(openssl, "a TLS listener", () => {
  let folder: string;
  let authority: Authority;
  let own: Issued;
  let known: Issued;
  let expired: Issued;
  let foreign: Issued;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-tls-"));
    authority = makeAuthority(join(folder, "authority"));
    own = authority.issue("server", { commonName: "localhost", dns: ["localhost"] });
    known = authority.issue("known", { commonName: "Poste A", dns: ["a.example.org", "b.c.example.org"] });
    expired = authority.issue("expired", { dns: ["a.example.org"], days: -1 });
    foreign = makeAuthority(join(folder, "foreign")).issue("known", { dns: ["a.example.org"] });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  let server: HttpServer;
  const told: { message: string; fields: Record<string, unknown> | undefined }[] = [];
  const refused: string[] = [];
  afterEach(async () => {
    await server?.close();
    told.length = 0;
    refused.length = 0;
  });

  async function listen(tls: Record<string, unknown>, strangers?: "served"): Promise<void> {
    const tell = (message: string, fields?: Record<string, unknown>) => void told.push({ message, fields });
    server = await listenHttp(
      { address: "127.0.0.1", port: 0, tls: ServerTls.parse({ ...own.files, ...tls }) },
      "listeners.people",
      {
        log: { info: tell, warn: tell },
        refused: (code) => void refused.push(code),
        ...(strangers && { strangers }),
      },
    );
  }

  /** Asks once; gives the answer, or the reason why there was none. */
  function ask(options: ConnectionOptions = {}): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ port: server.port, ca: authority.ca, servername: "localhost", ...options });
      let answer = "";
      socket.on("secureConnect", () =>
        socket.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      );
      socket.on("data", (chunk) => {
        answer += chunk;
      });
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on("close", () => resolve(answer.split("\r\n").at(-1) || "closed"));
    });
  }
  const as = ({ files: { certificate, key } }: Issued) => ({
    cert: readFileSync(certificate),
    key: readFileSync(key),
  });

  it.each([
    ["any client that the authority signed", {}, "known", undefined],
    ["one by a DNS name", { names: ["x.example.org", "A.example.org"] }, "known", undefined],
    ["one by its common name", { names: ["poste a"] }, "known", undefined],
    ["one by a wildcard", { names: ["*.example.org"] }, "known", undefined],
    ["none by a wildcard of more labels than one", { names: ["*.org"] }, "known", "neither its names"],
    [
      "none that is not named",
      { names: ["example.org", "c.example.org"] },
      "known",
      "Poste A: neither its names",
    ],
    ["one by its fingerprint", { fingerprints: ["own"] }, "known", undefined],
    ["none by another's fingerprint", { fingerprints: ["0".repeat(64)] }, "known", "neither its names"],
    ["one by either", { names: ["x.org"], fingerprints: ["own"] }, "known", undefined],
    ["none of another authority", { names: ["a.example.org"] }, "foreign", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["none whose certificate expired", { names: ["a.example.org"] }, "expired", "CERT_HAS_EXPIRED"],
    ["none without a certificate", {}, "", "it gave no certificate"],
  ])("lets in %s", async (_, clients, who, because) => {
    const fingerprints = "fingerprints" in clients ? clients.fingerprints : [];
    const of = (each: string) =>
      each === "own" ? known.fingerprint.toLowerCase().replaceAll(":", "") : each;
    await listen({ clients: { authority: authority.file, ...clients, fingerprints: fingerprints?.map(of) } });
    server.serve((_request, response) => response.end("let in"));
    const client = { known, foreign, expired }[who];
    const answer = await ask(client && as(client));
    if (because === undefined) {
      expect(answer).toBe("let in");
      expect(refused).toEqual([]);
    } else {
      expect(answer).not.toBe("let in");
      await expect.poll(() => refused).toEqual(["tls_client_refused"]);
      expect(told).toEqual([
        {
          message: "TLS client refused",
          fields: expect.objectContaining({
            where: "listeners.people",
            because: expect.stringContaining(because),
          }),
        },
      ]);
    }
  });

  it("asks, and leaves what the answer is worth to who serves, where strangers are served", async () => {
    await listen({ clients: { authority: authority.file } }, "served");
    const seen: { allowed: boolean; name: string }[] = [];
    server.serve((request, response) => {
      const { allowed, name } = clientAllowed(request.socket as TLSSocket, { names: [], fingerprints: [] });
      seen.push({ allowed, name });
      response.end("served");
    });
    for (const client of [{}, as(foreign), as(known)]) expect(await ask(client)).toBe("served");
    expect(seen).toEqual([
      { allowed: false, name: "" },
      { allowed: false, name: "known" },
      { allowed: true, name: "Poste A" },
    ]);
    expect(refused).toEqual([]);
  });

  it.each([
    ["a version under the minimum", { minimum: "1.3" }, { maxVersion: "TLSv1.2" as const }],
    [
      "TLS 1.1",
      {},
      { minVersion: "TLSv1.1" as const, maxVersion: "TLSv1.1" as const, ciphers: "ALL@SECLEVEL=0" },
    ],
  ])("counts %s as a handshake that failed", async (_, tls, options) => {
    await listen(tls);
    expect(await ask(options)).toMatch(/PROTOCOL_VERSION|closed/);
    await expect.poll(() => refused).toEqual(["tls_handshake"]);
  });

  it("counts what is no TLS as a handshake that failed, and logs a storm of it once", async () => {
    await listen({});
    for (let i = 0; i < 5; i++) {
      const client = connectTcp(server.port, "127.0.0.1");
      client.on("error", () => undefined);
      client.write("<34>Oct 11 22:14:15 pacs-01 su: this is not TLS\n");
      await once(client.resume(), "close");
    }
    await expect.poll(() => refused).toHaveLength(5);
    expect(told.map(({ message }) => message)).toEqual(["TLS handshake failed"]);
  });

  it("renegotiates with nobody", async () => {
    await listen({});
    const client = connect({
      port: server.port,
      ca: authority.ca,
      servername: "localhost",
      maxVersion: "TLSv1.2",
    });
    await once(client, "secureConnect");
    const refusal = await new Promise<string>((resolve) => {
      client.on("error", ({ message }) => resolve(message));
      client.renegotiate({}, (error) => resolve(error?.message ?? "renegotiated"));
    });
    expect(refusal).toMatch(/no.renegotiation/i);
    client.destroy();
  });

  /** The common name that the server shows now. */
  async function shown(ca: Buffer): Promise<string> {
    const client = connect({ port: server.port, ca, servername: "localhost" });
    await once(client, "secureConnect");
    const { CN } = client.getPeerCertificate().subject;
    client.destroy();
    return String(CN);
  }

  it("shows its new certificate once its files are replaced, and keeps the old while they cannot be used", async () => {
    const live = { certificate: join(folder, "live.pem"), key: join(folder, "live.key") };
    copyFileSync(own.files.certificate, live.certificate);
    copyFileSync(own.files.key, live.key);
    await listen(live);
    server.serve((_request, response) => response.end("served"));
    const staying = connect({ port: server.port, ca: authority.ca, servername: "localhost" });
    await once(staying, "secureConnect");
    const next = authority.issue("next", { commonName: "next", dns: ["localhost"] });

    writeFileSync(live.certificate, readFileSync(next.files.certificate).subarray(0, 300));
    await expect.poll(() => told.length, { timeout: 15_000 }).toBe(1);
    expect(told[0]).toMatchObject({ message: "TLS certificate not renewed: the old one stays" });
    expect(await shown(authority.ca)).toBe("localhost");

    for (const part of ["certificate", "key"] as const) {
      copyFileSync(next.files[part], `${live[part]}.new`);
      renameSync(`${live[part]}.new`, live[part]);
    }
    await expect.poll(() => told.at(-1)?.message, { timeout: 15_000 }).toBe("TLS certificate renewed");
    expect(await shown(authority.ca)).toBe("next");
    expect(staying.destroyed).toBe(false);
    staying.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect(String(await once(staying, "data"))).toContain("200 OK");
  }, 40_000);
});
