import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { type CanaryHeed, canaryOf, countedAs } from "../canary/heed-canary.ts";
import type { Clock } from "../core/clock.ts";
import type { Log } from "../telemetry/log.ts";
import { kernelDrops } from "./kernel-drops.ts";
import type { LineTaker } from "./lines.ts";
import type { IntakeMetrics } from "./metrics.ts";
import type { OpenListener, TextSource } from "./sources.ts";

/** Listens for syslog over UDP (RFC 5426): one datagram, one record. */
export function listenUdp(parts: {
  source: TextSource;
  address: string;
  port: number;
  /** Asked of the kernel for datagrams that wait, bytes; it may grant less. */
  receiveBuffer: number;
  recordBytes: number;
  lines: LineTaker;
  /** Knows canaries, where they fly. */
  canary?: CanaryHeed | undefined;
  metrics: IntakeMetrics;
  clock: Clock;
  /** Its part of the configuration, for the log. */
  where?: string;
  log?: Pick<Log, "info">;
}): Promise<OpenListener> {
  const { lines, metrics, canary = { countedAs } } = parts;
  const ofSource = talliesOf(parts.source, metrics);
  const ofCanary = talliesOf(canaryOf(parts.source), metrics);
  const socket = createSocket({
    type: isIPv6(parts.address) ? "udp6" : "udp4",
    recvBufferSize: parts.receiveBuffer,
  });
  socket.on("message", (datagram, peer) => {
    const source = canary.countedAs(parts.source, peer.address, datagram);
    const { bytes, received } = source === parts.source ? ofSource : ofCanary;
    bytes.count += datagram.length;
    received.count++;
    const cut = datagram.length > parts.recordBytes;
    let end = Math.min(datagram.length, parts.recordBytes);
    while (end > 0 && isTrailer(datagram[end - 1])) end--;
    // A datagram with nothing in it is no word of its source.
    if (end === 0) return;
    metrics.lastSeen.set({ source: source.id }, Math.floor(parts.clock.now() / 1_000_000));
    lines.line(source, datagram.subarray(0, end), cut, peer.address);
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(parts.port, parts.address, () => {
      socket.removeListener("error", reject);
      socket.on("error", () => undefined);
      const { address, port } = socket.address();
      const granted = grantedBuffer(socket.getRecvBufferSize());
      if (granted < parts.receiveBuffer)
        parts.log?.info("receive buffer smaller than asked: bursts of datagrams may be dropped", {
          where: parts.where,
          asked: parts.receiveBuffer,
          granted,
          remedy: `sysctl -w net.core.rmem_max=${parts.receiveBuffer}`,
        });
      const forget = metrics.dropped.watch(parts.source.id, () => kernelDrops({ address, port }));
      resolve({
        port,
        async stop() {
          forget();
          await new Promise<void>((stopped) => socket.close(stopped));
          await lines.settled();
        },
      });
    });
  });
}

function talliesOf({ id }: TextSource, metrics: IntakeMetrics) {
  const labels = { source: id, transport: "udp" };
  return { received: metrics.received.of(labels), bytes: metrics.bytes.of(labels) };
}

/** Says whether a byte only ends a record: NUL, line feed or carriage return. */
function isTrailer(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x00 || byte === 0x0d;
}

/** Linux doubles what it grants, for its own bookkeeping, and tells the double (socket(7), SO_RCVBUF). */
function grantedBuffer(told: number): number {
  return process.platform === "linux" ? told / 2 : told;
}
