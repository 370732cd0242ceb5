import { once } from "node:events";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ServerTls } from "../config/source.ts";
import { messageOf, TocsinError } from "./core/errors.ts";
import { http, https } from "./core/node-http.ts";
import { openTls, type TlsWatch } from "./tls.ts";

const HANDSHAKE_SECONDS = 10;
/** For how long a listener that closes lets requests finish, ms. */
const GRACE = 3000;
const SILENT = { info: () => undefined, warn: () => undefined };

/** Where to listen. */
export interface HttpAddress {
  address: string;
  port: number;
  tls?: ServerTls | undefined;
}

export interface HttpServer {
  /** `http://127.0.0.1:8470`: where it listens. */
  url: string;
  /** The port it was given, or the free one it took for 0. */
  port: number;
  serve(app: RequestListener): void;
  listening(): boolean;
  /** Lets requests under way finish, for 3 s at most; once, however often it is called. */
  close(): Promise<void>;
}

/** How long clients may take, ms: one that sends its request drop by drop is not waited for. */
export const PATIENCE = { headers: 10_000, request: 60_000, looked: 2_000 };

/** What a listener does beyond listening. */
export interface HttpOptions extends Partial<Omit<TlsWatch, "where">> {
  strangers?: "refused" | "served";
  /** Told of each connection as it comes, before anything is read. */
  connected?(socket: Socket): void;
  /** Time for the headers, for the whole request, and between two looks at them, ms. (Default: 10 s, 60 s, 2 s.) */
  patience?: typeof PATIENCE;
}

/**
 * Opens a listener; throws `listener_failed` naming `where`, the part of the configuration.
 * With `strangers: "served"` clients whose certificate is missing or not to be trusted are let in too.
 */
export async function listenHttp(
  { address, port, tls }: HttpAddress,
  where: string,
  options: HttpOptions = {},
): Promise<HttpServer> {
  const { headers, request, looked } = options.patience ?? PATIENCE;
  const timing = {
    headersTimeout: headers,
    requestTimeout: request,
    connectionsCheckingInterval: looked,
  };
  let server: Server;
  try {
    if (tls === undefined) server = http.createServer(timing);
    else {
      const means = openTls(tls, { ...options, handshakeSeconds: HANDSHAKE_SECONDS });
      const secure = https.createServer({ ...timing, ...means.options });
      secure.on("close", means.guard(secure, { log: SILENT, ...options, where }));
      server = secure;
    }
    if (options.connected !== undefined) server.on("connection", options.connected);
    server.listen(port, address);
    await once(server, "listening");
  } catch (error) {
    throw listenerFailed(where, error);
  }
  const bound = server.address() as AddressInfo;
  const host = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
  let closed: Promise<unknown> | undefined;
  return {
    url: `${tls === undefined ? "http" : "https"}://${host}:${bound.port}`,
    port: bound.port,
    serve: (app) => void server.on("request", app),
    listening: () => server.listening,
    async close() {
      if (closed === undefined) {
        closed = once(server, "close");
        server.close();
        server.closeIdleConnections();
        const patience = setTimeout(() => server.closeAllConnections(), GRACE);
        server.once("close", () => clearTimeout(patience));
      }
      await closed;
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
