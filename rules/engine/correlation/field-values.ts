import { createHash } from "node:crypto";
import { alertReader, eventReader } from "../taxonomy.ts";

/** What a rule matched: an alert, whose fields Sigma's names lead to, or a JSON event under its own names. */
export interface Subject {
  kind: "alert" | "event";
  event: object;
}

/** The texts that a field has, at most 16; none when the subject does not have it or it is empty. */
export type ReadTexts = (subject: Subject) => string[];

const MOST_VALUES = 16;
/** Characters of a value beyond which a digest stands for it in a key. */
const LONGEST = 120;
const SEPARATOR = "\u001f";

export function textsReader(name: string): ReadTexts {
  const ofAlert = alertReader(name);
  const ofEvent = eventReader(name);
  return ({ kind, event }) => {
    const value = kind === "alert" ? ofAlert(event) : ofEvent(event as Record<string, unknown>);
    if (typeof value === "string") return value === "" ? [] : [value];
    return value === undefined ? [] : textsOf(value);
  };
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  if (typeof value === "number" || typeof value === "boolean") return [String(value)];
  if (!Array.isArray(value)) return [];
  const found = new Set<string>();
  for (const one of value) {
    for (const text of textsOf(one)) found.add(text);
    if (found.size >= MOST_VALUES) break;
  }
  return [...found].slice(0, MOST_VALUES);
}

/** Every way to take one value of each field, at most 16. */
export function combinations(fields: readonly string[][]): string[][] {
  const [only] = fields;
  if (fields.length === 1 && only?.length === 1) return [only];
  let found: string[][] = [[]];
  for (const values of fields) {
    found = found.flatMap((taken) => values.map((value) => [...taken, value]));
    if (found.length > MOST_VALUES) found = found.slice(0, MOST_VALUES);
  }
  return found;
}

/** What equal values have in common: Sigma compares without case, and so do groups. */
export function keyOf(values: readonly string[]): string {
  let key = "";
  for (const value of values) {
    // What separates values may be in one of several: the others would be read into it.
    const apart = value.length > LONGEST || (values.length > 1 && value.includes(SEPARATOR));
    key += (apart ? digestOf(value) : value.toLowerCase()) + SEPARATOR;
  }
  return key;
}

/** The same key in memory of its own: one put together keeps its parts, and the record they were cut from. */
export function ownKey(key: string): string {
  return key === "" ? "" : [key.slice(0, -1), ""].join(SEPARATOR);
}

const digestOf = (value: string) => createHash("sha256").update(value.toLowerCase()).digest("base64");

/** The number that a text spells; undefined when it is none. */
export function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text.length > 40) return undefined;
  const trimmed = text.trim();
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?$/i.test(trimmed)) return undefined;
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : undefined;
}
