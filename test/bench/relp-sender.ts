import { once } from "node:events";
import { connect } from "node:net";
import { OFFERS, relpFrame } from "../support/relp-client.ts";
import { RECORD_BYTES } from "./records.ts";
import type { Reading } from "./report.ts";
import { startWatch } from "./watch.ts";

const LF = 0x0a;

/** The frames of records, made beforehand so that sending them costs little. */
export interface RelpFrames {
  bytes: Buffer;
  /** Where each frame begins, then where the last one ends. */
  starts: Float64Array;
}

/** Makes the frames of a session whose first transaction was `open`, of records as `makeRecords` makes them. */
export function makeRelpFrames(records: Buffer): RelpFrames {
  const amount = records.length / (RECORD_BYTES + 1);
  const bytes = Buffer.alloc(amount * (RECORD_BYTES + 32));
  const starts = new Float64Array(amount + 1);
  let at = 0;
  for (let i = 0; i < amount; i++) {
    starts[i] = at;
    at += bytes.write(`${i + 2} syslog ${RECORD_BYTES} `, at, "latin1");
    // The end of line of the record is that of the frame.
    at += records.copy(bytes, at, i * (RECORD_BYTES + 1), (i + 1) * (RECORD_BYTES + 1));
  }
  starts[amount] = at;
  return { bytes, starts };
}

/**
 * Sends frames for a while with at most `window` unanswered; resolves when each that was sent is acknowledged, with the
 * acknowledgements a second after the warm-up.
 */
export async function sendRelp(parts: {
  pid: number;
  port: number;
  frames: RelpFrames;
  window: number;
  /** Seconds that are not measured, then seconds that are. */
  warmUp: number;
  seconds: number;
}): Promise<{ acknowledged: number; reading: Reading }> {
  const { bytes, starts } = parts.frames;
  const socket = connect({ port: parts.port, host: "127.0.0.1", noDelay: true });
  socket.write(relpFrame(1, "open", OFFERS));
  const [opened] = (await once(socket, "data")) as [Buffer];
  if (!opened.includes("1 rsp ") || !opened.includes("200 OK")) throw new Error(`no session: ${opened}`);

  const over = Promise.withResolvers<void>();
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const last = starts.length - 1;
  let measured: { watch: ReturnType<typeof startWatch>; before: number } | undefined;
  let sent = 0;
  let acknowledged = 0;
  const more = () => {
    const now = elapsed();
    if (now >= parts.warmUp) measured ??= { watch: startWatch(parts.pid), before: acknowledged };
    if (now < parts.warmUp + parts.seconds && sent < last) {
      const next = Math.min(last, acknowledged + parts.window);
      if (next > sent) socket.write(bytes.subarray(starts[sent], starts[next]));
      sent = next;
    } else if (acknowledged === sent) over.resolve();
  };
  socket.on("data", (chunk) => {
    // Each answer is one line: `TXNR rsp 6 200 OK`.
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) acknowledged++;
    more();
  });
  socket.on("error", (error) => over.reject(error));
  socket.on("close", () =>
    over.reject(new Error(`the session ended after ${acknowledged} of ${sent} answers`)),
  );
  more();
  await over.promise;
  socket.destroy();
  if (measured === undefined) throw new Error("all was sent during the warm-up: more frames are needed");
  return { acknowledged, reading: measured.watch.read(acknowledged - measured.before) };
}
