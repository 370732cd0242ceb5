import { spawn } from "node:child_process";
import type { lookup } from "node:dns";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Authority, makeAuthority, openssl } from "../../../test/support/authority.ts";
import { gatewayServer } from "../../../test/support/gateway-server.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { callOut, type OutgoingCall } from "./call-out.ts";
import { networksOf } from "./may-reach.ts";
import { ANYWHERE, type EgressPolicy } from "./policy.ts";

const LOOPBACK = networksOf(["127.0.0.0/8", "::1"]);
const PUBLIC_ONLY: EgressPolicy = { origins: "any", networks: networksOf([]) };
const INSIDE: EgressPolicy = { origins: "any", networks: LOOPBACK };

function callOf(url: string, more: Partial<OutgoingCall> = {}): OutgoingCall {
  return {
    method: "POST",
    url,
    headers: {},
    body: Buffer.from("{}"),
    limits: { connectSeconds: 5, answerSeconds: 5, answerBytes: 10_000 },
    signal: new AbortController().signal,
    ...more,
  };
}

/** A resolver that answers each question with the next of these addresses. */
function resolver(...answers: string[][]): typeof lookup {
  const resolve = (_: string, __: unknown, callback: (error: null, found: object[]) => void) =>
    callback(
      null,
      (answers.shift() ?? []).map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    );
  return resolve as unknown as typeof lookup;
}

let gateway: Awaited<ReturnType<typeof gatewayServer>> | undefined;
let raw: Server | undefined;
afterEach(() => {
  gateway?.close();
  raw?.close();
  gateway = raw = undefined;
  vi.unstubAllEnvs();
});

async function rawServer(serve: (socket: Socket) => void): Promise<string> {
  raw = createServer((socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  raw.listen(0, "127.0.0.1");
  await once(raw, "listening");
  return `127.0.0.1:${(raw.address() as AddressInfo).port}`;
}

describe("where a call may go", () => {
  it.each([
    ["an address", (port: string) => `http://127.0.0.1:${port}/`],
    ["a name", (port: string) => `http://localhost:${port}/`],
    ["a decimal number", (port: string) => `http://2130706433:${port}/`],
    ["octal digits", (port: string) => `http://0177.0.0.1:${port}/`],
    ["hexadecimal digits", (port: string) => `http://0x7f.1:${port}/`],
    ["a short form", (port: string) => `http://127.1:${port}/`],
    ["digits in circles", (port: string) => `http://①②⑦.0.0.1:${port}/`],
    ["an IPv4-mapped IPv6 address", (port: string) => `http://[::ffff:127.0.0.1]:${port}/`],
    ["its hexadecimal form", (port: string) => `http://[0:0:0:0:0:ffff:7f00:1]:${port}/`],
    ["zero", (port: string) => `http://0:${port}/`],
  ])("is not the loopback, written as %s", async (_, urlOf) => {
    gateway = await gatewayServer();
    const { failed } = await callOut(callOf(urlOf(new URL(gateway.url).port)), PUBLIC_ONLY);
    expect(failed).toMatchObject({
      code: "EGRESS_ADDRESS",
      left: false,
      because: expect.stringMatching(/mène à une adresse qui n'est pas publique \(.+\)/),
    });
    expect(gateway.asked).toEqual([]);
  });

  it("is the loopback once its network is opened", async () => {
    gateway = await gatewayServer();
    expect(await callOut(callOf(gateway.url), INSIDE)).toMatchObject({
      status: 200,
      body: Buffer.from("OK"),
    });
  });

  it.each([
    ["another host", "http://127.0.0.2:80"],
    ["another port", "http://127.0.0.1:1"],
    ["another scheme", "https://127.0.0.1"],
  ])("is no origin but those listed: not %s", async (_, url) => {
    gateway = await gatewayServer();
    const policy = { origins: new Set([new URL(gateway.url).origin]), networks: LOOPBACK };
    expect(await callOut(callOf(gateway.url), policy)).toMatchObject({ status: 200 });
    expect(await callOut(callOf(url), policy)).toMatchObject({
      failed: { code: "EGRESS_ORIGIN", left: false },
    });
  });

  it("judges each address to which it connects: a name that answers otherwise the second time leads nowhere", async () => {
    gateway = await gatewayServer();
    const { port } = new URL(gateway.url);
    const resolve = resolver(["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1", "::1"]);
    const ask = () =>
      callOut(
        callOf(`http://rebind.example:${port}/`),
        { ...INSIDE, networks: networksOf(["127.0.0.1"]) },
        resolve,
      );
    expect(await ask()).toMatchObject({ status: 200 });
    expect(await ask()).toMatchObject({ failed: { code: "EGRESS_ADDRESS", left: false } });
    expect(await ask()).toMatchObject({ failed: { because: expect.stringContaining("(10.0.0.1, ::1)") } });
    expect(gateway.asked).toHaveLength(1);
  });

  it("connects to the open ones of several addresses only", async () => {
    gateway = await gatewayServer();
    const { port } = new URL(gateway.url);
    const resolve = resolver(["10.0.0.1", "127.0.0.1", "::ffff:10.0.0.1"]);
    const answer = await callOut(callOf(`http://mixed.example:${port}/`), INSIDE, resolve);
    expect(answer).toMatchObject({ status: 200 });
  });

  it("takes no proxy from the environment", async () => {
    gateway = await gatewayServer();
    for (const name of ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
      vi.stubEnv(name, "http://127.0.0.1:1");
    vi.stubEnv("no_proxy", "");
    expect(await callOut(callOf(gateway.url), INSIDE)).toMatchObject({ status: 200 });
  });

  it.each([301, 302, 303, 307, 308])(
    "follows no redirect %i, to the same host or another",
    async (status) => {
      gateway = await gatewayServer((_, response) =>
        response.writeHead(status, { location: "/elsewhere" }).end(),
      );
      expect(await callOut(callOf(gateway.url), INSIDE)).toMatchObject({ status });
      expect(gateway.asked.map(({ path }) => path)).toEqual(["/"]);
    },
  );
});

describe("what comes back", () => {
  const limits = { connectSeconds: 1, answerSeconds: 1, answerBytes: 1000 };
  it.each<[string, (socket: Socket) => void, object]>([
    [
      "an answer that is too long is cut",
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${"x".repeat(5000)}`),
      { status: 200, body: Buffer.alloc(1000, "x"), flaw: { code: "TOO_LARGE", left: true } },
    ],
    [
      "one without an end too",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        const more = () => socket.writable && socket.write("x".repeat(10_000), more);
        more();
      },
      { status: 200, flaw: { code: "TOO_LARGE" } },
    ],
    [
      "one that stops midway is told",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}"),
      { status: 200, body: Buffer.from("{}"), flaw: { code: "ECONNRESET" } },
    ],
    [
      "one that is no HTTP is told",
      (socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"),
      { failed: { code: expect.stringMatching(/^HPE_/), left: true } },
    ],
    [
      "garbage for gzip is told",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
      { status: 200, flaw: { code: "Z_DATA_ERROR", because: expect.stringContaining("mal compressée") } },
    ],
    [
      "a small answer that unpacks to a large one is cut",
      (socket) => {
        const packed = gzipSync(Buffer.alloc(5_000_000));
        socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`);
        socket.end(packed);
      },
      { status: 200, flaw: { code: "TOO_LARGE" } },
    ],
    [
      "silence ends in time",
      () => undefined,
      { failed: { code: "TOO_SLOW", left: true, because: expect.stringContaining("en 1 s") } },
    ],
    [
      "so does an answer that drips",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
        const drip = setInterval(() => socket.write("x"), 50);
        socket.on("close", () => clearInterval(drip));
      },
      { status: 200, flaw: { code: "TOO_SLOW" } },
    ],
    [
      "headers without an end are too many",
      (socket) => socket.write(`HTTP/1.1 200 OK\r\n${"X-A: b\r\n".repeat(10_000)}`),
      { failed: { code: "HPE_HEADER_OVERFLOW", left: true } },
    ],
  ])("%s", async (_, serve, expected) => {
    const place = await rawServer((socket) => socket.once("data", () => serve(socket)));
    expect(await callOut(callOf(`http://${place}/`, { limits }), INSIDE)).toMatchObject(expected);
  });

  it("knows that nothing left when nobody listens", async () => {
    const place = await rawServer(() => undefined);
    raw?.close();
    expect(await callOut(callOf(`http://${place}/`), INSIDE)).toMatchObject({
      failed: { code: "ECONNREFUSED", left: false },
    });
  });

  it.each([
    ["closes", (socket: Socket) => socket.destroy(), "ECONNRESET"],
    ["never shakes hands", () => undefined, "TOO_SLOW"],
  ])("knows that nothing left when the other side %s before TLS stands", async (_, serve, code) => {
    const place = await rawServer(serve);
    const { failed } = await callOut(callOf(`https://${place}/`, { limits }), INSIDE);
    expect(failed).toMatchObject({ code, left: false });
  });

  it.each([
    ["before it begins", 0],
    ["while it waits", 20],
  ])("ends when its caller stops %s", async (_, after) => {
    const place = await rawServer(() => undefined);
    const stopping = new AbortController();
    if (after === 0) stopping.abort();
    else raw?.once("connection", () => stopping.abort());
    const { failed } = await callOut(callOf(`http://${place}/`, { signal: stopping.signal }), INSIDE);
    expect(failed).toMatchObject({ code: "STOPPED" });
  });

  it("never rejects, even at an address that is none", async () => {
    expect(await callOut(callOf("nowhere"), ANYWHERE)).toMatchObject({ failed: { left: false } });
  });
});

describePeer(openssl, "certificates", () => {
  let folder: string;
  let authority: Authority;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-egress-"));
    authority = makeAuthority(join(folder, "authority"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const serve = async (name: string, options: { dns: string[]; days?: number }) => {
    const { files } = authority.issue(name, options);
    gateway = await gatewayServer(undefined, {
      key: readFileSync(files.key),
      cert: readFileSync(files.certificate),
    });
    return gateway;
  };
  const trusting = (url: string) =>
    callOut(callOf(url, { tls: { authority: String(authority.ca) } }), INSIDE);

  it("are accepted when an own authority signed them", async () => {
    expect(await trusting((await serve("good", { dns: ["localhost"] })).url)).toMatchObject({ status: 200 });
  });

  it.each([
    ["expired", { dns: ["localhost"], days: -1 }, "CERT_HAS_EXPIRED", "a expiré"],
    [
      "another host's",
      { dns: ["other.example"] },
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "est celui d'un autre serveur",
    ],
  ])("are refused before anything leaves when they are %s", async (name, options, code, words) => {
    const { url, asked } = await serve(name.replace(/\W/g, ""), options);
    expect(await trusting(url)).toEqual({
      failed: { code, left: false, because: `le certificat de ${new URL(url).host} ${words} (${code})` },
    });
    expect(asked).toEqual([]);
  });

  it.each([
    ["none", () => undefined],
    ["one of another authority", () => makeAuthority(join(folder, "strange")).issue("client").files],
    ["one that has expired", () => authority.issue("late-client", { days: -1 }).files],
  ])(
    "of ours: nothing was read when the other side turns away %s, though TLS 1.3 stood",
    async (_, filesOf) => {
      const { files } = authority.issue("strict", { dns: ["localhost"] });
      const demand = ["-Verify", "1", "-verify_return_error", "-CAfile", authority.file, "-tls1_3", "-www"];
      const pair = ["-cert", files.certificate, "-key", files.key];
      const server = spawn("openssl", ["s_server", "-accept", "127.0.0.1:0", ...pair, ...demand]);
      const listening = /ACCEPT 127\.0\.0\.1:(\d+)/;
      let said = "";
      for await (const part of server.stdout) {
        said += part;
        if (listening.test(said)) break;
      }
      const own = filesOf();
      const answer = await callOut(
        callOf(`https://localhost:${listening.exec(said)?.[1]}/`, {
          tls: {
            authority: String(authority.ca),
            ...(own && {
              certificate: readFileSync(own.certificate, "utf8"),
              key: readFileSync(own.key, "utf8"),
            }),
          },
        }),
        INSIDE,
      );
      server.kill();
      expect(answer).toMatchObject({
        failed: { left: false, because: expect.stringContaining("refuse notre certificat") },
      });
    },
  );

  it("are refused when nobody known signed them, whatever the environment says", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const { url, asked } = await serve("unknown", { dns: ["localhost"] });
    const { failed } = await callOut(callOf(url), INSIDE);
    expect(failed).toMatchObject({ left: false, because: expect.stringContaining("aucune autorité connue") });
    expect(asked).toEqual([]);
  });
});
