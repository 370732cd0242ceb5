/** `?`: exactly one character. */
export const ONE = Symbol("?");
/** `*`: any characters, none included. */
export const MANY = Symbol("*");
/** A dash of a Windows command line in any of its forms. */
export const DASH = Symbol("dash");

export interface Placeholder {
  placeholder: string;
}
export type Part = string | typeof ONE | typeof MANY | typeof DASH | Placeholder;

/** A Sigma string: literal text between wildcards. */
export type Pattern = readonly Part[];

export const DASHES = "-/\u2013\u2014\u2015";

/** A placeholder's name between percent signs; sticky. */
const PLACEHOLDER = /%([^%\s\\]+)%/y;

/**
 * Reads a Sigma string: `\*`, `\?` and `\\` are escapes, any other backslash is itself. With placeholders, `%name%` is
 * one and `\%` an escape too.
 */
export function parsePattern(text: string, placeholders = false): Pattern {
  const parts: Part[] = [];
  let literal = "";
  const special = (part: Exclude<Part, string>) => {
    if (literal !== "") parts.push(literal);
    literal = "";
    if (part !== MANY || parts.at(-1) !== MANY) parts.push(part);
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    const next = text[at + 1];
    if (
      character === "\\" &&
      (next === "*" || next === "?" || next === "\\" || (placeholders && next === "%"))
    ) {
      literal += next;
      at += 1;
    } else if (character === "*") special(MANY);
    else if (character === "?") special(ONE);
    else {
      PLACEHOLDER.lastIndex = at;
      const name = placeholders && character === "%" ? PLACEHOLDER.exec(text)?.[1] : undefined;
      if (name === undefined) literal += character;
      else {
        special({ placeholder: name });
        at += name.length + 1;
      }
    }
  }
  if (literal !== "") parts.push(literal);
  return parts;
}

/**
 * Finds the placeholders of a regular expression; each is a group of its own, but in a class, and the rest is left as
 * it is. A percent sign after a backslash begins none.
 */
export function partsOfRegex(source: string): Pattern {
  const parts: Part[] = [];
  let literal = "";
  let inClass = false;
  for (let at = 0; at < source.length; at += 1) {
    PLACEHOLDER.lastIndex = at;
    const name = source[at] === "%" ? PLACEHOLDER.exec(source)?.[1] : undefined;
    if (name !== undefined) {
      parts.push(inClass ? literal : `${literal}(?:`, { placeholder: name });
      literal = inClass ? "" : ")";
      at += name.length + 1;
      continue;
    }
    if (source[at] === "[") inClass = true;
    else if (source[at] === "]") inClass = false;
    literal += source[at];
    if (source[at] === "\\" && at + 1 < source.length) {
      at += 1;
      literal += source[at];
    }
  }
  return [...parts, literal];
}

/** Joins neighbouring literals and neighbouring `*`. */
export function joinParts(parts: Pattern): Pattern {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part === "") continue;
    if (typeof part === "string" && typeof last === "string") joined[joined.length - 1] = last + part;
    else if (part !== MANY || last !== MANY) joined.push(part);
  }
  return joined;
}

/** Applies a change to the literal text of a pattern only. */
export function mapLiterals(pattern: Pattern, change: (literal: string) => Part | Part[]): Pattern {
  return joinParts(pattern.flatMap((part) => (typeof part === "string" ? change(part) : [part])));
}

/** The literal text of a pattern that has no wildcard; undefined when it has one. */
export function plainText(pattern: Pattern): string | undefined {
  if (pattern.length === 0) return "";
  return pattern.length === 1 && typeof pattern[0] === "string" ? pattern[0] : undefined;
}

/** Writes a pattern as a rule would. */
export function writePattern(pattern: Pattern): string {
  return pattern
    .map((part) => {
      if (typeof part === "string") return part.replaceAll(/[*?]/g, "\\$&");
      if (part === ONE) return "?";
      if (part === MANY) return "*";
      return part === DASH ? "-" : `%${part.placeholder}%`;
    })
    .join("");
}

/** What lies between two `*`, with its longest literal as the anchor to look for. */
interface Piece {
  parts: (string | typeof ONE | typeof DASH)[];
  literal: string | undefined;
}

function piecesOf(pattern: Pattern): Piece[] {
  const pieces: Piece[] = [];
  let parts: Piece["parts"] = [];
  const close = () => {
    const only = parts.length === 1 ? parts[0] : undefined;
    const literal = parts.length === 0 ? "" : typeof only === "string" ? only : undefined;
    pieces.push({ parts, literal });
    parts = [];
  };
  for (const part of pattern) {
    if (part === MANY) close();
    else if (typeof part !== "object") parts.push(part);
  }
  close();
  return pieces;
}

/** End of the piece matched at `at`, or -1. */
function matchPiece(piece: Piece, text: string, at: number): number {
  if (piece.literal !== undefined) return text.startsWith(piece.literal, at) ? at + piece.literal.length : -1;
  let here = at;
  for (const part of piece.parts) {
    if (typeof part === "string") {
      if (!text.startsWith(part, here)) return -1;
      here += part.length;
      continue;
    }
    const code = text.codePointAt(here);
    if (code === undefined) return -1;
    if (part === DASH && !DASHES.includes(text[here] as string)) return -1;
    here += code > 0xffff ? 2 : 1;
  }
  return here;
}

/** Start of the first occurrence of the piece at or after `from`, or -1. */
function findPiece(piece: Piece, text: string, from: number): number {
  if (piece.literal !== undefined) return text.indexOf(piece.literal, from);
  const first = piece.parts[0];
  const dashes = piece.parts.findIndex((part) => part !== DASH);
  const after = piece.parts[dashes];
  if (dashes > 0 && typeof after === "string") {
    // A dash is one unit long: what follows the dashes is looked for, and they before it.
    for (let at = text.indexOf(after, from + dashes); at !== -1; at = text.indexOf(after, at + 1)) {
      if (matchPiece(piece, text, at - dashes) !== -1) return at - dashes;
    }
    return -1;
  }
  for (let at = from; at <= text.length; at += 1) {
    if (typeof first === "string") {
      at = text.indexOf(first, at);
      if (at === -1) return -1;
    }
    if (matchPiece(piece, text, at) !== -1) return at;
  }
  return -1;
}

/** Whether the piece ends the text, beginning no earlier than `from`. */
function endsWithPiece(piece: Piece, text: string, from: number): boolean {
  if (piece.literal !== undefined) {
    return text.length - piece.literal.length >= from && text.endsWith(piece.literal);
  }
  let least = 0;
  let most = 0;
  for (const part of piece.parts) {
    least += typeof part === "string" ? part.length : 1;
    most += typeof part === "string" ? part.length : 2;
  }
  for (let at = Math.max(from, text.length - most); at <= text.length - least; at += 1) {
    if (matchPiece(piece, text, at) === text.length) return true;
  }
  return false;
}

/**
 * Compiles a pattern into a test of a whole text; both must already be folded when case does not count.
 *
 * Each piece is looked for once, leftmost first: no backtracking, whatever the text.
 */
export function compilePattern(pattern: Pattern): (text: string) => boolean {
  const pieces = piecesOf(pattern);
  const first = pieces[0] as Piece;
  const last = pieces.at(-1) as Piece;
  if (pieces.length === 1) {
    const whole = first.literal;
    if (whole !== undefined) return (text) => text === whole;
    return (text) => matchPiece(first, text, 0) === text.length;
  }
  const middle = pieces.slice(1, -1);
  if (
    first.literal !== undefined &&
    last.literal !== undefined &&
    middle.every((piece) => piece.literal !== undefined)
  ) {
    return compileLiterals(
      first.literal,
      middle.map((piece) => piece.literal as string),
      last.literal,
    );
  }
  return (text) => {
    let at = matchPiece(first, text, 0);
    if (at === -1) return false;
    for (const piece of middle) {
      const found = findPiece(piece, text, at);
      if (found === -1) return false;
      at = matchPiece(piece, text, found);
    }
    return endsWithPiece(last, text, at);
  };
}

/** The common shapes without `?`: starts, ends, contains, and their mixtures. */
function compileLiterals(first: string, middle: string[], last: string): (text: string) => boolean {
  if (middle.length === 0) {
    if (last === "") return (text) => text.startsWith(first);
    if (first === "") return (text) => text.endsWith(last);
    return (text) =>
      text.length >= first.length + last.length && text.startsWith(first) && text.endsWith(last);
  }
  const only = middle[0] as string;
  if (middle.length === 1 && first === "" && last === "") return (text) => text.includes(only);
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const literal of middle) {
      const found = text.indexOf(literal, at);
      if (found === -1) return false;
      at = found + literal.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
}
