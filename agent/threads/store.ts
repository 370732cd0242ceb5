import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { MICROSECONDS, systemClock } from "../core/clock.ts";
import type { Checkpoint } from "../core/journal.ts";
import type { Committed } from "../store/committed.ts";
import { loadSigningKey } from "../store/keys.ts";
import { type Answer, type Order, problemOf, type Question, type Report } from "../store/messages.ts";
import type { SealedUnit } from "../store/seal.ts";
import { openSqliteWriter } from "../store/sqlite/writer.ts";
import type { StoreThreadOptions } from "../store/thread.ts";
import { settle } from "./settle.ts";

/** Writes in one group at most: what a group waits for its disk stays short. */
const GROUP_WRITES = 2000;
/** A facility's chain is signed after so many entries, or so much time when there is at least one. */
const CHECKPOINT_ENTRIES = 10_000;
const CHECKPOINT_EVERY = 5 * MICROSECONDS.minute;

/** The one that writes, of either engine. */
interface Writer {
  commitGroup(units: readonly SealedUnit[]): Awaitable<Committed[]>;
  checkpoint(facility: string): Awaitable<Checkpoint | undefined>;
  unsigned(entries: number): string[];
  close(): Awaitable<void>;
}
type Awaitable<T> = T | Promise<T>;

type Asked = { port: MessagePort; question: Question };

/** Holds the writing connection: what arrives while a group is on its way to the disk makes the next group. */
function serveStore(writer: Writer, parent: MessagePort): void {
  const ports = new Set<MessagePort>();
  const waiting: Asked[] = [];
  /** A turn of work is under way, or about to come. */
  let busy = false;
  let troubled = false;
  /** Called once nothing is left to do. */
  let idle: (() => void) | undefined;

  function tell(report: Report): void {
    parent.postMessage(report);
  }

  function enqueue(asked: Asked): void {
    waiting.push(asked);
    if (busy) return;
    busy = true;
    // After the messages that have arrived: all of them share the group.
    setImmediate(work);
  }

  async function work(): Promise<void> {
    const answers = new Map<MessagePort, Answer[]>();
    for (const { port, answer } of await answerGroup(writer, nextGroup(waiting))) {
      const list = answers.get(port);
      if (list === undefined) answers.set(port, [answer]);
      else list.push(answer);
    }
    for (const [port, list] of answers) port.postMessage(list);
    await checkpoint(CHECKPOINT_ENTRIES);
    busy = waiting.length > 0;
    if (busy) setImmediate(work);
    else idle?.();
  }

  async function checkpoint(entries: number): Promise<void> {
    try {
      for (const facility of writer.unsigned(entries)) await writer.checkpoint(facility);
      troubled = false;
    } catch (error) {
      // Tried anew at the next occasion: commits do not depend on it. Said once, until it works again.
      if (!troubled) tell({ report: "trouble", problem: problemOf(error) });
      troubled = true;
    }
  }

  function serve(port: MessagePort): void {
    ports.add(port);
    port.on("message", (questions: Question[]) => {
      for (const question of questions) enqueue({ port, question });
    });
    port.on("close", () => ports.delete(port));
  }

  const clock = setInterval(() => void checkpoint(1), CHECKPOINT_EVERY / 1000);

  async function stop(): Promise<void> {
    clearInterval(clock);
    for (const port of ports) {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        for (const question of next.message as Question[]) enqueue({ port, question });
      }
    }
    if (busy)
      await new Promise<void>((resolve) => {
        idle = resolve;
      });
    await checkpoint(1);
    await writer.close();
    for (const port of ports) port.close();
    parent.close();
  }

  parent.on("message", (order: Order) => {
    if (order.order === "serve") serve(order.port);
    else if (order.order === "answer") tell({ report: "here" });
    else void stop();
  });
  tell({ report: "ready" });
}

/** Takes from the front what makes one group: a checkpoint alone, or commits up to the bound. */
function nextGroup(waiting: Asked[]): Asked[] {
  let writes = 0;
  let length = 0;
  for (const { question } of waiting) {
    if (question.ask === "checkpoint") {
      if (length === 0) length = 1;
      break;
    }
    writes += question.unit.writes.length;
    if (length > 0 && writes > GROUP_WRITES) break;
    length += 1;
  }
  return waiting.splice(0, length);
}

async function answerGroup(writer: Writer, group: Asked[]): Promise<{ port: MessagePort; answer: Answer }[]> {
  const answered = (answers: Answer[]) =>
    group.map(({ port }, index) => ({ port, answer: answers[index] as Answer }));
  try {
    const first = group[0]?.question;
    if (first?.ask === "checkpoint") {
      return answered([
        { answer: "checkpoint", id: first.id, checkpoint: await writer.checkpoint(first.facility) },
      ]);
    }
    const asked = group.map(({ question }) => question as Question & { ask: "commit" });
    const done = await writer.commitGroup(asked.map(({ unit }) => unit));
    return answered(
      done.map((receipt, index) => {
        const id = asked[index]?.id as number;
        if (receipt.outcome === "failed") return { answer: "problem", id, problem: receipt.problem };
        return { answer: "receipt", id, receipt };
      }),
    );
  } catch (error) {
    // The whole group failed and nothing of it is written; the next one is tried anew.
    const problem = problemOf(error);
    return answered(group.map(({ question }) => ({ answer: "problem", id: question.id, problem })));
  }
}

async function openWriter({ record, keyFile, lease }: StoreThreadOptions): Promise<Writer> {
  const own = { signingKey: loadSigningKey(keyFile), clock: systemClock };
  if (record.engine === "sqlite") return openSqliteWriter({ file: record.file, ring: record.ring, ...own });
  // Of one machine the other engine is not loaded.
  const { openPostgresWriter } = await import("../store/postgres/writer.ts");
  const { place, checkpointsFile } = record;
  return openPostgresWriter({ place, checkpointsFile, lease, ...own });
}

async function main(parent: MessagePort): Promise<void> {
  try {
    serveStore(await openWriter(workerData as StoreThreadOptions), parent);
    settle();
  } catch (error) {
    parent.postMessage({ report: "refused", problem: problemOf(error) } satisfies Report);
    parent.close();
  }
}

if (parentPort !== null) void main(parentPort);
