import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Clock } from "../core/clock.ts";
import type { LineTaker } from "./lines.ts";
import type { IntakeMetrics } from "./metrics.ts";
import type { TextSource } from "./sources.ts";

/** Bytes asked of the kernel for datagrams that wait; it may grant less. */
const RECEIVE_BUFFER = 8 * 1024 * 1024;

/** Listens for syslog over UDP (RFC 5426): one datagram, one record. */
export function listenUdp(parts: {
  source: TextSource;
  address: string;
  port: number;
  recordBytes: number;
  lines: LineTaker;
  metrics: IntakeMetrics;
  clock: Clock;
}): Promise<Socket> {
  const { source, lines, metrics } = parts;
  const labels = { source: source.id, transport: "udp" };
  const received = metrics.received.of(labels);
  const socket = createSocket({
    type: isIPv6(parts.address) ? "udp6" : "udp4",
    recvBufferSize: RECEIVE_BUFFER,
  });
  socket.on("message", (datagram, peer) => {
    metrics.bytes.inc(labels, datagram.length);
    received.count++;
    metrics.lastSeen.set({ source: source.id }, Math.floor(parts.clock.now() / 1_000_000));
    const cut = datagram.length > parts.recordBytes;
    let end = Math.min(datagram.length, parts.recordBytes);
    while (end > 0 && [0x00, 0x0a, 0x0d].includes(datagram[end - 1] ?? 1)) end--;
    if (end > 0) lines.line(source, datagram.subarray(0, end), cut, peer.address);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(parts.port, parts.address, () => {
      socket.removeListener("error", reject);
      socket.on("error", () => undefined);
      resolve(socket);
    });
  });
}
