import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { type Daemon, metric } from "../support/daemon.ts";
import { planOf, RECORD_BYTES, relevantOf, SELDOM } from "./records.ts";

/** Records written over and over. */
const RECORDS = 125_000;
/** Written to the socket at once, bytes: whole records. */
const PIECE = 2_000 * (RECORD_BYTES + 1);

/** Lines that are sent until it is ended. */
export interface Firehose {
  /** Sends no further line; resolves with how many left, and how many of them matter, once all did. */
  end(): Promise<Poured>;
  /** Ends it wherever it is. */
  cut(): Promise<unknown>;
}

/** What left. */
export interface Poured {
  lines: number;
  relevant: number;
}

/** Writes lines to a port as fast as they are taken, 0.8 % of them relevant, from a thread of its own, until it is ended. */
export function openFirehose(port: number): Firehose {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port } });
  const poured = once(worker, "message").then(([sent]) => sent as Poured);
  // Who cuts it asks for nothing more.
  poured.catch(() => undefined);
  return {
    end() {
      worker.postMessage("end");
      return poured;
    },
    cut: () => worker.terminate(),
  };
}

/** Resolves once its lines are being decided. */
export async function flowing(daemon: Daemon): Promise<void> {
  const gated = () => metric(daemon, 'tocsin_intake_records_gated_total{source="lines"}');
  for (const before = await gated(); (await gated()) === before; ) await setTimeout(100);
}

if (!isMainThread && typeof (workerData as { port?: unknown } | null)?.port === "number") {
  const { records, amount, matching } = planOf(RECORDS);
  const socket = connect((workerData as { port: number }).port, "127.0.0.1");
  await once(socket, "connect");
  let over = false;
  parentPort?.once("message", () => {
    over = true;
  });
  let at = 0;
  let rounds = 0;
  while (!over) {
    const room = socket.write(records.subarray(at, at + PIECE));
    at += PIECE;
    if (at >= records.length) {
      at = 0;
      rounds++;
    }
    // The end is heard between two pieces.
    await (room ? new Promise(setImmediate) : once(socket, "drain"));
  }
  socket.end();
  await once(socket, "finish");
  const begun = at / (RECORD_BYTES + 1);
  const sent: Poured = {
    lines: rounds * amount + begun,
    relevant: rounds * matching + relevantOf(begun, SELDOM),
  };
  parentPort?.postMessage(sent);
}
