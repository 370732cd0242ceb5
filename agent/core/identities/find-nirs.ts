import { type Span, standsApart } from "./span.ts";

// Sex (3, 4, 7 and 8: being registered), year, month (20-42 and 50-99: not known), département, commune, order.
const HEAD = /^[1-478]\d\d(?:0[1-9]|1[0-2]|[23]\d|4[0-2]|[5-9]\d)(?:(?!00)\d\d|2[AB])\d{6}$/;

/**
 * True for 13 characters and a key that INSEE could have given (décret 82-103, art. 4; Corsica by 19 and 18).
 *
 * Numbers given in wait of registration (NIA) are made the same way.
 */
export function isNir(number: string, key: string): boolean {
  return looksLikeNir(number) && Number(key) === keyOf(number);
}

export function keyOf(number: string): number {
  return 97 - (Number(number.replace("2A", "19").replace("2B", "18")) % 97);
}

function looksLikeNir(number: string): boolean {
  return HEAD.test(number) && !number.endsWith("000");
}

const GAP = "[ +]{0,3}";
/** Two digits behind a sign or two, behind the word, or in brackets. */
const KEY = "[ +.\\-/_|]{0,3}(?:\\(\\d\\d\\)|(?:(?:cl[ée]|key)[ :=.]{0,3})?\\d\\d)";
/** Groups as people write them; overseas the département has three digits. */
const GROUPS = ["[1-478]", "\\d\\d", "\\d\\d", "(?:\\d\\d|2[AB])", "\\d{3}", "\\d{3}"];
const OVERSEAS = ["[1-478]", "\\d\\d", "\\d\\d", "9[78]\\d", "\\d\\d", "\\d{3}"];
const POINT = "( ?[^0-9A-Za-z\\n] ?)";

const whole = (groups: readonly string[], gap: string, key: string) =>
  new RegExp(`${groups.join(gap)}${key}`, "iy");

/** One sign between all groups, whatever it is: what mixes them is two addresses or a date and a time. */
const signed = ([first = "", second = "", ...rest]: readonly string[], key: string) =>
  new RegExp(`${first}${POINT}${second}${rest.map((group) => `\\1${group}`).join("")}${key}`, "iy");

const SPELLINGS: readonly RegExp[] = [
  whole(GROUPS, GAP, KEY),
  whole(OVERSEAS, GAP, KEY),
  signed(GROUPS, KEY),
  signed(OVERSEAS, KEY),
  // Digit by digit, and in equal groups.
  /[1-478]([^0-9A-Za-z\n]{1,3})(?:[\dAB]\1){13}\d/iy,
  /[1-478][\dAB]{2}(?: [\dAB]{3}){4}/iy,
  /[1-478][\dAB]{4}(?: [\dAB]{5}){2}/iy,
];
/** Without a key, or with a wrong one, where a label says what it is. */
const LABELLED: readonly RegExp[] = [
  /[1-478](?:[ +.\-/_]{0,2}[\dAB]){14}/iy,
  /[1-478](?:[ +.\-/_]{0,2}[\dAB]){12}/iy,
];
/** Identifiant national de santé calculé, until 2020: only by its label. */
const CALCULATED = /\d{20}(?: ?\d\d)?/y;
/** Without one of these in the whole text no number is labelled. */
const ANY_LABEL = /NIR|NIA|INS|NSS|s[ée]cu|matricule|1\.2\.250\.1\.213\.1\.4/i;
const CALCULATED_LABEL = /INS[-_ ]?C|1\.2\.250\.1\.213\.1\.4\.2(?!\d)/i;

const OID = "1\\.2\\.250\\.1\\.213\\.1\\.4\\.(?:[289]|1[01])(?!\\d)";
const LABEL = new RegExp(
  `(?:(?:^|[^A-Za-z])(?:NIR|NIA|INS|NSS|INS[-_ ]?(?:NIR|NIA|C))(?:[^0-9A-Za-z\\n][^0-9\\n]{0,24})?|s[ée]cu(?:rit[ée])?(?:[_ ]?sociale?)?[^0-9\\n]{0,16}|matricule[_ -]ins[^0-9]{0,8}|${OID}[^0-9]{0,40})$`,
  "i",
);
const LABEL_AFTER = new RegExp(`^[^0-9\\n]{0,40}${OID}`);
const BEFORE = 80;
const AFTER = 70;
const BEGINNING = /(?<!\d)\d/g;

/** Finds social security numbers (NIR, NIA: matricule INS) in a folded text, with the right key or a label. */
export function findNirs(text: string): Span[] {
  const spans: Span[] = [];
  const called = ANY_LABEL.test(text);
  const calculated = called && CALCULATED_LABEL.test(text);
  const shapes = calculated ? [...LABELLED, CALCULATED] : LABELLED;
  BEGINNING.lastIndex = 0;
  for (let found = BEGINNING.exec(text); found !== null; found = BEGINNING.exec(text)) {
    const from = found.index;
    const likely = likelihood(text, from);
    const span =
      (likely === "keyed" ? firstOf(SPELLINGS, (shape) => spelt(shape, text, from)) : undefined) ??
      (called && (likely !== "none" || calculated)
        ? firstOf(shapes, (shape) => labelled(shape, text, from))
        : undefined);
    if (span === undefined) continue;
    spans.push(span);
    BEGINNING.lastIndex = span.to;
  }
  return spans;
}

/** Told from the characters alone, before any spelling is tried: nearly every number is none. */
function likelihood(text: string, from: number): "none" | "unkeyed" | "keyed" {
  let number = "";
  for (let at = from, skipped = 0; number.length < 15 && at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const corsica = number.length === 6 && (code === 0x41 || code === 0x42 || code === 0x61 || code === 0x62);
    if ((code >= 0x30 && code <= 0x39) || corsica) {
      number += text[at];
      skipped = 0;
    } else {
      skipped += 1;
      if (skipped > (number.length < 13 ? 3 : 12)) break;
    }
  }
  const head = number.slice(0, 13).toUpperCase();
  if (!looksLikeNir(head)) return "none";
  return Number(number.slice(13)) === keyOf(head) ? "keyed" : "unkeyed";
}

function firstOf<T>(shapes: readonly RegExp[], find: (shape: RegExp) => T | undefined): T | undefined {
  for (const shape of shapes) {
    const found = find(shape);
    if (found !== undefined) return found;
  }
  return undefined;
}

function spelt(shape: RegExp, text: string, from: number): Span | undefined {
  shape.lastIndex = from;
  const matched = shape.exec(text)?.[0];
  if (matched === undefined) return undefined;
  const characters = bare(matched);
  const [number, key] = [characters.slice(0, 13), characters.slice(13)];
  if (!isNir(number, key) || !standsApart(text, from, from + matched.length)) return undefined;
  return { from, to: from + matched.length, kind: "NIR", value: number };
}

/** A number that is called one, though mistyped: it still names somebody. */
function labelled(shape: RegExp, text: string, from: number): Span | undefined {
  shape.lastIndex = from;
  const matched = shape.exec(text)?.[0];
  if (matched === undefined) return undefined;
  const to = from + matched.length;
  const number = bare(matched).slice(0, shape === CALCULATED ? 20 : 13);
  if (/[0-9]/.test(text[to] ?? "") || (shape !== CALCULATED && !looksLikeNir(number))) return undefined;
  const told =
    LABEL.test(text.slice(Math.max(0, from - BEFORE), from)) || LABEL_AFTER.test(text.slice(to, to + AFTER));
  return told ? { from, to, kind: "NIR", value: number } : undefined;
}

/** Digits and the letter of Corsica, without separators nor the word that announces the key. */
function bare(matched: string): string {
  return matched
    .toUpperCase()
    .replace(/CL[ÉE]|KEY/, "")
    .replace(/[^0-9AB]/g, "");
}
