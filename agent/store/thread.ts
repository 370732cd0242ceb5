import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { messageOf, type Problem, TocsinError } from "../core/errors.ts";
import { THREAD_LIMITS } from "../core/thread-limits.ts";
import type { Order, Report } from "./messages.ts";
import type { HeldLease } from "./postgres/lease.ts";
import type { RecordPlace } from "./record-place.ts";

export interface StoreThreadOptions {
  record: RecordPlace;
  /** The Ed25519 key that signs checkpoints. */
  keyFile: string;
  /** What is written under, when only one process may write. */
  lease?: HeldLease | undefined;
}

/** The thread that holds the only writing connection. */
export interface StoreThread {
  /** Makes one more way in: for `storeClient` here, or to be transferred to another thread, which makes its own. */
  connect(): MessagePort;
  /** Resolves once the thread has come to this question: it turns. */
  answers(): Promise<void>;
  /** Commits what has arrived, signs checkpoints, closes the database and ends the thread. */
  stop(): Promise<void>;
  /** Resolves when the thread has ended: with the problem when nobody asked it to. */
  ended: Promise<Problem | undefined>;
}

/** Starts the store thread; resolves once the database is open, rejects with what prevents it. */
export async function startStoreThread(
  options: StoreThreadOptions,
  /** Told of what failed without a caller to answer: a periodic checkpoint. */
  onTrouble: (problem: Problem) => void = () => {},
): Promise<StoreThread> {
  const { record, keyFile, lease } = options;
  const worker = new Worker(new URL("../threads/store.ts", import.meta.url), {
    workerData: { record, keyFile, lease },
    resourceLimits: THREAD_LIMITS,
  });
  let stopping = false;
  let crash: Problem | undefined;
  const asked: (() => void)[] = [];

  const ended = new Promise<Problem | undefined>((resolve) => {
    worker.once("error", (error) => {
      crash = { code: "store_crashed", message: messageOf(error) };
    });
    worker.once("exit", (code) => {
      resolve(
        crash ??
          (stopping ? undefined : { code: "store_crashed", message: `the store thread ended (${code})` }),
      );
    });
  });

  await new Promise<void>((resolve, reject) => {
    worker.on("message", (report: Report) => {
      if (report.report === "ready") resolve();
      else if (report.report === "here") asked.shift()?.();
      else if (report.report === "refused") reject(new TocsinError(report.problem));
      else onTrouble(report.problem);
    });
    ended.then((problem) =>
      reject(new TocsinError(problem ?? { code: "store_closed", message: "the store thread ended" })),
    );
  });

  function order(message: Order, transfer: MessagePort[] = []): void {
    worker.postMessage(message, transfer);
  }

  return {
    ended,
    connect() {
      const { port1, port2 } = new MessageChannel();
      order({ order: "serve", port: port1 }, [port1]);
      return port2;
    },
    answers() {
      order({ order: "answer" });
      return new Promise((resolve) => asked.push(resolve));
    },
    async stop() {
      if (!stopping) order({ order: "stop" });
      stopping = true;
      await ended;
    },
  };
}
