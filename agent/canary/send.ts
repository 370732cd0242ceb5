import { X509Certificate } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { connect, isIPv6, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Instant } from "../core/clock.ts";
import { http, https } from "../core/node-http.ts";
import { signatureHeaders } from "../intake/signature.ts";
import { CANARY_ADDRESS, CANARY_ADDRESS_6 } from "./mark.ts";
import type { Way } from "./ways.ts";

/** What is sent, and until when it may take. */
interface Given {
  text: string;
  /** Tells this sending from all others. */
  id: string;
  now: Instant;
  signal: AbortSignal;
}

/** Bytes of an answer that are read. */
const LONGEST_ANSWER = 64 * 1024;

/** Sends one record through a way in, as its senders do; rejects with why it was not taken, as far as the way tells. */
export function sendBy(way: Way, given: Given): Promise<void> {
  switch (way.transport) {
    case "udp":
      return sendUdp(way, given);
    case "tcp":
    case "tls":
      return sendTcp(way, given);
    case "relp":
      return sendRelp(way, given);
    case "http":
      return post(way, given);
  }
}

async function sendUdp({ host, port }: Way, { text, signal }: Given): Promise<void> {
  const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", signal });
  try {
    const failed = once(socket, "error").then(([error]) => Promise.reject(error));
    failed.catch(() => undefined);
    socket.bind(0, addressFor(host));
    await Promise.race([once(socket, "listening", { signal }), failed]);
    await new Promise<void>((sent, refused) =>
      socket.send(text, port, host, (error) => (error === null ? sent() : refused(error))),
    );
  } finally {
    if (!signal.aborted) socket.close();
  }
}

async function sendTcp(way: Way, { text, signal }: Given): Promise<void> {
  const socket = await open(way, signal);
  try {
    // Counted octets (RFC 6587, RFC 5425): a record may begin with a digit.
    socket.end(`${Buffer.byteLength(text)} ${text}`);
    socket.resume();
    await once(socket, "close", { signal });
  } finally {
    socket.destroy();
  }
}

/** One session: `open`, one `syslog`, `close`, each answered before the next is sent. */
async function sendRelp(way: Way, { text, id, signal }: Given): Promise<void> {
  const socket = await open(way, signal);
  let said = "";
  let over = false;
  const news = () => Promise.race([once(socket, "data", { signal }), once(socket, "close", { signal })]);
  socket.on("data", (chunk) => {
    said = `${said}${chunk}`.slice(-LONGEST_ANSWER);
  });
  socket.on("close", () => {
    over = true;
  });
  async function ask(number: number, command: string, data: string): Promise<void> {
    socket.write(`${number} ${command} ${Buffer.byteLength(data)} ${data}\n`);
    const answer = new RegExp(`(?:^|\\n)${number} rsp \\d+ (\\d{3})`);
    for (;;) {
      const code = answer.exec(said)?.[1];
      if (code === "200") return;
      if (code !== undefined) throw new Error(`${command} was answered ${code}`);
      if (over) throw new Error(`the connection was closed before ${command} was answered`);
      await news();
    }
  }
  try {
    await ask(1, "open", `relp_version=0\nrelp_software=${id}\ncommands=syslog`);
    await ask(2, "syslog", text);
    // Told in advance, lest the session be remembered as one that was lost.
    socket.write("3 close 0\n");
    while (!over) await news();
  } finally {
    socket.destroy();
  }
}

async function post(way: Way, { text, id, now, signal }: Given): Promise<void> {
  const { host, port, token, signature, source } = way;
  const body = Buffer.from(text);
  const secure = await secureBy(way);
  const request = (secure === undefined ? http : https).request({
    ...{ host, port, signal, ...secure, method: "POST", agent: false, localAddress: addressFor(host) },
    path: `/api/v1/alerts/${source}`,
    headers: {
      "content-type": /^[[{]/.test(text) ? "application/json" : "text/plain",
      "content-length": body.length,
      "user-agent": id,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(signature === undefined ? {} : signatureHeaders(signature, { body, id, now })),
    },
  });
  // After the answer, or its absence, nothing more is to be learnt.
  request.on("error", () => undefined);
  // Before the head is sent: whoever answers without our certificate never sees the token.
  request.end(body);
  const [response] = (await once(request, "response", { signal })) as [IncomingMessage];
  let answer = "";
  for await (const chunk of response) answer = `${answer}${chunk}`.slice(0, LONGEST_ANSWER);
  if (response.statusCode !== 202) throw new Error(`HTTP ${response.statusCode}: ${answer.slice(0, 200)}`);
}

/** Connects from the canary's address, through TLS where the way has it. */
async function open(way: Way, signal: AbortSignal): Promise<Socket> {
  const { host, port } = way;
  const where = { host, port, localAddress: addressFor(host) };
  const secure = await secureBy(way);
  const socket = secure === undefined ? connect(where) : connectTls({ ...where, ...secure });
  // What goes wrong later is told by the end of the connection.
  socket.on("error", () => undefined);
  try {
    await once(socket, secure === undefined ? "connect" : "secureConnect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

const addressFor = (host: string) => (isIPv6(host) ? CANARY_ADDRESS_6 : CANARY_ADDRESS);

/**
 * Trusts the one certificate that the listener is configured with, while it is valid, whatever name it has, and shows
 * the canary's own where one is asked for; undefined without TLS.
 */
async function secureBy({ certificate, client }: Way): Promise<ConnectionOptions | undefined> {
  if (certificate === undefined) return undefined;
  const pem = await readFile(certificate);
  const { fingerprint256 } = new X509Certificate(pem);
  // Read at each flight: what was renewed is shown at once.
  const own = client && { cert: await readFile(client.certificate), key: await readFile(client.key) };
  return {
    ...own,
    ca: pem,
    allowPartialTrustChain: true,
    rejectUnauthorized: true,
    checkServerIdentity: (_host, shown) =>
      shown.fingerprint256 === fingerprint256
        ? undefined
        : new Error("the listener shows another certificate than that of its file"),
  };
}
