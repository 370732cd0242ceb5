import { once } from "node:events";
import { connect } from "node:net";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { planOf } from "./records.ts";

/** Records written over and over. */
const RECORDS = 125_000;
/** Written to the socket at once, bytes. */
const PIECE = 256 * 1024;

/** Writes lines to a port as fast as they are taken, 0.8 % of them relevant, from a thread of its own, until it is ended. */
export function openFirehose(port: number): { end(): Promise<unknown> } {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port } });
  const failed = once(worker, "error").catch(() => undefined);
  return { end: () => Promise.race([worker.terminate(), failed]) };
}

if (!isMainThread && typeof (workerData as { port?: unknown } | null)?.port === "number") {
  const { records } = planOf(RECORDS);
  const socket = connect((workerData as { port: number }).port, "127.0.0.1");
  await once(socket, "connect");
  for (let at = 0; ; at = at + PIECE >= records.length ? 0 : at + PIECE)
    if (!socket.write(records.subarray(at, at + PIECE))) await once(socket, "drain");
}
