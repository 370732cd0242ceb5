import { hash } from "node:crypto";
import { countedAs } from "../canary/heed-canary.ts";
import type { Clock } from "../core/clock.ts";
import { type Backlog, openBacklog } from "./backlog.ts";
import type { LineTaker } from "./lines.ts";
import { openKeeper } from "./relp/keeper.ts";
import { openSession } from "./relp/session.ts";
import { DIGEST, openTrails } from "./relp/trails.ts";
import type { OpenListener, TextSource } from "./sources.ts";
import { type Connection, listenStream, type StreamParts } from "./stream-server.ts";
import type { Taker } from "./taker.ts";

/** Frames of one connection that wait for an answer, and bytes of relevant messages among them, before it must wait. */
const UNANSWERED = 4096;
const UNDECIDED_BYTES = 4 * 1024 * 1024;
/** Bytes of answers that a client may leave unread before nothing more of it is read. */
const UNREAD = 64 * 1024;
/** Silence after which the first messages of a session are repeats or not by what is known, ms. */
const HESITATION = 1000;
/** How long sessions may take to end when the listener stops, ms. */
const PATIENCE = 1000;

/**
 * Listens for RELP, over TLS where it is asked for: a message is acknowledged once it is decided, that is refused and
 * counted, without interest, or stored for good. What a sender repeats after a lost connection is stored once.
 */
export async function listenRelp(
  parts: Omit<StreamParts, "source"> & {
    source: TextSource;
    recordBytes: number;
    lines: () => LineTaker;
    taker: Taker;
    clock: Clock;
    /** Shared with the other listeners of the thread. */
    backlog?: Backlog | undefined;
    /** What a bookmark holds. */
    bookmark: (name: string) => Promise<string | undefined>;
  },
): Promise<OpenListener> {
  const { taker, metrics, clock, backlog = openBacklog() } = parts;
  const trails = await openTrails({
    name: `relp:${parts.source.id}:${parts.address}:${parts.port}`,
    bookmark: parts.bookmark,
    clock,
  });
  const sessions = new Set<{ stop: () => void; closed: Promise<unknown> }>();

  function serve({ socket, receive, hold }: Connection): void {
    const peer = socket.remoteAddress ?? "";
    const talliesOf = ({ id }: TextSource) => {
      const labels = { source: id, transport: "relp" };
      return { received: metrics.received.of(labels), bytes: metrics.bytes.of(labels) };
    };
    let source = countedAs(parts.source, peer);
    let { received, bytes: taken } = talliesOf(source);
    let begun = false;
    const lines = parts.lines();
    let bytes = 0;
    /** Lengths of the relevant messages that are not decided, and what they weigh, oldest first. */
    let undecided: { length: number; weight: number }[] = [];
    let hesitation: NodeJS.Timeout | undefined;

    const session = openSession(
      { limit: parts.recordBytes, software: "tocsin" },
      {
        line({ number, data, cut, length }) {
          received.count++;
          if (cut)
            taker.quarantine(
              source.id,
              "record_too_long",
              `a record of ${length} bytes; ${parts.recordBytes} are kept`,
              Buffer.from(data.subarray(0, 200)).toString("utf8"),
            );
          const alert = lines.read(source, trimmed(data), cut, peer);
          if (alert === undefined) return true;
          const matches = taker.matches(source.id, alert);
          if (matches === undefined) return true;
          if (matches.length === 0) {
            metrics.records.inc({ source: source.id, outcome: "irrelevant" });
            return true;
          }
          const digest = hash("sha256", data, "base64url").slice(0, DIGEST);
          keeper.offer({ number, digest, alert, matches });
          undecided.push({ length: data.length, weight: backlog.add(data.length) });
          bytes += data.length;
          return false;
        },
        fault: ({ code, message, sample }) =>
          taker.quarantine(source.id, code, message, Buffer.from(sample).toString("latin1")),
      },
    );
    const keeper = openKeeper({
      source: () => source.id,
      peer,
      trails,
      taker,
      metrics,
      decided(count) {
        settle(count);
        session.decided(count);
        answer();
      },
      failed: () => socket.destroySoon(),
    });

    function settle(count: number): void {
      for (const { length, weight } of undecided.slice(0, count)) {
        bytes -= length;
        backlog.remove(weight);
      }
      undecided = undecided.slice(count);
    }

    /** Sends what can be, then reads on or makes the client wait. */
    function answer(): void {
      if (socket.destroyed || !socket.writable) return;
      const ready = session.answers();
      if (ready !== "") socket.write(ready, "latin1");
      const over = session.over();
      if (over !== undefined) {
        // A client that closes has every answer, or never asks for it.
        if (over === "closed") keeper.close("nothing to repeat");
        socket.destroySoon();
        return;
      }
      const full = session.unanswered() >= UNANSWERED || bytes >= UNDECIDED_BYTES;
      hold(full || socket.writableLength >= UNREAD ? "client" : undefined);
    }

    function hesitate(): void {
      clearTimeout(hesitation);
      if (keeper.unsure()) hesitation = setTimeout(() => keeper.insist(), HESITATION);
    }

    receive((chunk) => {
      if (!begun) {
        begun = true;
        source = taker.canary?.countedAs(parts.source, peer, chunk) ?? source;
        ({ received, bytes: taken } = talliesOf(source));
      }
      taken.count += chunk.length;
      const before = received.count;
      session.push(chunk);
      // A relay that opens sessions and sends no message has nothing of the source.
      if (received.count > before)
        metrics.lastSeen.set({ source: source.id }, Math.floor(clock.now() / 1_000_000));
      keeper.turn(session.frames());
      answer();
      hesitate();
    });
    socket.on("drain", answer);
    const closed = new Promise<void>((done) => socket.once("close", () => done()));
    const entry = {
      closed,
      stop() {
        session.stop();
        answer();
      },
    };
    sessions.add(entry);
    socket.once("close", () => {
      sessions.delete(entry);
      clearTimeout(hesitation);
      keeper.close("lost");
      settle(undecided.length);
    });
  }

  const listener = await listenStream({ ...parts, source: parts.source.id }, serve);
  return {
    port: listener.port,
    async stop() {
      const ended = [...sessions].map(({ stop, closed }) => {
        stop();
        return closed;
      });
      let patience: NodeJS.Timeout | undefined;
      const late = new Promise((done) => {
        patience = setTimeout(done, PATIENCE);
      });
      await Promise.race([Promise.all(ended), late]);
      clearTimeout(patience);
      await listener.stop();
    },
  };
}

/** The message without the line ends and NULs that some senders leave behind it. */
function trimmed(data: Uint8Array): Uint8Array {
  let end = data.length;
  while (end > 0 && (data[end - 1] === 0x0a || data[end - 1] === 0x0d || data[end - 1] === 0x00)) end--;
  return end === data.length ? data : data.subarray(0, end);
}
