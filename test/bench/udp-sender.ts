import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setImmediate, setTimeout } from "node:timers/promises";
import { RECORD_BYTES } from "./records.ts";

/** Most that is made up for at once when the sender was held up, ms. */
const CATCH_UP = 5;

/**
 * Sends records as datagrams at an even rate, as far as this process can; resolves with how many left.
 */
export async function sendDatagrams(parts: {
  port: number;
  /** As `makeRecords` makes them. */
  records: Buffer;
  /** Datagrams a second. */
  rate: number;
  seconds: number;
}): Promise<number> {
  const { port, records, rate } = parts;
  const total = Math.min(Math.floor(rate * parts.seconds), records.length / (RECORD_BYTES + 1));
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  socket.connect(port, "127.0.0.1");
  await once(socket, "connect");
  let sent = 0;
  let from = performance.now();
  while (sent < total) {
    const now = performance.now();
    // A burst at full speed would say nothing of the rate that is tried.
    const late = (now - from) * (rate / 1000) - sent - CATCH_UP * (rate / 1000);
    if (late > 0) from += late / (rate / 1000);
    const due = Math.min(total, Math.ceil((now - from) * (rate / 1000)));
    for (; sent < due; sent++) {
      const at = sent * (RECORD_BYTES + 1);
      socket.send(records.subarray(at, at + RECORD_BYTES));
    }
    const ahead = performance.now() - from < (sent / rate) * 1000;
    await (ahead ? setTimeout(1) : setImmediate());
  }
  // A connected socket sends at once or queues; what is queued leaves before the close.
  await new Promise<void>((closed) => socket.close(closed));
  return sent;
}
