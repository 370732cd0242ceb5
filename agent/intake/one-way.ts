import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** Types of TLS records (RFC 8446 §5.1), and the one handshake message that is never encrypted. */
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const CLIENT_HELLO = 1;
/** Bytes that may be left unsaid: tickets are some hundreds, and a client that asks for ever more has no good reason. */
const MOST_HELD = 16 * 1024;

/**
 * Carries the TLS 1.3 of a client that only sends: after its handshake nothing is said to it before the end.
 * The session tickets that Node always sends are never read by such a client: closing with them unread, its kernel
 * resets the connection, and what was still to be sent is lost (RFC 1122 §4.2.2.13).
 */
export function oneWay(socket: Socket): Duplex {
  const heard = watchRecords();
  const held: Buffer[] = [];
  let size = 0;
  const release = () => {
    if (held.length > 0 && socket.writable) socket.write(Buffer.concat(held.splice(0)));
  };
  const stream = new Duplex({
    read: () => void socket.resume(),
    write(chunk: Buffer, _encoding, written) {
      if (heard.over()) {
        held.push(chunk);
        size += chunk.length;
        written(size > MOST_HELD ? new Error("the client asks for answers that it never reads") : null);
      } else socket.write(chunk, written);
    },
    final(ended) {
      release();
      socket.end(ended);
    },
    destroy(error, destroyed) {
      release();
      socket.destroy();
      destroyed(error);
    },
  });
  socket.on("data", (chunk) => {
    heard.push(chunk);
    if (!stream.push(chunk)) socket.pause();
  });
  socket.on("end", () => void stream.push(null));
  socket.on("close", () => void stream.destroy());
  return stream;
}

/** Follows what a client sends up to its first encrypted record: in TLS 1.3, the end of its handshake. */
function watchRecords() {
  let state: "greeting" | "over" | "older" = "greeting";
  let header: number[] = [];
  let left = 0;
  return {
    over: () => state === "over",
    push(chunk: Buffer): void {
      for (let at = 0; at < chunk.length && state === "greeting"; ) {
        if (left > 0) {
          const passed = Math.min(left, chunk.length - at);
          left -= passed;
          at += passed;
          continue;
        }
        header.push(chunk[at++] as number);
        const [type, , , high = 0, low = 0, message] = header;
        if (type === APPLICATION_DATA) state = "over";
        // Before TLS 1.3 the tickets belong to the handshake, which is not to be held back.
        else if (type === HANDSHAKE && message !== undefined && message !== CLIENT_HELLO) state = "older";
        else if (header.length === (type === HANDSHAKE ? 6 : 5)) {
          left = high * 256 + low - (header.length - 5);
          header = [];
        }
      }
    },
  };
}
