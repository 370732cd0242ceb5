import { RE2JS } from "re2js";
import { messageOf } from "../../agent/core/errors.ts";

/** Takes a text apart, telling each field it finds; false when the text has another shape. */
export type TakeApart = (text: string, each: (name: string, value: string) => void) => boolean;

const SPACE = 0x20;
/** Fields of one text beyond which the rest is left. */
const MOST = 256;

interface Hole {
  /** Empty for what is left out. */
  name: string;
  /** Whether it may hold spaces, or nothing at all. */
  any: boolean;
  /** What stands after it; undefined at the end of the pattern. */
  until: string | undefined;
}

/**
 * Compiles `Deny {proto} src {if}:{ip}/{port}` into a reader that goes over the text once.
 *
 * A name stands for a word up to what follows it, `{name...}` for any text; `_` is left out and `{{` is a brace. A space
 * stands for several too. What follows the pattern is not looked at. Refused: two names with nothing between them.
 */
export function compileLike(pattern: string): TakeApart | { refused: string } {
  const pieces = pattern.split(/(\{\{|\{[A-Za-z_][\w.-]*(?:\.\.\.)?\})/);
  const holes: Hole[] = [];
  let begins = "";
  for (const piece of pieces) {
    const last = holes.at(-1);
    if (piece.startsWith("{") && piece.endsWith("}")) {
      if (last !== undefined && last.until === undefined)
        return { refused: `nothing stands between two names at ${piece}` };
      const any = piece.endsWith("...}");
      const name = piece.slice(1, any ? -4 : -1);
      holes.push({ name: name === "_" ? "" : name, any, until: undefined });
    } else if (piece !== "") {
      const text = piece === "{{" ? "{" : piece;
      if (last === undefined) begins += text;
      else last.until = (last.until ?? "") + text;
    }
  }
  if (holes.length === 0) return { refused: "it has no {name}" };
  return (text, each) => {
    if (!text.startsWith(begins)) return false;
    const found: string[] = [];
    let at = afterSpaces(text, begins, 0);
    for (const { any, until } of holes) {
      let end: number;
      let next: number;
      if (until === undefined) next = end = any ? text.length : endOfWord(text, at);
      else if (!any && until.charCodeAt(0) === SPACE) {
        end = endOfWord(text, at);
        next = afterSpaces(text, " ", end);
        const rest = until.trimStart();
        if (end === text.length || !text.startsWith(rest, next)) return false;
        next = afterSpaces(text, rest, next);
      } else {
        end = any ? text.indexOf(until, at) : indexInWord(text, until, at);
        if (end < 0) return false;
        next = afterSpaces(text, until, end);
      }
      if (!any && end === at) return false;
      found.push(text.slice(at, end));
      at = next;
    }
    for (let i = 0; i < holes.length; i++) {
      const name = holes[i]?.name ?? "";
      if (name !== "") each(name, found[i] ?? "");
    }
    return true;
  };
}

/** Where a piece that stands at `from` ends; a space that ends it stands for several. */
function afterSpaces(text: string, piece: string, from: number): number {
  let at = from + piece.length;
  if (piece.endsWith(" ")) while (text.charCodeAt(at) === SPACE) at++;
  return at;
}

/** Where a piece stands in the word at `from` or begins just after it; -1 when nowhere there. */
function indexInWord(text: string, piece: string, from: number): number {
  const first = piece.charCodeAt(0);
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === first && text.startsWith(piece, at)) return at;
    if (code <= SPACE) return -1;
  }
  return -1;
}

function endOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) > 0x20) at++;
  return at;
}

/** Makes a reader of separated values; a value may stand in double quotes, where a quote is doubled. */
export function compileColumns(names: readonly string[], separator: string): TakeApart {
  return (text, each) => {
    let at = 0;
    for (const [i, name] of names.entries()) {
      let value: string;
      let end: number;
      if (text.charCodeAt(at) === 0x22) {
        const close = closingQuote(text, at + 1, true);
        value = text.slice(at + 1, close).replaceAll('""', '"');
        end = text.indexOf(separator, close);
      } else {
        end = text.indexOf(separator, at);
        value = text.slice(at, end < 0 ? text.length : end);
      }
      // One value alone is another format.
      if (end < 0 && i === 0) return false;
      if (name !== "_" && value !== "") each(name, value);
      if (end < 0) return true;
      at = end + separator.length;
    }
    return true;
  };
}

/** Makes a reader of names with values, the values possibly in double quotes. */
export function compilePairs(between: string, within: string): TakeApart {
  return (text, each) => {
    let at = 0;
    let found = 0;
    while (at < text.length && found < MOST) {
      const sign = text.indexOf(within, at);
      if (sign < 0) break;
      // What stands before a name without one of its own is passed over.
      const mark = text.lastIndexOf(between, sign - 1);
      const name = text.slice(mark < at ? at : mark + between.length, sign).trim();
      let from = sign + within.length;
      if (between.trim() !== "") while (text.charCodeAt(from) === 0x20) from++;
      const quoted = text.charCodeAt(from) === 0x22;
      const close = quoted ? closingQuote(text, from + 1, false) : from;
      const end = text.indexOf(between, close);
      // At the end of the text a separator may lack the space that ends it.
      const trimmed = between.trimEnd();
      const last = trimmed !== "" && text.endsWith(trimmed) ? text.length - trimmed.length : text.length;
      const stop = end < 0 ? Math.max(from, last) : end;
      const value = quoted
        ? text.slice(from + 1, close).replaceAll('\\"', '"')
        : text.slice(from, stop).trim();
      if (name !== "" && value !== "") {
        each(name, value);
        found++;
      }
      at = stop + between.length;
    }
    return found > 0;
  };
}

function closingQuote(text: string, from: number, doubled: boolean): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c && !doubled) at++;
    else if (code === 0x22) {
      if (!doubled || text.charCodeAt(at + 1) !== 0x22) return at;
      at++;
    }
  }
  return text.length;
}

/** Where a match may begin, as the engine numbers it: anywhere. */
const UNANCHORED = 0;

/** Compiles a regular expression for the linear-time engine; its named groups are the fields. */
export function compilePattern(source: string): TakeApart | { refused: string } {
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(source);
  } catch (thrown) {
    return { refused: messageOf(thrown) };
  }
  const names = Object.entries(pattern.namedGroups());
  if (names.length === 0) return { refused: "it has no named group, (?P<name>…)" };
  const expression = pattern.re2();
  const groups = 1 + pattern.groupCount();
  return (text, each) => {
    // Most texts have another shape, which takes far less to say than where the groups are.
    if (!pattern.test(text)) return false;
    const [, ends] = expression.matchWithGroup(text, 0, text.length, UNANCHORED, groups);
    for (const [name, group] of names) {
      const from: number = ends[2 * group];
      const to: number = ends[2 * group + 1];
      if (to > from) each(name, text.slice(from, to));
    }
    return true;
  };
}
