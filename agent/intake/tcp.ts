import { countedAs } from "../canary/heed-canary.ts";
import type { Clock } from "../core/clock.ts";
import { framer } from "./framing.ts";
import type { LineTaker } from "./lines.ts";
import type { OpenListener, TextSource } from "./sources.ts";
import { listenStream, type StreamParts } from "./stream-server.ts";
import type { Taker } from "./taker.ts";

/** Listens for syslog over TCP (RFC 6587) or TLS (RFC 5425); a sender waits while its lines are being stored. */
export function listenTcp(
  parts: Omit<StreamParts, "source"> & {
    source: TextSource;
    recordBytes: number;
    lines: () => LineTaker;
    taker: Taker;
    clock: Clock;
  },
): Promise<OpenListener> {
  const { taker, metrics } = parts;
  const transport = parts.tls === undefined ? "tcp" : "tls";
  return listenStream(
    { ...parts, source: parts.source.id, oneWay: true },
    ({ socket, peer, because, receive, hold }) => {
      const talliesOf = ({ id }: TextSource) => {
        const labels = { source: id, transport };
        return { received: metrics.received.of(labels), bytes: metrics.bytes.of(labels) };
      };
      let source = countedAs(parts.source, peer);
      let { received, bytes } = talliesOf(source);
      let begun = false;
      const lines = parts.lines();
      const frames = framer(
        parts.recordBytes,
        (frame) => {
          received.count++;
          lines.line(source, frame.bytes, frame.cut, peer);
        },
        (fault) =>
          taker.quarantine(source.id, fault.code, fault.message, Buffer.from(fault.sample).toString("utf8")),
        (chunk, start, end) => {
          const { at, lines: refused } = lines.skim(source, chunk, {
            start,
            end,
            limit: parts.recordBytes,
            peer,
          });
          received.count += refused;
          return at;
        },
      );
      /** A source is heard by its records: bytes that make none, such as blank lines, are silence. */
      const hear = (cut: () => void) => {
        const before = received.count;
        cut();
        if (received.count > before)
          metrics.lastSeen.set({ source: source.id }, Math.floor(parts.clock.now() / 1_000_000));
      };
      let waiting = false;
      /** Back-pressure: the kernel holds the sender while its alerts become durable. */
      const wait = () => {
        if (waiting) return;
        waiting = true;
        hold("us");
        void lines.room().then(() => {
          waiting = false;
          hold(undefined);
        });
      };
      const forget = lines.watch(wait);
      receive((chunk) => {
        if (!begun) {
          begun = true;
          source = taker.canary?.countedAs(parts.source, peer, chunk) ?? source;
          ({ received, bytes } = talliesOf(source));
        }
        bytes.count += chunk.length;
        hear(() => frames.push(chunk));
        if (lines.full()) wait();
      });
      socket.on("end", () => {
        hear(frames.end);
        socket.end();
      });
      socket.on("close", () => {
        forget();
        // After an end nothing is begun any more.
        frames.lose(because());
        void lines.settled();
      });
    },
  );
}
