import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** A real HTTP server on the loopback that answers as told and remembers what it was asked; with `tls`, on localhost. */
export async function gatewayServer(
  answer: (asked: Asked, response: ServerResponse) => void = (_, response) => response.end("OK"),
  tls?: ServerOptions,
): Promise<{ url: string; asked: Asked[]; close(): void }> {
  const asked: Asked[] = [];
  const listen: RequestListener = (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      const one = { method, path, headers, body: Buffer.concat(parts).toString("utf8") };
      asked.push(one);
      answer(one, response);
    });
  };
  const server = tls === undefined ? createServer(listen) : createTlsServer(tls, listen);
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const { port } = server.address() as AddressInfo;
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
