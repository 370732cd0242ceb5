import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { makeRecords, RECORD_BYTES, SELDOM } from "../bench/records.ts";
import type { BenchDaemon, Scene } from "../bench/scene.ts";
import { post, relevant } from "../support/daemon.ts";
import { openRelp } from "../support/relp-client.ts";
import { steadily } from "./steadily.ts";

/** Pieces a second by each way, each of as many lines as hold one that matters: 0.8 %. */
const PIECES = { tcp: 8, udp: 4, relp: 4, http: 1 } as const;
export type Way = keyof typeof PIECES;
export const WAYS = Object.keys(PIECES) as Way[];
/** Lines of a piece, of which one matters. */
export const PIECE = SELDOM;
/** Lines a second by all ways. */
export const LINES = PIECE * Object.values(PIECES).reduce((sum, each) => sum + each, 0);

/** Senders by every way, each at its own steady rate. */
export interface Senders {
  /** Pieces that left so far; by RELP and HTTP those that were acknowledged. */
  readonly pieces: Record<Way, number>;
  /** Sends until `over`; resolves once all is acknowledged that can be. */
  send(over: AbortSignal): Promise<void>;
}

/** Connects senders to a daemon, which has a RELP listener. */
export async function openSenders(scene: Scene, daemon: BenchDaemon): Promise<Senders> {
  const pieces: Senders["pieces"] = { tcp: 0, udp: 0, relp: 0, http: 0 };
  const tcp = connect(daemon.tcp, "127.0.0.1");
  await once(tcp, "connect");
  scene.after(() => tcp.destroy());
  const udp = createSocket("udp4");
  scene.after(() => udp.close());
  const relp = await openRelp(daemon.port("relp"));
  scene.after(() => relp.socket.destroy());
  let posted = 0;

  const piece = () => makeRecords(PIECE, PIECE);
  const linesOf = (records: Buffer) =>
    Array.from({ length: PIECE }, (_, i) => {
      const at = i * (RECORD_BYTES + 1);
      return records.subarray(at, at + RECORD_BYTES);
    });
  const ways: Record<Way, () => Promise<unknown>> = {
    async tcp() {
      if (!tcp.write(piece())) await once(tcp, "drain");
    },
    async udp() {
      const datagram = (line: Buffer) =>
        new Promise<void>((resolve, reject) =>
          udp.send(line, daemon.udp, "127.0.0.1", (error) => (error ? reject(error) : resolve())),
        );
      await Promise.all(linesOf(piece()).map(datagram));
    },
    async relp() {
      await relp.send(linesOf(piece()).map(String));
      if (relp.unacknowledged.length > 0) throw new Error("the RELP session is over");
      relp.acknowledged.length = 0;
    },
    async http() {
      const from = posted;
      posted += PIECE;
      const alerts = Array.from({ length: PIECE }, (_, i) =>
        i === 0 ? relevant(`soak-${from}`) : noise(from + i),
      );
      const { status } = await post(daemon, "generic", daemon.house.tokens.generic, alerts);
      if (status !== 202) throw new Error(`alerts were answered with ${status}`);
    },
  };
  return {
    pieces,
    async send(over) {
      const sending = WAYS.map((way) => {
        // One after the other by RELP: its window is shared by all that is sent.
        let before: Promise<unknown> = Promise.resolve();
        return steadily(PIECES[way], over, () => {
          const sent = before.then(ways[way]).then(() => {
            pieces[way]++;
          });
          before = sent.catch(() => undefined);
          return sent;
        });
      });
      await Promise.all(sending);
    },
  };
}

function noise(number: number): Record<string, unknown> {
  return { event: { id: `noise-${number}` }, host: "app-01", message: `Started session ${number} of deploy` };
}
