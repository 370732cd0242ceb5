import { AlertTag } from "../../agent/core/alert.ts";
import type { ParseRecord } from "../contract.ts";
import { addTag, draftOf, keepOriginal } from "./draft.ts";

/** Characters of a text from which its beginning is still worth reading: no address, name or hash is as long. */
const LONG = 256;
/** Objects and lists in one another, beyond which nothing is mended. */
const DEEPEST = 64;

/**
 * Closes a JSON text that was cut short: whole members stay, with the beginning of a long text.
 *
 * A short value that was cut goes: the half of an address is another address. Undefined when nothing whole is left,
 * and when what stands there is wrong rather than cut.
 */
export function mendJson(text: string): string | undefined {
  const start = text.search(/[{[]/);
  if (start < 0) return undefined;
  /** What would close each object and list that is open. */
  const open: string[] = [];
  // Where the text may be closed, and how much is open there.
  let end = 0;
  let depth = 0;
  let members = 0;
  let at = start;
  /** Whether a value may come: not where an object's name does. */
  let named = false;
  const whole = (): void => {
    end = at;
    depth = open.length;
    members++;
  };
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const isValue = named || open.at(-1) === "]";
    if (code === 0x22) {
      const close = endOfString(text, at + 1);
      if (close.at === undefined) {
        if (!isValue || text.length - at < LONG) break;
        return closed(`${text.slice(start, close.last)}"`, open, open.length);
      }
      at = close.at + 1;
      if (isValue) whole();
      if (isValue) named = false;
    } else if (code === 0x7b || code === 0x5b) {
      if (open.length === DEEPEST) return undefined;
      open.push(code === 0x7b ? "}" : "]");
      named = false;
      at++;
    } else if (code === 0x7d || code === 0x5d) {
      open.pop();
      at++;
      if (open.length === 0) return undefined;
      whole();
    } else if (code === 0x3a) {
      named = true;
      at++;
    } else if (code === 0x2c || code <= 0x20) {
      at++;
    } else {
      const from = at;
      while (at < text.length && isBare(text.charCodeAt(at))) at++;
      // What stands at the very end may go on: 12 of 120.
      if (at === from || at === text.length) break;
      whole();
      named = false;
    }
  }
  return members === 0 ? undefined : closed(text.slice(start, end), open, depth);
}

/** Reads a record of JSON that was cut short as far as it goes, with the error that says so. */
export function readsCut(parse: ParseRecord): ParseRecord {
  return (text, context) => {
    const parsed = parse(text, context);
    if (parsed.error?.code !== "not_json") return parsed;
    const mended = mendJson(text);
    const { alert, error } = mended === undefined ? parsed : parse(mended, context);
    if (alert === undefined || error !== undefined) return parsed;
    keepOriginal(draftOf(alert), text);
    addTag(alert, AlertTag.cut);
    return { alert, error: parsed.error };
  };
}

function closed(text: string, open: readonly string[], depth: number): string | undefined {
  const mended = text + open.slice(0, depth).reverse().join("");
  try {
    JSON.parse(mended);
    return mended;
  } catch {
    return undefined;
  }
}

/** Where a string ends; when it does not, where its last whole character does. */
function endOfString(
  text: string,
  from: number,
): { at: number; last?: undefined } | { at?: undefined; last: number } {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { at };
    if (code !== 0x5c) at++;
    else {
      const length = text.charCodeAt(at + 1) === 0x75 ? 6 : 2;
      if (at + length > text.length) break;
      at += length;
    }
  }
  return { last: Math.min(at, text.length) };
}

/** Numbers, `true`, `false` and `null`. */
function isBare(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2e
  );
}
