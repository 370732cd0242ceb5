import {
  createShapes,
  type Layout,
  layoutOf,
  MOST_CELLS,
  type Readers,
  readLayout,
  type Shapes,
} from "./shape.ts";

export type Scalar = string | number | boolean | null;

/**
 * One event as rules see it: each value is found once, however many fields it is read as, and spelt and folded
 * once at most, when a rule first asks.
 *
 * One subject serves many events in turn; a stamp tells what belongs to the present one.
 */
export interface Subject {
  event: unknown;
  stamp: number;
  readers: Readers;
  shapes: Shapes;
  layout: Layout;
  values: Slots<readonly Scalar[] | undefined>;
  texts: Slots<readonly string[]>;
  folded: Slots<readonly string[]>;
  /** The number under which all keywords are read, after those of the fields. */
  keywords: number;
  keywordsCell: number;
}

interface Slots<T> {
  stamps: Int32Array;
  values: T[];
}

const NONE: readonly string[] = [];

function slots<T>(count: number, empty: T): Slots<T> {
  return { stamps: new Int32Array(count), values: Array<T>(count).fill(empty) };
}

export function createSubject(readers: Readers): Subject {
  const shapes = createShapes(readers);
  const count = MOST_CELLS + readers.fields.length + 2;
  return {
    event: undefined,
    stamp: 0,
    readers,
    shapes,
    layout: readLayout(shapes, {}),
    values: slots(count, undefined),
    texts: slots(count, NONE),
    folded: slots(count, NONE),
    keywords: readers.fields.length,
    keywordsCell: count - 1,
  };
}

/** Turns the subject to another event. */
export function turnTo(subject: Subject, event: object): void {
  subject.event = event;
  subject.layout = layoutOf(subject.shapes, event) ?? readLayout(subject.shapes, event);
  subject.stamp += 1;
  if (subject.stamp > 2_000_000_000) {
    subject.stamp = 1;
    for (const each of [subject.values, subject.texts, subject.folded]) each.stamps.fill(0);
  }
}

/** Where the value of a field lies; -1 when the event does not have it. */
export function cellOf(subject: Subject, field: number): number {
  return field === subject.keywords ? subject.keywordsCell : (subject.layout.cellOf[field] as number);
}

/** The value in a cell as it was read. */
export function rawIn(subject: Subject, cell: number): unknown {
  if (cell === subject.keywordsCell) return subject.readers.keywords(subject.event as never);
  const { computed } = subject.layout;
  const read = computed.size === 0 ? undefined : computed.get(cell);
  return read === undefined ? subject.shapes.values[cell] : read(subject.event as never);
}

function valuesIn(subject: Subject, cell: number): readonly Scalar[] | undefined {
  const { values, stamp } = subject;
  if (values.stamps[cell] === stamp) return values.values[cell];
  values.stamps[cell] = stamp;
  const value = rawIn(subject, cell);
  const read = value === undefined ? undefined : scalars(value);
  values.values[cell] = read;
  return read;
}

/** The values of a field; undefined when the event does not have it. */
export function valuesOf(subject: Subject, field: number): readonly Scalar[] | undefined {
  const cell = cellOf(subject, field);
  return cell === -1 ? undefined : valuesIn(subject, cell);
}

/** The values in a cell as texts, nulls left out. */
export function textsIn(subject: Subject, cell: number): readonly string[] {
  const { texts, stamp } = subject;
  if (texts.stamps[cell] === stamp) return texts.values[cell] as readonly string[];
  texts.stamps[cell] = stamp;
  const raw = rawIn(subject, cell);
  const spelt = typeof raw === "string" ? [raw] : spell(valuesIn(subject, cell) ?? []);
  texts.values[cell] = spelt;
  return spelt;
}

/** The values of a field as texts, nulls left out; empty when the event does not have it. */
export function textsOf(subject: Subject, field: number): readonly string[] {
  const cell = cellOf(subject, field);
  return cell === -1 ? NONE : textsIn(subject, cell);
}

/** The texts of a field in lower case. */
export function foldedOf(subject: Subject, field: number): readonly string[] {
  const cell = cellOf(subject, field);
  if (cell === -1) return NONE;
  const { folded, stamp } = subject;
  if (folded.stamps[cell] === stamp) return folded.values[cell] as readonly string[];
  folded.stamps[cell] = stamp;
  const texts = textsIn(subject, cell);
  const lower = texts.length === 1 ? [fold(texts[0] as string)] : texts.map(fold);
  folded.values[cell] = lower;
  return lower;
}

/** Says what the texts of a field are in lower case, who knows it already. */
export function knowFolded({ folded, stamp }: Subject, cell: number, texts: readonly string[]): void {
  folded.stamps[cell] = stamp;
  folded.values[cell] = texts;
}

/** Folds case the way rules compare. */
export function fold(text: string): string {
  return text.toLowerCase();
}

function spell(values: readonly Scalar[]): readonly string[] {
  if (values.every((value) => typeof value === "string")) return values;
  return values.flatMap((value) => (value === null ? [] : [String(value)]));
}

/** Levels of lists within lists that values are taken from. */
const DEEPEST = 16;

function scalars(value: unknown, depth = 0): readonly Scalar[] {
  if (isScalar(value)) return [value];
  if (!Array.isArray(value) || depth > DEEPEST) return [];
  if (value.every(isScalar)) return value;
  return value.flatMap((one) => (Array.isArray(one) ? scalars(one, depth + 1) : isScalar(one) ? [one] : []));
}

const isScalar = (value: unknown): value is Scalar => value === null || typeof value !== "object";
