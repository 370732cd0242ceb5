/** A text as a reader means it, each character with the place in the original that it came from. */
export interface FoldedText {
  /** One code unit a place: separators and digits of every script in their ASCII form, escapes read, what is invisible left out. */
  text: string;
  /** Where the character at a place begins in the original; undefined when the two are the same, place by place. */
  start?: Int32Array | undefined;
  /** Where it ends. */
  end?: Int32Array | undefined;
}

/** Nothing to fold: printable ASCII without the signs that begin an escape. */
const PLAIN = /^[\n\x20-\x22\x24\x27-\x5b\x5d-\x7e]*$/;
const INVISIBLE = /[\p{Cf}\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]|[^\P{Cc}\t\n\r\x0b]/u;
const DIGIT = /\p{Nd}/u;
const SPACE = /[\p{Zs}\t]/u;
const DASH = /[\p{Pd}\u2212\u00af]/u;
const LINE = /[\n\r\v\f\u0085\u2028\u2029]/;

const REPLACEMENT = 0xfffd;
const CODES = { space: 0x20, line: 0x0a, dash: 0x2d, dot: 0x2e, zero: 0x30 } as const;

/** Reads a text as its reader does, so that no spelling hides a number; linear, and never fails. */
export function foldText(original: string): FoldedText {
  if (PLAIN.test(original)) return { text: original };
  const length = original.length;
  const codes = new Uint16Array(length);
  const start = new Int32Array(length);
  const end = new Int32Array(length);
  let count = 0;
  for (let at = 0; at < length; ) {
    const first = original.charCodeAt(at);
    const escaped = escapeAt(original, at, first);
    const point = escaped?.point ?? (original.codePointAt(at) as number);
    const next = at + (escaped?.length ?? (point > 0xffff ? 2 : 1));
    const code = point < 0x80 && point >= 0x20 && point < 0x7f ? point : foldedCode(point);
    if (code !== undefined) {
      codes[count] = code;
      start[count] = at;
      end[count] = next;
      count += 1;
    }
    at = next;
  }
  return { text: textOf(codes.subarray(0, count)), start, end };
}

function textOf(codes: Uint16Array): string {
  const parts: string[] = [];
  for (let at = 0; at < codes.length; at += 8192)
    parts.push(String.fromCharCode(...codes.subarray(at, at + 8192)));
  return parts.join("");
}

const folded = new Map<number, number | undefined>();

/** What stands for a character; undefined for one that nobody sees. */
function foldedCode(point: number): number | undefined {
  if (folded.has(point)) return folded.get(point);
  const code = computedCode(point);
  // As many as a text of hostile characters can hold must not stay in memory.
  if (folded.size < 4096) folded.set(point, code);
  return code;
}

function computedCode(point: number): number | undefined {
  const character = String.fromCodePoint(point);
  if (LINE.test(character)) return CODES.line;
  if (SPACE.test(character)) return CODES.space;
  if (INVISIBLE.test(character)) return undefined;
  if (DASH.test(character)) return CODES.dash;
  if (DIGIT.test(character)) return CODES.zero + digitOf(point);
  const compatible = character.normalize("NFKC");
  if (compatible.length === 1) return compatible.charCodeAt(0);
  return point > 0xffff ? REPLACEMENT : point;
}

/** Digits of a script stand in tens, one after the other (Unicode Standard, 4.6). */
function digitOf(point: number): number {
  const compatible = String.fromCodePoint(point).normalize("NFKC");
  if (/^[0-9]$/.test(compatible)) return Number(compatible);
  let before = 0;
  while (before < 100 && DIGIT.test(String.fromCodePoint(point - before - 1))) before += 1;
  return before % 10;
}

const ENTITIES: readonly [name: string, point: number][] = [
  ["&nbsp;", 0xa0],
  ["&ensp;", 0x2002],
  ["&thinsp;", 0x2009],
  ["&shy;", 0xad],
  ["&zwj;", 0x200d],
  ["&zwnj;", 0x200c],
  ["&quot;", 0x22],
  ["&apos;", 0x27],
  ["&amp;", 0x26],
  ["&lt;", 0x3c],
  ["&gt;", 0x3e],
];
const NUMBERED = /&#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));/iy;
/** Up to two texts of JSON within one another. */
const HEXADECIMAL = /\\{1,4}(?:u([0-9a-f]{4})|u\{([0-9a-f]{1,6})\}|x([0-9a-f]{2}))/iy;
const PERCENT = /(?:%[0-9a-f]{2}){1,4}/iy;
/** rsyslog writes controls so. */
const OCTAL = /#(0[0-3][0-7])/y;

/** An escape of JSON, URL, HTML or rsyslog at a place; undefined when none is. */
function escapeAt(text: string, at: number, first: number): { point: number; length: number } | undefined {
  if (first === 0x5c) {
    const [whole, ...hex] = matchAt(HEXADECIMAL, text, at) ?? [];
    if (whole !== undefined)
      return { point: valid(Number.parseInt(hex.find(Boolean) ?? "", 16)), length: whole.length };
    const letter = text[at + 1];
    if (letter === "t") return { point: CODES.space, length: 2 };
    return letter === "n" || letter === "r" ? { point: CODES.line, length: 2 } : undefined;
  }
  if (first === 0x25) return percentAt(text, at);
  if (first === 0x26) {
    const [whole, hex, decimal = ""] = matchAt(NUMBERED, text, at) ?? [];
    if (whole !== undefined)
      return {
        point: valid(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
        length: whole.length,
      };
    const entity = ENTITIES.find(([name]) => text.startsWith(name, at));
    return entity && { point: entity[1], length: entity[0].length };
  }
  if (first === 0x23) {
    const [whole, octal = ""] = matchAt(OCTAL, text, at) ?? [];
    if (whole !== undefined) return { point: Number.parseInt(octal, 8), length: whole.length };
  }
  return undefined;
}

/** One character of UTF-8 in percent signs. */
function percentAt(text: string, at: number): { point: number; length: number } | undefined {
  const [whole] = matchAt(PERCENT, text, at) ?? [];
  if (whole === undefined) return undefined;
  const bytes = Buffer.from(whole.replaceAll("%", ""), "hex");
  const lead = bytes[0] as number;
  const size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  const point = bytes.subarray(0, size).toString("utf8").codePointAt(0) ?? REPLACEMENT;
  return point === REPLACEMENT || size > bytes.length ? undefined : { point, length: size * 3 };
}

function valid(point: number): number {
  return point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff) ? point : REPLACEMENT;
}

function matchAt(shape: RegExp, text: string, at: number): RegExpExecArray | null {
  shape.lastIndex = at;
  return shape.exec(text);
}
