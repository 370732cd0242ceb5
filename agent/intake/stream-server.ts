import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import type { ServerTls } from "../../config/source.ts";
import { messageOf } from "../core/errors.ts";
import type { Log } from "../telemetry/log.ts";
import { seldom } from "../telemetry/seldom.ts";
import { openTls } from "../tls.ts";
import { fairShare } from "./fair-share.ts";
import type { IntakeMetrics } from "./metrics.ts";
import { oneWay } from "./one-way.ts";
import type { OpenListener } from "./sources.ts";

/** How long connections may take to end when the listener stops, ms. */
const PATIENCE = 2000;
/** Silence after which the kernel asks whether the other side is still there, ms. */
const KEEP_ALIVE = 60_000;
/** How long a TLS handshake may take. */
const HANDSHAKE_SECONDS = 10;
const SILENT = { info: () => undefined, warn: () => undefined };

export interface StreamParts {
  source: string;
  address: string;
  port: number;
  /** Open connections; one more closes one of the address that has the most, or is closed itself. */
  connections: number;
  /** Silence after which a connection is closed, seconds. */
  idleSeconds: number;
  metrics: IntakeMetrics;
  /** Speaks TLS (RFC 5425), with the clients that it lets in. */
  tls?: ServerTls | undefined;
  /** Nothing is ever answered. */
  oneWay?: boolean;
  /** Its part of the configuration, for the log. */
  where?: string;
  log?: Pick<Log, "info" | "warn">;
}

/** One connection; `because` tells, once it is closed, why it was lost when it did not end by itself. */
export interface Connection {
  socket: Socket;
  /** Where it comes from. */
  peer: string | undefined;
  because(): string;
}

/** Listens for connections, of which it bounds the number and the silence; `serve` gives each its meaning. */
export function listenStream(
  parts: StreamParts,
  serve: (connection: Connection) => void,
): Promise<OpenListener> {
  const { source, metrics, where = "", log = SILENT } = parts;
  /** As the kernel knows them; a TLS connection is served once its handshake is over. */
  const sockets = new Set<Socket>();
  const served = new Set<Socket>();
  const share = fairShare<Socket>(parts.connections);
  const warn = seldom(log);
  const count = () => metrics.connections.set({ source }, sockets.size);

  /** False when there was no place for it. */
  function admit(socket: Socket): boolean {
    const peer = socket.remoteAddress ?? "";
    const gone = share.enter(socket, peer);
    if (gone !== undefined) {
      metrics.refused.inc({ source, code: "too_many_connections" });
      warn("connection closed: there are too many", { where, connections: parts.connections, peer });
      gone.destroy();
      if (gone === socket) return false;
    }
    sockets.add(socket);
    count();
    socket.on("close", () => {
      share.leave(socket, peer);
      sockets.delete(socket);
      count();
    });
    return true;
  }

  function open(socket: Socket, peer = socket.remoteAddress): void {
    served.add(socket);
    let because = "the connection was lost";
    socket.setTimeout(parts.idleSeconds * 1000, () => {
      because = `the connection was silent for ${parts.idleSeconds} s and was closed`;
      socket.destroy();
    });
    socket.on("close", () => served.delete(socket));
    serve({ socket, peer, because: () => because });
  }

  return new Promise((resolve, reject) => {
    const secure = parts.tls && openSecure(parts, parts.tls, open);
    const server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE },
      (socket) => {
        // A reset says no more than the end that follows it.
        socket.on("error", () => undefined);
        if (!admit(socket)) return;
        if (secure === undefined) open(socket);
        else secure.take(socket);
      },
    );
    server.on("close", () => secure?.stop());
    server.once("error", (error) => {
      secure?.stop();
      reject(error);
    });
    server.listen(parts.port, parts.address, () => {
      server.removeAllListeners("error");
      // One connection that the kernel could not hand over ends no other.
      server.on("error", (error) => warn("connection not taken", { where, because: messageOf(error) }));
      resolve({
        port: (server.address() as AddressInfo).port,
        async stop() {
          const closed = new Promise((done) => server.close(done));
          for (const socket of served) socket.end();
          const patience = setTimeout(() => {
            for (const socket of sockets) socket.destroy();
          }, PATIENCE);
          await closed;
          clearTimeout(patience);
        },
      });
    });
  });
}

/** Makes what takes each connection through its handshake; it listens nowhere itself. */
function openSecure(
  { source, metrics, idleSeconds, where = "", log = SILENT, ...parts }: StreamParts,
  tls: ServerTls,
  open: (socket: Socket, peer: string | undefined) => void,
): { take(socket: Socket): void; stop(): void } {
  const means = openTls(tls, { handshakeSeconds: Math.min(HANDSHAKE_SECONDS, idleSeconds) });
  const server = createTlsServer(means.options);
  const refused = (code: string) => metrics.refused.inc({ source, code });
  server.on("secureConnection", function (this: { peer?: string }, socket) {
    socket.on("error", () => undefined);
    if (!socket.destroyed) open(socket, this.peer);
  });
  return {
    take(socket) {
      // Each connection has the server to itself, so that what is emitted tells whose it is.
      const own: TlsServer = Object.create(server, { peer: { value: socket.remoteAddress } });
      own.emit("connection", parts.oneWay ? oneWay(socket) : socket);
    },
    stop: means.guard(server, { where, log, refused }),
  };
}
