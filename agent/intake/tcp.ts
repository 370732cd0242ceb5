import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import { framer } from "./framing.ts";
import type { LineTaker } from "./lines.ts";
import type { IntakeMetrics } from "./metrics.ts";
import type { TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";

/** Alerts of one connection on their way to the disk before its sender is made to wait. */
const PENDING = 1000;

/** Listens for syslog over TCP (RFC 6587); a sender waits while its lines are being stored. */
export function listenTcp(parts: {
  source: TextSource;
  address: string;
  port: number;
  recordBytes: number;
  connections: number;
  idleSeconds: number;
  lines: () => LineTaker;
  taker: Taker;
  metrics: IntakeMetrics;
  clock: Clock;
}): Promise<{ server: Server; sockets: Set<Socket> }> {
  const { source, taker, metrics } = parts;
  const labels = { source: source.id, transport: "tcp" };
  const received = metrics.received.of(labels);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    metrics.connections.set({ source: source.id }, sockets.size);
    const lines = parts.lines();
    const peer = socket.remoteAddress;
    const frames = framer(
      parts.recordBytes,
      (frame) => {
        received.count++;
        lines.line(source, frame.bytes, frame.cut, peer);
      },
      (fault) =>
        taker.quarantine(source.id, fault.code, fault.message, Buffer.from(fault.sample).toString("utf8")),
    );
    let because = "the connection was lost";
    socket.setTimeout(parts.idleSeconds * 1000, () => {
      because = `the connection was silent for ${parts.idleSeconds} s and was closed`;
      socket.destroy();
    });
    socket.on("data", (chunk) => {
      metrics.bytes.inc(labels, chunk.length);
      metrics.lastSeen.set({ source: source.id }, Math.floor(parts.clock.now() / 1_000_000));
      frames.push(chunk);
      if (lines.pending() < PENDING) return;
      // Back-pressure: the kernel holds the sender while its alerts become durable.
      socket.pause();
      void lines.settled().then(() => socket.resume());
    });
    socket.on("end", () => {
      frames.end();
      socket.end();
    });
    // A reset says no more than the end that follows it.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      // After an end nothing is held any more.
      frames.lose(because);
      sockets.delete(socket);
      metrics.connections.set({ source: source.id }, sockets.size);
    });
  });
  server.maxConnections = parts.connections;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(parts.port, parts.address, () => {
      server.removeListener("error", reject);
      resolve({ server, sockets });
    });
  });
}
