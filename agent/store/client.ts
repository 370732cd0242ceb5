import type { MessagePort } from "node:worker_threads";
import { TocsinError } from "../core/errors.ts";
import type { Checkpoint } from "../core/journal.ts";
import type { Answer, Question } from "./messages.ts";
import type { OpenReads } from "./record-place.ts";
import { isLong, type SealedUnit, sealInTurns, sealUnit } from "./seal.ts";
import type { Receipt, Store, Unit } from "./store.ts";

interface Pending {
  resolve(answer: Receipt | Checkpoint | undefined): void;
  reject(error: TocsinError): void;
}

type Asking = { [A in Question["ask"]]: Omit<Extract<Question, { ask: A }>, "id"> }[Question["ask"]];

/** A store over a port, which takes what was sealed elsewhere too. */
export interface StoreClient extends Store {
  commitSealed(unit: SealedUnit): Promise<Receipt>;
}

/** Makes a store of a port of the store thread and a reading connection of one's own, both closed with it. */
export function storeClient(port: MessagePort, reads: OpenReads): StoreClient {
  const pending = new Map<number, Pending>();
  let asked = 0;
  let outgoing: Question[] = [];
  let closed = false;
  let idle: (() => void) | undefined;

  port.on("message", (answers: Answer[]) => {
    for (const answer of answers) {
      const waiting = pending.get(answer.id);
      pending.delete(answer.id);
      if (answer.answer === "problem") waiting?.reject(new TocsinError(answer.problem));
      else waiting?.resolve(answer.answer === "receipt" ? answer.receipt : answer.checkpoint);
    }
    if (pending.size === 0) idle?.();
  });
  port.once("close", () => {
    closed = true;
    for (const { reject } of pending.values()) reject(closedError());
    pending.clear();
    idle?.();
  });

  function ask(question: Asking): Promise<Receipt | Checkpoint | undefined> {
    if (closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      const id = ++asked;
      pending.set(id, { resolve, reject });
      // What is asked during one turn crosses in one message.
      if (outgoing.push({ ...question, id } as Question) === 1) queueMicrotask(send);
    });
  }

  function send(): void {
    port.postMessage(outgoing);
    outgoing = [];
  }

  /** Resolves once what was handed in before is sealed and asked; undefined when it is. */
  let sealing: Promise<void> | undefined;
  async function askInOrder(unit: Unit): Promise<{ asked: ReturnType<typeof ask> }> {
    while (sealing !== undefined) await sealing;
    if (!isLong(unit)) return { asked: ask({ ask: "commit", unit: sealUnit(unit) }) };
    const made = sealInTurns(unit).then((sealed) => ({ asked: ask({ ask: "commit", unit: sealed }) }));
    const done = () => {
      sealing = undefined;
    };
    sealing = made.then(done, done);
    return made;
  }

  return {
    reads,
    async commit(unit) {
      // Mostly at once: who closes right after has it committed.
      if (sealing === undefined && !isLong(unit))
        return (await ask({ ask: "commit", unit: sealUnit(unit) })) as Receipt;
      return (await (
        await askInOrder(unit)
      ).asked) as Receipt;
    },
    commitSealed: async (unit) => (await ask({ ask: "commit", unit })) as Receipt,
    checkpoint: async (facility) => (await ask({ ask: "checkpoint", facility })) as Checkpoint | undefined,
    async close() {
      while (sealing !== undefined) await sealing;
      closed = true;
      if (pending.size > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve;
        });
      }
      port.close();
      await reads.close();
    },
  };
}

function closedError(): TocsinError {
  return new TocsinError({
    code: "store_closed",
    message: "the store is closed; what was not answered may or may not be written",
  });
}
