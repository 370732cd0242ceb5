import { X509Certificate } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Instant } from "../core/clock.ts";
import { http, https } from "../core/node-http.ts";
import { signatureHeaders } from "../intake/signature.ts";
import { CANARY_ADDRESS } from "./mark.ts";
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
  const socket = createSocket({ type: "udp4", signal });
  try {
    const failed = once(socket, "error").then(([error]) => Promise.reject(error));
    failed.catch(() => undefined);
    socket.bind(0, CANARY_ADDRESS);
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
async function sendRelp(way: Way, { text, signal }: Given): Promise<void> {
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
    await ask(1, "open", "relp_version=0\nrelp_software=tocsin\ncommands=syslog");
    await ask(2, "syslog", text);
    // Told in advance, lest the session be remembered as one that was lost.
    socket.write("3 close 0\n");
    while (!over) await news();
  } finally {
    socket.destroy();
  }
}

async function post(way: Way, { text, id, now, signal }: Given): Promise<void> {
  const { host, port, certificate, token, signature, source } = way;
  const body = Buffer.from(text);
  const secure = certificate === undefined ? undefined : await trusting(certificate);
  const request = (secure === undefined ? http : https).request({
    ...{ host, port, signal, ...secure, method: "POST", agent: false, localAddress: CANARY_ADDRESS },
    path: `/api/v1/alerts/${source}`,
    headers: {
      "content-type": /^[[{]/.test(text) ? "application/json" : "text/plain",
      "content-length": body.length,
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
async function open({ host, port, certificate }: Way, signal: AbortSignal): Promise<Socket> {
  const where = { host, port, localAddress: CANARY_ADDRESS };
  const socket =
    certificate === undefined ? connect(where) : connectTls({ ...where, ...(await trusting(certificate)) });
  // What goes wrong later is told by the end of the connection.
  socket.on("error", () => undefined);
  try {
    await once(socket, certificate === undefined ? "connect" : "secureConnect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Trusts the one certificate that the listener is configured with, while it is valid, whatever name it has. */
async function trusting(file: string): Promise<ConnectionOptions> {
  const pem = await readFile(file);
  const { fingerprint256 } = new X509Certificate(pem);
  return {
    ca: pem,
    allowPartialTrustChain: true,
    rejectUnauthorized: true,
    checkServerIdentity: (_host, shown) =>
      shown.fingerprint256 === fingerprint256
        ? undefined
        : new Error("the listener shows another certificate than that of its file"),
  };
}
