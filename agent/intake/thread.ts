import { type MessagePort, Worker } from "node:worker_threads";
import type { MetricObjectWithValues, MetricValue } from "prom-client";
import { TocsinError } from "../core/errors.ts";

/** What the intake thread is given at its start. */
export interface IntakeData {
  facility: string;
  /** Folders and files of rules. */
  rules: string[];
  sources: {
    id: string;
    connector: string;
    zone: string;
    listen: { transport: "udp" | "tcp"; address: string; port: number }[];
    tokenDigest?: Uint8Array | undefined;
  }[];
  http: { address: string; port: number; tls?: { cert: string; key: string } | undefined };
  limits: { body_bytes: number; record_bytes: number; connections: number; idle_seconds: number };
  database: string;
  /** The way to the store thread. */
  store: MessagePort;
}

export interface Listening {
  /** Null for the HTTP listener that all sources share. */
  source: string | null;
  transport: "udp" | "tcp" | "http";
  address: string;
  port: number;
}

type Metrics = MetricObjectWithValues<MetricValue<string>>[];

export type ToIntake = { ask: "metrics"; id: number } | { ask: "stop" };
export type FromIntake =
  | { say: "ready"; listening: Listening[]; rules: number; refused: number; ungated: string[] }
  | { say: "failed"; error: string; code?: string | undefined }
  | { say: "detected"; count: number }
  | { say: "log"; level: "info" | "warn" | "error"; message: string; fields: Record<string, unknown> }
  | { say: "metrics"; id: number; metrics: Metrics }
  | { say: "stopped" };

export interface IntakeThread {
  listening: Listening[];
  rules: { loaded: number; refused: number; ungated: string[] };
  metrics(): Promise<Metrics>;
  /** Stops listening, finishes what was received, then ends the thread. */
  stop(): Promise<void>;
}

/** Starts the intake thread; rejects with `intake_failed` when a listener cannot be opened. */
export async function startIntake(
  data: IntakeData,
  on: {
    detected: (count: number) => void;
    log: (level: "info" | "warn" | "error", message: string, fields: Record<string, unknown>) => void;
    died: (error: unknown) => void;
  },
): Promise<IntakeThread> {
  const worker = new Worker(new URL("../threads/intake.ts", import.meta.url), {
    workerData: data,
    transferList: [data.store],
  });
  const asked = new Map<number, (metrics: Metrics) => void>();
  let next = 0;
  let stopping = false;
  const stopped = Promise.withResolvers<void>();
  const ready = await new Promise<Extract<FromIntake, { say: "ready" }>>((resolve, reject) => {
    worker.on("message", (message: FromIntake) => {
      switch (message.say) {
        case "ready":
          return resolve(message);
        case "failed":
          void worker.terminate();
          return reject(
            new TocsinError({
              code: "intake_failed",
              where: "sources",
              message: message.error,
              remedy:
                message.code === "EACCES"
                  ? "ports under 1024 need CAP_NET_BIND_SERVICE; use 5514 or grant it"
                  : "free the address or choose another",
            }),
          );
        case "detected":
          return on.detected(message.count);
        case "log":
          return on.log(message.level, message.message, message.fields);
        case "metrics":
          asked.get(message.id)?.(message.metrics);
          asked.delete(message.id);
          return;
        case "stopped":
          return stopped.resolve();
      }
    });
    worker.on("error", (error) => {
      reject(error);
      on.died(error);
    });
    worker.on("exit", (code) => {
      stopped.resolve();
      if (!stopping && code !== 0) on.died(new Error(`the intake thread ended with code ${code}`));
    });
  });
  const ask = (message: ToIntake) => worker.postMessage(message);
  return {
    listening: ready.listening,
    rules: { loaded: ready.rules, refused: ready.refused, ungated: ready.ungated },
    metrics: () =>
      new Promise((resolve) => {
        const id = next++;
        asked.set(id, resolve);
        ask({ ask: "metrics", id });
      }),
    async stop() {
      stopping = true;
      ask({ ask: "stop" });
      await stopped.promise;
      await worker.terminate();
    },
  };
}
