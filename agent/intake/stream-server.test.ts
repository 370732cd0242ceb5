import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ServerTls } from "../../config/source.ts";
import { type Authority, type Issued, makeAuthority, openssl } from "../../test/support/authority.ts";
import { describePeer } from "../../test/support/peer.ts";
import { steppingClock } from "../../test/support/store-samples.ts";
import { intakeMetrics } from "./metrics.ts";
import type { TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";
import { listenTcp } from "./tcp.ts";

/** Sends the same lines for as long as it lives, as fast as the other side reads. */
const FLOOD = `
const socket = require("node:net").connect(Number(process.argv[1]), "127.0.0.1");
const lines = Buffer.from("<34>Oct 11 22:14:15 pacs-01 su: flood\\n".repeat(2000));
const go = () => { while (socket.write(lines)); };
socket.on("connect", go).on("drain", go).on("error", () => process.exit());`;

type Over = Partial<Omit<Parameters<typeof listenTcp>[0], "source">>;

/** A listener of lines, and what came of them. */
async function listen(over: Over = {}) {
  const metrics = intakeMetrics();
  const lines: { text: string; peer: string | undefined }[] = [];
  let flood = 0;
  const faults: string[] = [];
  const warned: string[] = [];
  const listener = await listenTcp({
    address: "127.0.0.1",
    port: 0,
    connections: 100,
    idleSeconds: 60,
    recordBytes: 65536,
    metrics,
    clock: steppingClock(),
    where: "sources.0.listen.0",
    log: { info: () => undefined, warn: (message) => void warned.push(message) },
    ...over,
    source: { id: "lines", zone: "UTC" } as TextSource,
    lines: () => ({
      line(_source, bytes, _cut, peer) {
        const text = Buffer.from(bytes).toString();
        if (text.endsWith("flood")) flood++;
        else lines.push({ text, peer });
      },
      full: () => false,
      watch: () => () => undefined,
      room: async () => undefined,
      settled: async () => undefined,
      read: () => undefined,
      skim: (_source, _bytes, { start }) => ({ at: start, lines: 0 }),
    }),
    taker: { quarantine: (_source, code) => void faults.push(code) } as Partial<Taker> as Taker,
  });
  /** The values of one metric, by the label that tells them apart. */
  const values = async (name: "refused" | "connections" | "bytes") =>
    Object.fromEntries(
      (await metrics[name].get()).values.map(({ labels, value }) => [Object.values(labels).at(-1), value]),
    );
  return { listener, lines, faults, warned, values, flooded: () => flood };
}

describe("listenStream", () => {
  let here: Awaited<ReturnType<typeof listen>>;
  const clients: Socket[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await here.listener.stop();
  });
  async function client(localAddress = "127.0.0.1"): Promise<Socket> {
    const socket = connect({ port: here.listener.port, host: "127.0.0.1", localAddress });
    socket.on("error", () => undefined);
    clients.push(socket);
    await once(socket, "connect");
    return socket.resume();
  }

  it("keeps a place for another address when one has taken them all", async () => {
    here = await listen({ connections: 3 });
    const greedy = [await client(), await client(), await client()];
    await expect.poll(() => here.values("connections")).toEqual({ lines: 3 });
    const gone = once(greedy[0] as Socket, "close");
    const other = await client("127.0.0.2");
    await gone;
    const fourth = await client();
    await once(fourth, "close");
    other.write("<34>Oct 11 22:14:15 pacs-01 su: heard\n");
    await expect
      .poll(() => here.lines)
      .toEqual([{ text: expect.stringContaining("heard"), peer: "127.0.0.2" }]);
    expect(await here.values("connections")).toEqual({ lines: 3 });
    expect(await here.values("refused")).toEqual({ too_many_connections: 2 });
    expect(here.warned).toEqual(["connection closed: there are too many"]);
  });

  it("hears the lines of one connection while another floods it", async () => {
    here = await listen();
    const flooder: ChildProcess = spawn(process.execPath, ["-e", FLOOD, String(here.listener.port)]);
    try {
      await expect.poll(here.flooded, { timeout: 10_000 }).toBeGreaterThan(100_000);
      const quiet = await client();
      for (let i = 1; i <= 10; i++) {
        const before = here.flooded();
        quiet.write(`<34>Oct 11 22:14:15 pacs-01 su: line ${i}\n`);
        await expect.poll(() => here.lines.length, { timeout: 10_000, interval: 1 }).toBe(i);
        // While the flood goes on: it is not its end that was waited for.
        await expect.poll(here.flooded, { timeout: 10_000 }).toBeGreaterThan(before);
      }
    } finally {
      flooder.kill("SIGKILL");
      await once(flooder, "exit");
    }
  }, 60_000);

  it("hears another connection while one sends a record drop by drop, and bounds that record", async () => {
    here = await listen({ recordBytes: 1024 });
    const slow = await client();
    const quiet = await client();
    for (let i = 0; i < 3000; i++) slow.write("x");
    quiet.write("<34>Oct 11 22:14:15 pacs-01 su: heard\n");
    await expect.poll(() => here.lines.map(({ text }) => text.slice(-5))).toContain("heard");
    await expect.poll(async () => (await here.values("bytes")).tcp).toBeGreaterThan(3000);
    expect(here.lines.map(({ text }) => text.length).sort()).toEqual([1024, 37]);
    expect(here.faults).toEqual(["record_too_long"]);
  });
});

describePeer(openssl, "listenStream with TLS", () => {
  let folder: string;
  let authority: Authority;
  let own: Issued;
  let known: Issued;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-stream-"));
    authority = makeAuthority(folder);
    own = authority.issue("server", { commonName: "localhost", dns: ["localhost"] });
    known = authority.issue("known", { dns: ["a.example.org"] });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  let here: Awaited<ReturnType<typeof listen>>;
  const clients: (Socket | TLSSocket)[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await here.listener.stop();
  });
  const start = async (tls: object, over: Over = {}) => {
    here = await listen({ ...over, tls: ServerTls.parse({ ...own.files, ...tls }) });
  };
  function client(who?: Issued, maxVersion: "TLSv1.2" | "TLSv1.3" = "TLSv1.3"): TLSSocket {
    const own = who && { cert: readFileSync(who.files.certificate), key: readFileSync(who.files.key) };
    const server = { port: here.listener.port, ca: authority.ca, servername: "localhost" };
    const socket = connectTls({ ...server, ...own, maxVersion });
    socket.on("error", () => undefined);
    clients.push(socket);
    return socket.resume();
  }

  it("reads octet counted and newline framed records, and ends an orderly end", async () => {
    await start({});
    const socket = client();
    await once(socket, "secureConnect");
    socket.write("10 <34>1 - ab<34>1 - cd\n");
    await expect.poll(() => here.lines.map(({ text }) => text)).toEqual(["<34>1 - ab", "<34>1 - cd"]);
    expect((await here.values("bytes")).tls).toBe(24);
    socket.end("10 <34>1 - ef");
    await once(socket, "close");
    expect(here.lines).toHaveLength(3);
    expect(here.faults).toEqual([]);
    await expect.poll(() => here.values("connections")).toEqual({ lines: 0 });
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "says nothing between handshake and end to a client that only sends (%s)",
    async (maxVersion) => {
      await start({});
      const socket = client(undefined, maxVersion);
      let tickets = 0;
      socket.on("session", () => tickets++);
      await once(socket, "secureConnect");
      // Those of TLS 1.2 are part of its handshake.
      tickets = 0;
      const heard = socket.bytesRead;
      socket.write("<34>1 - ab\n");
      await expect.poll(() => here.lines).toHaveLength(1);
      expect([socket.getProtocol(), tickets, socket.bytesRead - heard]).toEqual([maxVersion, 0, 0]);
      socket.end();
      await once(socket, "close");
      expect(tickets).toBe(maxVersion === "TLSv1.3" ? 2 : 0);
    },
  );

  it("tells a client without a certificate, in the handshake, that it must have one", async () => {
    await start({ clients: { authority: authority.file } });
    const [error] = await once(client(), "error");
    expect(error).toMatchObject({ code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" });
  });

  it("has the record that a client had begun kept and counted when it is reset", async () => {
    await start({});
    const below = connect(here.listener.port, "127.0.0.1");
    const socket = connectTls({ socket: below, ca: authority.ca, servername: "localhost" });
    clients.push(socket, below);
    for (const each of [socket, below]) each.on("error", () => undefined);
    socket.write("<34>1 - whole\n<34>1 - begun");
    await expect.poll(() => here.lines).toHaveLength(1);
    below.resetAndDestroy();
    await expect.poll(() => here.faults).toEqual(["connection_lost"]);
  });

  it("takes nothing from a client that it refuses, and serves the one that it knows", async () => {
    await start({ clients: { authority: authority.file, names: ["*.example.org"] } });
    for (const stranger of [client(own), client()]) {
      stranger.write("<34>1 - from a stranger\n");
      await new Promise((closed) => stranger.on("close", closed));
    }
    client(known).write("<34>1 - known\n");
    await expect.poll(() => here.lines).toEqual([{ text: "<34>1 - known", peer: "127.0.0.1" }]);
    expect(await here.values("refused")).toEqual({ tls_client_refused: 2 });
    expect(here.warned).toEqual(["TLS client refused"]);
  });

  it("closes a handshake that is not done in time, or is none", async () => {
    await start({}, { idleSeconds: 1 });
    const slow = connect(here.listener.port, "127.0.0.1").resume();
    const plain = connect(here.listener.port, "127.0.0.1").resume();
    clients.push(slow, plain);
    for (const socket of [slow, plain]) socket.on("error", () => undefined);
    plain.write("<34>Oct 11 22:14:15 pacs-01 su: not TLS\n");
    await once(plain, "close");
    await once(slow, "close");
    await expect.poll(() => here.values("refused")).toEqual({ tls_handshake: 2 });
    await expect.poll(() => here.values("connections")).toEqual({ lines: 0 });
  });

  it("stops with connections open, in a handshake and served", async () => {
    await start({});
    const slow = connect(here.listener.port, "127.0.0.1").resume();
    slow.on("error", () => undefined);
    const served = client();
    clients.push(slow);
    await once(served, "secureConnect");
    await expect.poll(() => here.values("connections")).toEqual({ lines: 2 });
    const closed = Promise.all([once(slow, "close"), once(served, "close")]);
    await here.listener.stop();
    await closed;
    here = await listen();
  });

  it("refuses to open with a key that is not its own", async () => {
    here = await listen();
    const tls = ServerTls.parse({ ...own.files, key: known.files.key });
    await expect(listen({ tls })).rejects.toThrow(/key values mismatch/i);
  });
});
