import type { MessagePort } from "node:worker_threads";
import { messageOf, type Problem, TocsinError } from "../core/errors.ts";
import type { Checkpoint } from "../core/journal.ts";
import type { SealedUnit } from "./seal.ts";
import type { Receipt } from "./store.ts";

/** What a client asks the store thread, over its port. */
export type Question =
  | { ask: "commit"; id: number; unit: SealedUnit }
  | { ask: "checkpoint"; id: number; facility: string };

/** What the store thread answers; a port receives its answers in lists. */
export type Answer =
  | { answer: "receipt"; id: number; receipt: Receipt }
  | { answer: "checkpoint"; id: number; checkpoint: Checkpoint | undefined }
  | { answer: "problem"; id: number; problem: Problem };

/** What the thread that started the store tells it. */
export type Order = { order: "serve"; port: MessagePort } | { order: "answer" | "stop" };

/** What the store thread tells the one that started it. */
export type Report =
  | { report: "ready" }
  | { report: "here" }
  | { report: "refused" | "trouble"; problem: Problem };

/** An error as data, to cross between threads; the sentence already holds its place and remedy. */
export function problemOf(thrown: unknown): Problem {
  return { code: thrown instanceof TocsinError ? thrown.code : "unexpected", message: messageOf(thrown) };
}
