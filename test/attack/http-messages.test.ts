import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Daemon, eventually, FACILITY, type House, makeHouse, startDaemon } from "../support/daemon.ts";

const LISTENERS = ["people", "intake", "operations"] as const;
type Name = (typeof LISTENERS)[number];

let house: House;
let daemon: Daemon;
beforeAll(async () => {
  house = await makeHouse();
  daemon = await startDaemon(house);
});
afterAll(async () => {
  await daemon?.end("SIGTERM");
  house?.remove();
});

const portOf = (name: Name) =>
  Number(new URL({ people: daemon.people, intake: daemon.alerts, operations: daemon.operations }[name]).port);

/** Sends bytes as they are, and gives all that comes back until the listener closes. */
async function say(name: Name, bytes: string): Promise<string> {
  const socket = connect(portOf(name), "127.0.0.1");
  let said = "";
  socket.setEncoding("latin1").on("data", (chunk) => (said += chunk));
  socket.on("error", () => undefined);
  socket.write(Buffer.from(bytes, "latin1"));
  await once(socket, "close");
  return said;
}
const statusesOf = (said: string) => [...said.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => status);

/** What would be another's request, were it taken for one: it ends the connection, so that its answer would be seen. */
const SMUGGLED = "GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const chunked = `0\r\n\r\n${SMUGGLED}`;
const post = (headers: string, body: string) =>
  `POST /nothing HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n${body}`;

describe.each(LISTENERS)("the listener of %s", (name) => {
  it.each([
    ["a length and chunks", post(`Content-Length: 4\r\nTransfer-Encoding: chunked`, chunked)],
    ["chunks and a length", post(`Transfer-Encoding: chunked\r\nContent-Length: ${chunked.length}`, chunked)],
    ["two lengths that differ", post(`Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}`, SMUGGLED)],
    ["two lengths in one", post(`Content-Length: 0, ${SMUGGLED.length}`, SMUGGLED)],
    ["a length with a sign", post("Content-Length: +0", SMUGGLED)],
    ["a length below nothing", post("Content-Length: -1", SMUGGLED)],
    ["a length that is no number", post("Content-Length: 0x0", SMUGGLED)],
    ["a blank before the colon", post("Content-Length : 0\r\nContent-Length: 5", SMUGGLED)],
    ["a coding that is not the last", post("Transfer-Encoding: chunked, identity", chunked)],
    ["a coding spelt with a mark", post("Transfer-Encoding: \x0bchunked", chunked)],
    ["a coding that nobody knows", post("Transfer-Encoding: xchunked", chunked)],
    [
      "a header that goes on in another line",
      post("X: a\r\n Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n chunked", chunked),
    ],
    ["a line that ends with LF alone", `POST /nothing HTTP/1.1\nHost: x\nContent-Length: 0\n\n${SMUGGLED}`],
    ["a header that holds CR", post("X: a\rTransfer-Encoding: chunked", chunked)],
    ["a header that holds NUL", post("X: a\0b\r\nContent-Length: 0", SMUGGLED)],
    ["a chunk of no size", post("Transfer-Encoding: chunked", `\r\n\r\n${SMUGGLED}`)],
    [
      "a chunk larger than numbers are",
      post("Transfer-Encoding: chunked", `${"f".repeat(40)}\r\n${SMUGGLED}`),
    ],
    ["a chunk that is longer than it says", post("Transfer-Encoding: chunked", `1\r\nab\r\n${chunked}`)],
    ["an extension that ends with LF", post("Transfer-Encoding: chunked", `1;a\nb\r\nc\r\n${chunked}`)],
    ["no host", `GET /nothing HTTP/1.1\r\n\r\n${SMUGGLED}`],
    ["a version that is none", `GET /nothing HTTP/9.9\r\nHost: x\r\n\r\n${SMUGGLED}`],
    ["no version", `GET /nothing\r\n\r\n${SMUGGLED}`],
    ["a blank in its path", `GET /noth ing HTTP/1.1\r\nHost: x\r\n\r\n${SMUGGLED}`],
    ["another protocol", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${SMUGGLED}`],
  ])("takes no second request out of one with %s", async (_what, bytes) => {
    const said = await say(name, bytes);
    // One answer, and the listener ended the connection: what follows was never read as a request.
    expect(statusesOf(said)).toEqual([expect.stringMatching(/^(400|404|405)$/)]);
    expect(said).not.toContain('"status":"alive"');
  });

  it("reads the body of a request as its body, though it looks like another", async () => {
    const held = post(`Content-Length: ${SMUGGLED.length}\r\nConnection: close`, SMUGGLED);
    const statuses = statusesOf(await say(name, held));
    expect(statuses).toHaveLength(1);
    expect(Number(statuses[0])).toBeGreaterThanOrEqual(400);
  });

  it("refuses more headers than anybody needs", async () => {
    const long = `GET /nothing HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(40_000)}\r\n\r\n`;
    expect(statusesOf(await say(name, long))).toEqual(["431"]);
    const many = `GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${"X: a\r\n".repeat(5000)}\r\n`;
    expect(statusesOf(await say(name, many))).toEqual([expect.stringMatching(/^4/)]);
  });

  it("is asked for no other place by a whole address, and upgrades nothing", async () => {
    const proxied = `GET http://198.51.100.1/readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const [status] = statusesOf(await say(name, proxied));
    expect(["200", "303", "404", "405"]).toContain(status);
    const tunnel = await say(name, "CONNECT 198.51.100.1:25 HTTP/1.1\r\nHost: 198.51.100.1:25\r\n\r\n");
    expect(statusesOf(tunnel).filter((each) => each === "200")).toEqual([]);
    const upgrade =
      "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n";
    expect(statusesOf(await say(name, upgrade))).not.toContain("101");
  });

  it("echoes no TRACE", async () => {
    const said = await say(
      name,
      "TRACE /nothing HTTP/1.1\r\nHost: x\r\nX-Mark: traced\r\nConnection: close\r\n\r\n",
    );
    expect(statusesOf(said)).toEqual([expect.stringMatching(/^40[45]$/)]);
    expect(said).not.toContain("traced");
  });
});

describe("what strangers send", () => {
  const HOSTILE = `%0d%0a{"level":"error","message":"forged"}%1b]0;x%07${"\\u202e"}`;

  it("is one line of the log each time, that they do not write", async () => {
    const before = daemon.log.length;
    const headers = `X-Request-Id: a"},{"message":"forged"\r\nUser-Agent: \x1b[2J\xe2\x80\xae\r\nConnection: close`;
    for (const name of LISTENERS)
      for (const path of [
        `/${HOSTILE}`,
        `/${FACILITY}/connexion?suite=${HOSTILE}`,
        `/api/v1/alerts/${HOSTILE}`,
      ])
        await say(name, `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\nContent-Length: 0\r\n\r\n`);
    const socket = connect(daemon.tcp, "127.0.0.1");
    socket.end(`<13>1 - h\x1b[2J - - - - \r{"level":"error","message":"forged"}\x00\x85\n`);
    await once(socket, "close");
    await eventually("the record heard", async () =>
      /^tocsin_intake_records_received_total\{.*source="lines".*\} [1-9]/m.test(
        await (await fetch(`${daemon.operations}/metrics`)).text(),
      )
        ? true
        : undefined,
    );
    const told = daemon.log.slice(before);
    expect(told.filter(({ message, level }) => level === undefined || message === "forged")).toEqual([]);
    expect(JSON.stringify(told)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it("leaves the daemon as ready as it was", async () => {
    const ready = await fetch(`${daemon.operations}/readyz`);
    expect(await ready.json()).toMatchObject({ status: "ready" });
    expect(daemon.log.filter(({ level }) => level === "error")).toEqual([]);
  });
});
