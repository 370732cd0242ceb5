import { join } from "node:path";
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { keptSeconds } from "../bus/bus.ts";
import { type BusLink, connectBus } from "../bus/connect.ts";
import type { BusOrder, BusReport } from "../bus/messages.ts";
import { announceHeard, announceRules, followActive } from "../bus/presence.ts";
import { openPublisher } from "../bus/publisher.ts";
import { openSpool } from "../bus/spool.ts";
import type { BusThreadOptions } from "../bus/thread.ts";
import { systemClock } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import { type Answer, problemOf, type Question } from "../store/messages.ts";
import type { SealedUnit } from "../store/seal.ts";
import type { Receipt } from "../store/store.ts";
import { settle } from "./settle.ts";

/** Answers in the place of the store thread: what is committed goes to JetStream, or waits for it on disk. */
function serveBus({ settings, facility }: BusThreadOptions, parent: MessagePort): void {
  const tell = (report: BusReport) => parent.postMessage(report);
  const clock = systemClock;
  const spool = openSpool({
    folder: join(settings.spool.folder, facility),
    bytes: settings.spool.bytes,
    kept_seconds: keptSeconds(settings),
    clock,
    onTrouble: (problem) => tell({ report: "trouble", problem }),
  });
  const link = connectOr(() => void spool.close(), { settings, facility });
  const publisher = openPublisher({ link, facility, settings, spool, newId: uuidv7(clock), clock });
  const heard = announceHeard(link, facility);
  const rules = announceRules(link, facility);
  const unfollow = followActive(link, facility, (active) => tell({ report: "active", active }));
  link.watch((status) => tell({ report: "status", status }));

  const ports = new Set<MessagePort>();
  const outgoing = new Map<MessagePort, Answer[]>();

  function answer(port: MessagePort, given: Answer): void {
    const list = outgoing.get(port);
    if (list !== undefined) return void list.push(given);
    outgoing.set(port, [given]);
    // What becomes durable together crosses in one message.
    queueMicrotask(() => {
      port.postMessage(outgoing.get(port));
      outgoing.delete(port);
    });
  }

  function ask(port: MessagePort, question: Question): void {
    const { id } = question;
    if (question.ask === "checkpoint") {
      answer(port, { answer: "checkpoint", id, checkpoint: undefined });
      return;
    }
    publisher.publish(question.unit).then(
      () => answer(port, { answer: "receipt", id, receipt: receiptOf(question.unit) }),
      (error: unknown) => answer(port, { answer: "problem", id, problem: problemOf(error) }),
    );
  }

  function serve(port: MessagePort): void {
    ports.add(port);
    port.on("message", (questions: Question[]) => {
      for (const question of questions) ask(port, question);
    });
    port.on("close", () => ports.delete(port));
  }

  async function stop(): Promise<void> {
    for (const port of ports) {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        for (const question of next.message as Question[]) ask(port, question);
      }
    }
    unfollow();
    heard.stop();
    rules.stop();
    await publisher.close();
    await link.close();
    for (const port of ports) port.close();
    parent.close();
  }

  parent.on("message", (order: BusOrder) => {
    switch (order.order) {
      case "serve":
        return serve(order.port);
      case "answer":
        return tell({ report: "here" });
      case "report":
        return tell({ report: "report", id: order.id, figures: publisher.report() });
      case "announce":
        if (order.heard !== undefined) heard.say(order.heard);
        if (order.rules === undefined) return;
        publisher.rules(order.rules.active);
        return rules.say(order.rules);
      case "stop":
        return void stop();
    }
  });
  tell({ report: "ready" });
}

function connectOr(giveUp: () => void, { settings, facility }: BusThreadOptions): BusLink {
  try {
    return connectBus(settings, { role: "receiver", facility });
  } catch (error) {
    giveUp();
    throw error;
  }
}

/** What a store would answer: of duplicates only the record knows. */
function receiptOf({ writes }: SealedUnit): Receipt {
  return {
    outcome: "committed",
    alerts: writes.filter(({ write }) => write === "alert").map(() => "stored" as const),
  };
}

if (parentPort !== null) {
  try {
    serveBus(workerData as BusThreadOptions, parentPort);
    settle();
  } catch (error) {
    parentPort.postMessage({ report: "refused", problem: problemOf(error) } satisfies BusReport);
    parentPort.close();
  }
}
