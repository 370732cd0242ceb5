import type { RowName } from "../cipher/cipher.ts";
import type { SealedColumn } from "../cipher/sealed-columns.ts";

/** What a statement is given: text, an integer, bytes, or nothing. */
export type Value = string | number | Uint8Array | null;
export type Row = Record<string, unknown>;

/**
 * Work on the record, written once for both engines: it yields what it waits for, and an engine that answers at once
 * lets it run through without a stop.
 */
export type Asking<T> = Generator<PromiseLike<unknown>, T, unknown>;

/** A statement of an engine. */
export interface Statement {
  /** The first row. */
  get(...values: Value[]): Asking<Row | undefined>;
  all(...values: Value[]): Asking<Row[]>;
  /** How many rows it changed. */
  run(...values: Value[]): Asking<number>;
  /** Writes, and is not waited for: what refuses it fails the transaction. */
  put(...values: Value[]): void;
}

/** How the columns of a record are named in statements: those that are sealed are opened where they are read. */
export interface Columns {
  /** A column in clear, for a list of results; `alias` is that of its table. */
  shown(column: SealedColumn, alias?: string): string;
  /** The same, null where it does not open. */
  tried(column: SealedColumn, alias?: string): string;
  /** The same inside a condition. */
  clear(column: SealedColumn, alias?: string): string;
  /** The data key that seals; null when none does. */
  readonly sealing: number | null;
}

/** Makes statements of SQL for one engine, with `?` for each value. */
export interface Sql extends Columns {
  (sql: string): Statement;
  /** What is to be stored for a value of a row. */
  seal<V extends string | Uint8Array | null>(column: SealedColumn, row: RowName, value: V): V | Uint8Array;
  /** The texts of a JSON array that is given as a value, as a question for `IN`. */
  readonly texts: string;
}

/** Runs work through on an engine that answers at once. */
export function atOnce<T>(asking: Asking<T>): T {
  const step = asking.next();
  if (!step.done) throw new Error("this engine answers at once");
  return step.value;
}

/** Runs work on an engine that is waited for; it asks its first question now, and goes on once `ready`. */
export async function inTurn<T>(asking: Asking<T>, ready?: Promise<unknown>): Promise<T> {
  for (let step = asking.next(); ; ) {
    if (step.done) return step.value;
    let answer: unknown;
    try {
      [answer] = await Promise.all([step.value, ready]);
    } catch (error) {
      step = asking.throw(error);
      continue;
    }
    step = asking.next(answer);
  }
}

/** Asks several things that do not wait for each other. */
export function* together<const T extends readonly unknown[]>(
  askings: {
    readonly [K in keyof T]: Asking<T[K]>;
  },
): Asking<T> {
  const begun = askings.map((asking) => ({ asking, step: asking.next() }));
  const waiting = begun.flatMap(({ step }) => (step.done ? [] : [step.value]));
  const answers = waiting.length === 0 ? [] : ((yield Promise.all(waiting)) as unknown[]);
  const done: unknown[] = [];
  for (const { asking, step } of begun) {
    const last = step.done ? step : asking.next(answers.shift());
    if (!last.done) throw new Error("what is asked together is one question each");
    done.push(last.value);
  }
  return done as unknown as T;
}
