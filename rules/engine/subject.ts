export type Scalar = string | number | boolean | null;

/** Reads one field from an event; undefined when the event does not have it. */
export type ReadField = (event: never) => unknown;

/**
 * One event as rules see it: each field is read, spelt and folded once at most, when a rule first asks.
 *
 * One subject serves many events in turn; a stamp tells what belongs to the present one.
 */
export interface Subject {
  event: unknown;
  stamp: number;
  readers: readonly ReadField[];
  readKeywords: (event: never) => string[];
  read: Slots<readonly Scalar[] | undefined>;
  texts: Slots<readonly string[]>;
  folded: Slots<readonly string[]>;
  /** Fields' slots are followed by one for keywords. */
  keywords: number;
}

interface Slots<T> {
  stamps: Int32Array;
  values: T[];
}

const NONE: readonly string[] = [];

function slots<T>(count: number, empty: T): Slots<T> {
  return { stamps: new Int32Array(count), values: Array<T>(count).fill(empty) };
}

export function createSubject(
  readers: readonly ReadField[],
  readKeywords: (event: never) => string[],
): Subject {
  const count = readers.length + 1;
  return {
    event: undefined,
    stamp: 0,
    readers,
    readKeywords,
    read: slots(count, undefined),
    texts: slots(count, NONE),
    folded: slots(count, NONE),
    keywords: readers.length,
  };
}

/** Turns the subject to another event. */
export function turnTo(subject: Subject, event: unknown): void {
  subject.event = event;
  subject.stamp += 1;
  if (subject.stamp > 2_000_000_000) {
    subject.stamp = 1;
    for (const each of [subject.read, subject.texts, subject.folded]) each.stamps.fill(0);
  }
}

/** The values of a field; undefined when the event does not have it. */
export function valuesOf(subject: Subject, field: number): readonly Scalar[] | undefined {
  const { read, stamp } = subject;
  if (read.stamps[field] === stamp) return read.values[field];
  read.stamps[field] = stamp;
  const event = subject.event as never;
  const value =
    field === subject.keywords ? subject.readKeywords(event) : (subject.readers[field] as ReadField)(event);
  const values = value === undefined ? undefined : scalars(value);
  read.values[field] = values;
  return values;
}

/** The values of a field as texts, nulls left out; empty when the event does not have it. */
export function textsOf(subject: Subject, field: number): readonly string[] {
  const { texts, stamp } = subject;
  if (texts.stamps[field] === stamp) return texts.values[field] as readonly string[];
  texts.stamps[field] = stamp;
  const values = valuesOf(subject, field);
  const spelt = values === undefined ? NONE : spell(values);
  texts.values[field] = spelt;
  return spelt;
}

/** The texts of a field in lower case. */
export function foldedOf(subject: Subject, field: number): readonly string[] {
  const { folded, stamp } = subject;
  if (folded.stamps[field] === stamp) return folded.values[field] as readonly string[];
  folded.stamps[field] = stamp;
  const texts = textsOf(subject, field);
  const lower = texts.length === 1 ? [fold(texts[0] as string)] : texts.map(fold);
  folded.values[field] = lower;
  return lower;
}

/** Folds case the way rules compare. */
export function fold(text: string): string {
  return text.toLowerCase();
}

function spell(values: readonly Scalar[]): readonly string[] {
  if (values.every((value) => typeof value === "string")) return values;
  return values.flatMap((value) => (value === null ? [] : [String(value)]));
}

function scalars(value: unknown): readonly Scalar[] {
  if (isScalar(value)) return [value];
  if (!Array.isArray(value)) return [];
  if (value.every(isScalar)) return value;
  return value.flatMap((one) => (Array.isArray(one) ? scalars(one) : isScalar(one) ? [one] : []));
}

const isScalar = (value: unknown): value is Scalar => value === null || typeof value !== "object";
