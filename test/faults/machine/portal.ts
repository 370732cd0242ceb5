import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { sha256Hex } from "../../../agent/core/sha256.ts";
import type { Taken } from "../invariants.ts";

/** What a portal does with the next declarations that come to it. */
export const MOODS = {
  takes: "takes it and says so",
  "hangs before": "reads it, keeps nothing, and says nothing",
  "hangs after": "takes it, and says nothing",
  "resets after": "takes it, and the connection is cut",
  page: "takes it, and answers with a page under a success",
  "cut receipt": "takes it, and its receipt is cut in the middle",
  "no reference": "takes it, and its receipt has no reference",
  endless: "takes it, and its answer never ends",
  "says it twice": "takes it, and answers twice on one connection",
  busy: "takes nothing and says that it is busy",
} as const;
export type Mood = keyof typeof MOODS;

/** A portal over TLS that knows what it took by its key, as its page of states says, whatever it answered. */
export interface Portal {
  port: number;
  mood: Mood;
  /** Every declaration that it took, one taken twice twice. */
  taken: Taken[];
  referenceOf(key: string): string;
  stop(): Promise<void>;
}

const PATIENCE = 30_000;

export async function startPortal(tls: { cert: string; key: string }): Promise<Portal> {
  const taken: Taken[] = [];
  const referenceOf = (key: string) => `P-${sha256Hex(Buffer.from(key)).slice(0, 8)}`;
  const portal: Portal = { ...{ port: 0, mood: "takes", taken, referenceOf }, stop };

  const server = createServer(tls, (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("error", () => undefined);
    request.on("end", () => {
      if (request.method === "POST") take(request, response, Buffer.concat(parts));
      else if (request.method === "GET")
        tell(decodeURIComponent(request.url?.split("/").at(-1) ?? ""), response);
      else response.end();
    });
  });
  server.on("tlsClientError", () => undefined);

  function tell(key: string, response: ServerResponse): void {
    if (taken.some((each) => each.key === key)) response.end(JSON.stringify({ id: referenceOf(key) }));
    else response.writeHead(404).end("{}");
  }

  function take(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const { mood } = portal;
    const key = String(request.headers["idempotency-key"]);
    if (mood === "busy") return void response.writeHead(503).end("maintenance");
    if (mood === "hangs before") return;
    taken.push({ key, sha256: sha256Hex(body) });
    const receipt = JSON.stringify({ id: referenceOf(key), at: "2026-11-15T01:31:00Z" });
    switch (mood) {
      case "hangs after":
        return;
      case "resets after":
        return void request.socket.destroy();
      case "page":
        return void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Erreur interne</h1>");
      case "cut receipt":
        response.writeHead(201, { "content-length": receipt.length });
        return void response.write(receipt.slice(0, 20), () => request.socket.destroy());
      case "no reference":
        return void response.writeHead(201).end('{"statut":"ok"}');
      case "endless":
        drip(response);
        return;
      case "says it twice":
        request.socket.write(`HTTP/1.1 201 Created\r\ncontent-length: ${receipt.length}\r\n\r\n${receipt}`);
        request.socket.write("HTTP/1.1 422 Unprocessable\r\ncontent-length: 2\r\n\r\n{}");
        return;
      default:
        return void response.writeHead(201).end(receipt);
    }
  }

  function drip(response: ServerResponse): void {
    response.writeHead(201, { "content-type": "application/json" });
    const dripping = setInterval(() => response.write(" ".repeat(1000)), 20);
    const end = setTimeout(() => response.destroy(), PATIENCE);
    response.on("close", () => {
      clearInterval(dripping);
      clearTimeout(end);
    });
  }

  function stop(): Promise<void> {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  portal.port = (server.address() as AddressInfo).port;
  return portal;
}
