import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import type { ServerTls } from "../../config/source.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Log } from "../telemetry/log.ts";
import { seldom } from "../telemetry/seldom.ts";
import { openTls } from "../tls.ts";
import { enterAll, type FairShare, fairShare, networkOf } from "./fair-share.ts";
import type { IntakeMetrics } from "./metrics.ts";
import { oneWay } from "./one-way.ts";
import { MORE_CONNECTIONS } from "./open-files.ts";
import type { OpenListener } from "./sources.ts";
import { openTurns, type Turns } from "./turns.ts";

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
  /** The places of all the listeners of the thread. (Default: as many as there are connections.) */
  whole?: FairShare<Socket> | undefined;
  /** Silence after which a connection is closed, seconds. */
  idleSeconds: number;
  metrics: IntakeMetrics;
  clock: Clock;
  /** Shared with the other listeners of the thread. */
  turns?: Turns | undefined;
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
  /** Reads what it sends, in the turn of its network; to be called before its end is listened for. */
  receive(take: (chunk: Buffer) => void): void;
  /** Reads nothing more of it while it is held, by us or by its client: the silence of who waits for us is not its own. */
  hold(by: "us" | "client" | undefined): void;
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
  const shares = [fairShare<Socket>(parts.connections), ...(parts.whole === undefined ? [] : [parts.whole])];
  const { turns = openTurns(parts) } = parts;
  const warn = seldom(log);
  const count = () => metrics.connections.set({ source }, sockets.size);

  /** False when there was no place for it. */
  function admit(socket: Socket): boolean {
    const peer = socket.remoteAddress ?? "";
    const network = networkOf(peer);
    for (const gone of enterAll(shares, socket, network)) {
      metrics.refused.inc({ source, code: "too_many_connections" });
      const told = { where, connections: parts.connections, peer, remedy: MORE_CONNECTIONS };
      warn("connection closed: there are too many", told);
      gone.destroy();
    }
    if (socket.destroyed) return false;
    sockets.add(socket);
    count();
    socket.on("close", () => {
      for (const share of shares) share.leave(socket, network);
      sockets.delete(socket);
      count();
    });
    return true;
  }

  function open(socket: Socket, peer = socket.remoteAddress): void {
    served.add(socket);
    let because = "the connection was lost";
    const idle = () => socket.setTimeout(parts.idleSeconds * 1000);
    const { receive, hold, waitsForUs } = flow(socket, { group: networkOf(peer ?? ""), turns, freed: idle });
    socket.on("timeout", () => {
      if (waitsForUs()) return void idle();
      because = `the connection was silent for ${parts.idleSeconds} s and was closed`;
      socket.destroy();
    });
    idle();
    socket.on("close", () => served.delete(socket));
    serve({ socket, peer, because: () => because, receive, hold });
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

/** Lets what a connection sends in by turns; it is not read on while something of it waits, or while it is held. */
function flow(
  socket: Socket,
  { group, turns, freed }: { group: string; turns: Turns; freed: () => void },
): Pick<Connection, "receive" | "hold"> & { waitsForUs(): boolean } {
  const chunks: Buffer[] = [];
  let held: "us" | "client" | undefined;
  const steer = () => {
    if (held !== undefined || chunks.length > 0) socket.pause();
    else if (socket.isPaused()) socket.resume();
  };
  return {
    receive(take) {
      const next = () => {
        const chunk = chunks.shift();
        if (chunk !== undefined) take(chunk);
        steer();
      };
      socket.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        turns.take(group, chunk.length, next);
        steer();
      });
      // What came before an end is read before it.
      for (const event of ["end", "close"]) {
        socket.once(event, () => {
          while (chunks.length > 0) next();
        });
      }
    },
    hold(by) {
      // Its silence begins anew.
      if (held === "us" && by === undefined) freed();
      held = by;
      steer();
    },
    waitsForUs: () => held === "us" || chunks.length > 0,
  };
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
