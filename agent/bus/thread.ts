import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { messageOf, type Problem, TocsinError } from "../core/errors.ts";
import type { BusSettings, BusStatus } from "./bus.ts";
import type { BusOrder, BusReport } from "./messages.ts";
import type { Heard, Receiving, RuleSets } from "./presence.ts";
import type { PublisherReport } from "./publisher.ts";

export interface BusThreadOptions {
  settings: BusSettings;
  facility: string;
}

/** Told of what happens in the thread. */
export interface BusThreadEvents {
  /** At every change; readiness and metrics follow it. */
  status?: (status: BusStatus) => void;
  /** What failed without a caller to answer. */
  trouble?: (problem: Problem) => void;
  /** The rule set that all receivers shall use is another. */
  active?: (active: Receiving) => void;
}

/** The thread of a receiver that hands units on to JetStream, in the place of the store thread. */
export interface BusThread {
  /** Makes one more way in, for `storeClient`: a commit is answered once the unit is durable, a checkpoint with nothing. */
  connect(): MessagePort;
  /** Resolves once the thread has come to this question: it turns. */
  answers(): Promise<void>;
  /** How the connection stands. */
  status(): BusStatus;
  report(): Promise<PublisherReport>;
  /** Tells the correlator, from now on; the hash of the active set goes into the messages too. */
  announce(what: { heard?: Heard | undefined; rules?: RuleSets | undefined }): void;
  /** Hands on what has arrived, closes the connection and the spool, and ends the thread. */
  stop(): Promise<void>;
  /** Resolves when the thread has ended: with the problem when nobody asked it to. */
  ended: Promise<Problem | undefined>;
}

/** Starts the bus thread; resolves once the spool is open, whether NATS answers or not, rejects with what prevents it. */
export async function startBusThread(
  { settings, facility }: BusThreadOptions,
  events: BusThreadEvents = {},
): Promise<BusThread> {
  const worker = new Worker(new URL("../threads/bus.ts", import.meta.url), {
    workerData: { settings, facility } satisfies BusThreadOptions,
  });
  let stopping = false;
  let crash: Problem | undefined;
  let status: BusStatus = { connected: false, since: 0 };
  let asked: (() => void)[] = [];
  const reports = new Map<number, (figures: PublisherReport | undefined) => void>();
  let questions = 0;

  const ended = new Promise<Problem | undefined>((resolve) => {
    worker.once("error", (error) => {
      crash = { code: "bus_crashed", message: messageOf(error) };
    });
    worker.once("exit", (code) => {
      resolve(
        crash ?? (stopping ? undefined : { code: "bus_crashed", message: `the bus thread ended (${code})` }),
      );
    });
  });

  await new Promise<void>((resolve, reject) => {
    worker.on("message", (report: BusReport) => {
      switch (report.report) {
        case "ready":
          return resolve();
        case "here":
          return asked.shift()?.();
        case "refused":
          return reject(new TocsinError(report.problem));
        case "trouble":
          return events.trouble?.(report.problem);
        case "status":
          status = report.status;
          return events.status?.(status);
        case "report":
          reports.get(report.id)?.(report.figures);
          return void reports.delete(report.id);
        case "active":
          return events.active?.(report.active);
      }
    });
    ended.then((problem) => {
      reject(new TocsinError(problem ?? endedProblem));
      for (const each of asked) each();
      asked = [];
      for (const each of reports.values()) each(undefined);
      reports.clear();
    });
  });

  const order = (message: BusOrder, transfer: MessagePort[] = []) => worker.postMessage(message, transfer);

  return {
    ended,
    status: () => status,
    connect() {
      const { port1, port2 } = new MessageChannel();
      order({ order: "serve", port: port1 }, [port1]);
      return port2;
    },
    answers() {
      order({ order: "answer" });
      return new Promise((resolve) => asked.push(resolve));
    },
    report() {
      const id = ++questions;
      order({ order: "report", id });
      return new Promise((resolve, reject) => {
        reports.set(id, (figures) =>
          figures === undefined ? reject(new TocsinError(endedProblem)) : resolve(figures),
        );
      });
    },
    announce: (what) => order({ order: "announce", ...what }),
    async stop() {
      if (!stopping) order({ order: "stop" });
      stopping = true;
      await ended;
    },
  };
}

const endedProblem: Problem = { code: "bus_closed", message: "the bus thread ended" };
