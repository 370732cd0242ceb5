import { type AddressInfo, createServer, type Socket } from "node:net";
import type { IntakeMetrics } from "./metrics.ts";
import type { OpenListener } from "./sources.ts";

/** How long connections may take to end when the listener stops, ms. */
const PATIENCE = 2000;

export interface StreamParts {
  source: string;
  address: string;
  port: number;
  /** Open connections; those beyond are closed at once. */
  connections: number;
  /** Silence after which a connection is closed, seconds. */
  idleSeconds: number;
  metrics: IntakeMetrics;
}

/** One connection; `because` tells, once it is closed, why it was lost when it did not end by itself. */
export interface Connection {
  socket: Socket;
  because(): string;
}

/** Listens for connections, of which it bounds the number and the silence; `serve` gives each its meaning. */
export function listenStream(
  parts: StreamParts,
  serve: (connection: Connection) => void,
): Promise<OpenListener> {
  const { source, metrics } = parts;
  const sockets = new Set<Socket>();
  const count = () => metrics.connections.set({ source }, sockets.size);
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    count();
    let because = "the connection was lost";
    socket.setTimeout(parts.idleSeconds * 1000, () => {
      because = `the connection was silent for ${parts.idleSeconds} s and was closed`;
      socket.destroy();
    });
    // A reset says no more than the end that follows it.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      sockets.delete(socket);
      count();
    });
    serve({ socket, because: () => because });
  });
  server.maxConnections = parts.connections;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(parts.port, parts.address, () => {
      server.removeListener("error", reject);
      resolve({
        port: (server.address() as AddressInfo).port,
        async stop() {
          const closed = new Promise((done) => server.close(done));
          for (const socket of sockets) socket.end();
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
