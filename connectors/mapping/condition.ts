import type { Alert } from "../../agent/core/alert.ts";
import { type FieldReader, fieldReader, isOwnField, textOfField } from "./field-reader.ts";
import type { When } from "./schema.ts";

/** One field and what it must be. */
export interface Condition {
  field: string;
  read: FieldReader;
  /** The values as they are written, one of which it must be; none for a field that must be absent. */
  texts: readonly string[];
  /** The values, when each is a text as it stands. */
  values: ReadonlySet<string> | undefined;
  /** What the values begin with, a character each, when all begin with one that is told. */
  begins: ReadonlySet<number> | undefined;
  holds(alert: Alert): boolean;
  /** What was wanted, as it is written. */
  wanted: string;
  /** What it must not be, as it is written. */
  refused?: string;
}

/** Compiles the conditions of a `when`; all of them must hold. */
export function conditionsOf(when: When, readerOf = fieldReader): Condition[] {
  return Object.entries(when).map(([field, told]) => {
    if (typeof told === "object" && told !== null && !Array.isArray(told)) {
      const [refused] = conditionsOf({ [field]: told.not }, readerOf);
      return negationOf(refused as Condition);
    }
    const wanted = told;
    const read = readerOf(field);
    if (wanted === null) {
      const holds = (alert: Alert) => isBare(read(alert));
      return { field, read, texts: [], values: undefined, begins: undefined, wanted: "absent", holds };
    }
    const texts = (Array.isArray(wanted) ? wanted : [wanted]).map(String);
    const written = texts.join(" or ");
    if (!texts.some((text) => text.includes("*"))) {
      const values = new Set(texts);
      const isOne = (text: string) => values.has(text);
      const holds = (alert: Alert) => some(read(alert), isOne);
      return { field, read, texts, values, begins: undefined, wanted: written, holds };
    }
    const tests = texts.map(likeTest);
    const begins = texts.every((text) => /^[^*]/.test(text))
      ? new Set(texts.map((text) => text.charCodeAt(0)))
      : undefined;
    const isLike = (text: string) => tests.some((test) => test(text));
    const holds = (alert: Alert) => some(read(alert), isLike);
    return { field, read, texts, values: undefined, begins, wanted: written, holds };
  });
}

/** What holds when the other does not; by itself it tells no product. */
function negationOf({ field, read, wanted, holds }: Condition): Condition {
  return {
    field,
    read,
    texts: [],
    values: undefined,
    begins: undefined,
    wanted: wanted === "absent" ? "*" : "absent",
    refused: wanted,
    holds: (alert) => !holds(alert),
  };
}

/** Says whether all of a `when` holds. */
export function whenTest(
  when: When | undefined,
  readerOf = fieldReader,
): ((alert: Alert) => boolean) | undefined {
  if (when === undefined) return undefined;
  const conditions = conditionsOf(when, readerOf);
  const [only] = conditions;
  if (only !== undefined && conditions.length === 1) return only.holds;
  return (alert) => {
    for (const condition of conditions) if (!condition.holds(alert)) return false;
    return true;
  };
}

/** A field of the source that must be there for all of a `when` to hold; undefined when none must. */
export function neededByWhen(when: When | undefined): string | undefined {
  return Object.entries(when ?? {}).find(
    ([field, told]) => isOwnField(field) && (typeof told !== "object" || Array.isArray(told)),
  )?.[0];
}

const isBare = (value: ReturnType<FieldReader>) => value === undefined || value === null || value === "";

function some(value: ReturnType<FieldReader>, test: (text: string) => boolean): boolean {
  if (typeof value === "string") return value !== "" && test(value);
  if (Array.isArray(value)) return value.some((each) => test(String(each)));
  const text = textOfField(value);
  return text !== undefined && test(text);
}

/** A text with `*` for any characters, case counting; the pieces are looked for from left to right, once each. */
function likeTest(pattern: string): (text: string) => boolean {
  const pieces = pattern.split("*");
  const first = pieces[0] ?? "";
  const last = pieces.at(-1) ?? "";
  if (pieces.length === 1) return (text) => text === pattern;
  const inner = pieces.slice(1, -1).filter((piece) => piece !== "");
  // Most texts lack the longest piece.
  const longest = pieces.reduce((a, b) => (b.length > a.length ? b : a));
  return (text) => {
    if (!text.includes(longest) || text.length < first.length + last.length) return false;
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const piece of inner) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= text.length - last.length;
  };
}
