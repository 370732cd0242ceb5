import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { messageOf, TocsinError } from "./core/errors.ts";

/** Where to listen; certificate and key in PEM. */
export interface HttpAddress {
  address: string;
  port: number;
  tls?: { cert: string; key: string } | undefined;
}

export interface HttpServer {
  /** `http://127.0.0.1:8470`: where it listens. */
  url: string;
  /** The port it was given, or the free one it took for 0. */
  port: number;
  serve(app: RequestListener): void;
  /** Lets requests under way finish, for 5 s at most. */
  close(): Promise<void>;
}

/** Opens a listener; throws `listener_failed` naming `where`, the part of the configuration. */
export async function listenHttp({ address, port, tls }: HttpAddress, where: string): Promise<HttpServer> {
  let server: Server;
  try {
    server = tls === undefined ? createServer() : createTlsServer(tls);
    server.listen(port, address);
    await once(server, "listening");
  } catch (error) {
    throw listenerFailed(where, error);
  }
  // A client that sends its request drop by drop is not waited for.
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  const bound = server.address() as AddressInfo;
  const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  return {
    url: `${tls === undefined ? "http" : "https"}://${host}:${bound.port}`,
    port: bound.port,
    serve: (app) => void server.on("request", app),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const patience = setTimeout(() => server.closeAllConnections(), 5000);
      await closed;
      clearTimeout(patience);
    },
  };
}

/** Says which part of the configuration cannot listen, and what to do. */
export function listenerFailed(where: string, error: unknown): TocsinError {
  const refused = (error as { code?: unknown } | null)?.code === "EACCES";
  return new TocsinError(
    {
      code: "listener_failed",
      where,
      message: messageOf(error),
      remedy: refused
        ? "ports under 1024 need CAP_NET_BIND_SERVICE; use 5514 or grant it"
        : "free the address or choose another",
    },
    { cause: error },
  );
}
