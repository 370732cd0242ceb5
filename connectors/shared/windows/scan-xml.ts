import { keyTable } from "../key-table.ts";

/** One step through plain XML: an element opens with its attributes, holds text, closes. */
export interface XmlStep {
  kind: "open" | "text" | "close";
  /** The name of what opens, or the text. */
  text: string;
  /** Names and values by turns. */
  attributes: readonly string[];
}

const NO_ATTRIBUTES: readonly string[] = [];
const CLOSE: XmlStep = { kind: "close", text: "", attributes: NO_ATTRIBUTES };
/** Elements open at once, and attributes of one, beyond which a record is not plain. */
const MOST_OPEN = 64;
const MOST_ATTRIBUTES = 32;

/** What XML forbids; halves of surrogate pairs are refused whole, rightly or not. */
const NOT_PLAIN = /[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/;
const ENTITIES = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
]);

const nameAt = keyTable(() => undefined);

/** Where the scan stands. */
let source = "";
let at = 0;
/** Whether some of the text may mean other than it says: most records hold none such. */
let special = false;

/**
 * Scans the XML that Windows writes: elements, attributes, text, comments, CDATA, the five entities and characters by
 * number. Undefined for anything else, faults too: a whole XML parser is to be asked, and gives these same steps.
 */
export function scanXml(text: string): XmlStep[] | undefined {
  if (NOT_PLAIN.test(text)) return undefined;
  source = text;
  at = 0;
  special = /[&\r\n\t]|\]\]>/.test(text);
  const steps = scan();
  source = "";
  return steps;
}

function scan(): XmlStep[] | undefined {
  const steps: XmlStep[] = [];
  const open: string[] = [];
  while (at < source.length) {
    if (source.charCodeAt(at) !== 0x3c) {
      const text = textUpTo("<", source.length);
      // Text around the first element, as before a cut one, is for the other parser to judge.
      if (text === undefined || open.length === 0 || (special && text.includes("]]>"))) return undefined;
      steps.push({ kind: "text", text, attributes: NO_ATTRIBUTES });
      continue;
    }
    const next = source.charCodeAt(at + 1);
    if (next === 0x2f) {
      at += 2;
      const name = open.pop();
      if (name === undefined || !source.startsWith(name, at)) return undefined;
      at += name.length;
      passSpace();
      if (source.charCodeAt(at++) !== 0x3e) return undefined;
      steps.push(CLOSE);
    } else if (next === 0x21) {
      const text = readMarked();
      if (text === undefined || open.length === 0) return undefined;
      if (text !== "") steps.push({ kind: "text", text, attributes: NO_ATTRIBUTES });
    } else {
      at++;
      const name = readName();
      const attributes = name === "" ? undefined : readAttributes();
      if (attributes === undefined || open.length >= MOST_OPEN) return undefined;
      steps.push({ kind: "open", text: name, attributes });
      const empty = source.charCodeAt(at) === 0x2f;
      if (empty) at++;
      if (source.charCodeAt(at++) !== 0x3e) return undefined;
      if (empty) steps.push(CLOSE);
      else open.push(name);
    }
  }
  return open.length === 0 ? steps : undefined;
}

/** Reads a name of ASCII letters, digits and `_-.:`; empty when none stands here. */
function readName(): string {
  const from = at;
  while (NAME[source.charCodeAt(at)] === 1) at++;
  const first = source.charCodeAt(from);
  // Neither a digit, a hyphen nor a point begins a name; a colon might be anything.
  if (at === from || first < 0x41) return "";
  return nameAt(source, from, at).name;
}

const NAME = new Uint8Array(128);
for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:") {
  NAME[letter.charCodeAt(0)] = 1;
}

function passSpace(): boolean {
  const from = at;
  for (let code = source.charCodeAt(at); code === 0x20 || (code >= 0x09 && code <= 0x0d); ) {
    code = source.charCodeAt(++at);
  }
  return at > from;
}

/** Reads the attributes of a tag up to its end; undefined when they are not plain. */
function readAttributes(): readonly string[] | undefined {
  let attributes: string[] | undefined;
  while (passSpace()) {
    const code = source.charCodeAt(at);
    if (code === 0x3e || code === 0x2f) break;
    const name = readName();
    passSpace();
    if (name === "" || source.charCodeAt(at++) !== 0x3d) return undefined;
    passSpace();
    const quote = source[at++];
    if (quote !== '"' && quote !== "'") return undefined;
    const value = textUpTo(quote, -1);
    attributes ??= [];
    if (value === undefined || attributes.length >= 2 * MOST_ATTRIBUTES) return undefined;
    for (let each = 0; each < attributes.length; each += 2) if (attributes[each] === name) return undefined;
    // Data are named by this one: the same names over and over.
    attributes.push(name, name === "Name" ? nameAt(value, 0, value.length).name : value);
    at++;
  }
  return attributes ?? NO_ATTRIBUTES;
}

/** Reads text up to a mark, or to the end if there is one; undefined when it is not plain. */
function textUpTo(mark: string, last: number): string | undefined {
  const found = source.indexOf(mark, at);
  const end = found < 0 ? last : found;
  if (end < 0) return undefined;
  const raw = source.slice(at, end);
  at = end;
  const inAttribute = mark !== "<";
  if (inAttribute && raw.includes("<")) return undefined;
  if (!special) return raw;
  const lines = raw.replace(/\r\n?/g, "\n");
  return withoutEntities(inAttribute ? lines.replace(/[\t\n]/g, " ") : lines);
}

function withoutEntities(text: string): string | undefined {
  let out = "";
  let from = 0;
  for (let and = text.indexOf("&"); and >= 0; and = text.indexOf("&", from)) {
    // The longest is `&#1114111;`.
    const end = text.slice(and, and + 10).indexOf(";");
    const character = end < 0 ? undefined : characterOf(text.slice(and + 1, and + end));
    if (character === undefined) return undefined;
    out += text.slice(from, and) + character;
    from = and + end + 1;
  }
  return out + text.slice(from);
}

function characterOf(entity: string): string | undefined {
  if (entity.charCodeAt(0) !== 0x23) return ENTITIES.get(entity);
  const hex = /^#x[0-9a-fA-F]{1,6}$/.test(entity);
  if (!hex && !/^#\d{1,7}$/.test(entity)) return undefined;
  const code = hex ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
  const character = code > 0x10_ffff ? "\0" : String.fromCodePoint(code);
  return NOT_PLAIN.test(character) ? undefined : character;
}

/** Reads a comment, which says nothing, or CDATA; undefined for any other declaration. */
function readMarked(): string | undefined {
  const comment = source.startsWith("<!--", at);
  if (!comment && !source.startsWith("<![CDATA[", at)) return undefined;
  const from = at + (comment ? 4 : 9);
  const end = source.indexOf(comment ? "--" : "]]>", from);
  if (end < 0 || (comment && source.charCodeAt(end + 2) !== 0x3e)) return undefined;
  at = end + 3;
  return comment ? "" : source.slice(from, end).replace(/\r\n?/g, "\n");
}
