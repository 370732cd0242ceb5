import { isWord, type Span, standsApart } from "./span.ts";

/** How a facility writes one of its own identifiers of patients: IPP, IEP, number of an examination. */
export interface IdentifierPattern {
  /** What the mark says: `IPP`. */
  name: string;
  /** Characters and classes in a row: `80\d{8}`, `[A-Z]{2}-\d{6}`. */
  pattern: string;
  /** Words of which one must stand just before; needed where the form alone says too little. */
  after: readonly string[];
}

/** A pattern made ready. */
export interface CompiledPattern {
  name: string;
  /** One place each; an optional one may be left out. */
  places: readonly Place[];
  after: RegExp | undefined;
}

interface Place {
  fits: (code: number) => boolean;
  optional: boolean;
}

/** Places of a pattern: a search then costs no more than that at each word of a text. */
const LONGEST = 40;
const SHORTEST = 6;
const SHORTEST_AFTER = 4;

/** What an incident is understood by: a pattern that fits one of these takes the evidence away. */
const TO_BE_KEPT = [
  "65535",
  "20261115",
  "021407",
  "20261115021407",
  "1763172847",
  "1763172847123",
  "192.0.2.17",
  "192.0.2.17:51487",
  "2001:db8:0:1:2:3:4:5",
  "2026-11-15",
  "15/11/2026",
  "02:14:07",
  "2026-11-15T02:14:07Z",
  "CVE-2026-12345",
  "00:1b:44:11:3a:b7",
  "deadbeef",
  "d41d8cd98f00b204e9800998ecf8427e",
  "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
];

const OFFERED = "write characters, \\d, [A-Z], [0-9A-F], each with {n}, {n,m} or ? after it";

/** Makes a pattern ready, or says why it is refused: it has no endless parts, so that no text can make it slow. */
export function compilePattern({
  name,
  pattern,
  after,
}: IdentifierPattern): CompiledPattern | { refused: string } {
  const places: Place[] = [];
  for (let at = 0; at < pattern.length; ) {
    const unit = unitAt(pattern, at);
    if ("refused" in unit) return unit;
    at += unit.length;
    const [repeat, least = "", comma, most = ""] =
      /^(?:\{(\d{1,2})(?:(,)(\d{1,2}))?\}|\?)/.exec(pattern.slice(at)) ?? [];
    at += repeat?.length ?? 0;
    const fewest = repeat === undefined ? 1 : repeat === "?" ? 0 : Number(least);
    const times = repeat === "?" || repeat === undefined ? 1 : Number(comma === undefined ? least : most);
    if (times < fewest) return { refused: `"${repeat}" counts backwards` };
    if (places.length + times > LONGEST) return { refused: `longer than ${LONGEST} characters` };
    for (let i = 0; i < times; i += 1) places.push({ fits: unit.fits, optional: i >= fewest });
  }
  const shortest = places.filter(({ optional }) => !optional).length;
  const least = after.length > 0 ? SHORTEST_AFTER : SHORTEST;
  if (shortest < least)
    return { refused: `it fits texts of ${shortest} characters, of which nearly anything is one` };
  const words = after.map((word) => word.replace(/[^\p{L}\p{N} ]/gu, "\\$&")).join("|");
  const compiled = {
    name,
    places,
    after:
      after.length === 0
        ? undefined
        : new RegExp(`(?:^|[^\\p{L}])(?:${words})(?:[^0-9\\p{L}\\n]{0,6}n[°o])?[^0-9\\p{L}\\n]{0,12}$`, "iu"),
  };
  const kept =
    after.length > 0 ? undefined : TO_BE_KEPT.find((text) => findIdentifiers(text, compiled).length > 0);
  if (kept !== undefined)
    return {
      refused: `it also fits ${kept}, which must stay readable; make it narrower, or name the words it stands after`,
    };
  return compiled;
}

function unitAt(pattern: string, at: number): { fits: Place["fits"]; length: number } | { refused: string } {
  const character = pattern[at] as string;
  if (character === "\\") {
    const escaped = pattern[at + 1] ?? "";
    if (escaped === "d") return { fits: isDigit, length: 2 };
    if (/^[!-/:-@[-`{-~]$/.test(escaped)) return { fits: literal(escaped), length: 2 };
    return { refused: `"\\${escaped}" is not read here; ${OFFERED}` };
  }
  if (character === "[") {
    const [whole, inner] =
      /^\[((?:[0-9A-Za-z]-[0-9A-Za-z]|[0-9A-Za-z_ /-])+)\]/.exec(pattern.slice(at)) ?? [];
    if (whole === undefined || inner === undefined)
      return { refused: `"${pattern.slice(at, at + 12)}" is not read here; ${OFFERED}` };
    const shape = new RegExp(`^${whole}$`, "i");
    const table = Array.from({ length: 128 }, (_, code) => shape.test(String.fromCharCode(code)));
    return { fits: (code) => table[code] ?? false, length: whole.length };
  }
  if (/[\p{L}\p{N}_\-/#:@ ]/u.test(character)) return { fits: literal(character), length: 1 };
  return { refused: `"${character}" is not read here; ${OFFERED}` };
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

function literal(character: string): Place["fits"] {
  const [lower, upper] = [character.toLowerCase().charCodeAt(0), character.toUpperCase().charCodeAt(0)];
  return (code) => code === lower || code === upper;
}

/** Finds a facility's identifiers in a folded text: whole words, or right behind the word that announces them. */
export function findIdentifiers(text: string, { name, places, after }: CompiledPattern): Span[] {
  const spans: Span[] = [];
  for (let from = 0; from < text.length; from += 1) {
    if (isWord(text[from - 1]) && (after === undefined || /[0-9]/.test(text[from - 1] as string))) continue;
    if (!canBegin(places, text.charCodeAt(from))) continue;
    const to = longest(text, from, places);
    if (to === undefined || isWord(text[to]) || !standsApart(text, from, to)) continue;
    if (after !== undefined && !after.test(text.slice(Math.max(0, from - LONGEST), from))) continue;
    spans.push({
      from,
      to,
      kind: name,
      value: text
        .slice(from, to)
        .toUpperCase()
        .replace(/[^0-9A-Z]/g, ""),
    });
    from = to - 1;
  }
  return spans;
}

function canBegin(places: readonly Place[], code: number): boolean {
  for (const { fits, optional } of places) {
    if (fits(code)) return true;
    if (!optional) return false;
  }
  return false;
}

/** End of the longest match from a place that no word goes on after: all ways at once, a character at a time. */
function longest(text: string, from: number, places: readonly Place[]): number | undefined {
  let reached = closed(new Set([0]), places);
  let end: number | undefined;
  for (let at = from; reached.size > 0; at += 1) {
    if (reached.has(places.length) && !isWord(text[at])) end = at;
    if (at >= text.length) break;
    const code = text.charCodeAt(at);
    const next = new Set<number>();
    for (const place of reached) if (places[place]?.fits(code)) next.add(place + 1);
    reached = closed(next, places);
  }
  return end;
}

function closed(reached: Set<number>, places: readonly Place[]): Set<number> {
  // A set is walked in the order of insertion, what is added on the way included.
  for (const place of reached) if (places[place]?.optional) reached.add(place + 1);
  return reached;
}
