/** A zone found after a time: minutes east of UTC, and the index after it. */
export interface ZoneRead {
  offset: number;
  end: number;
}

/** Abbreviations that devices write; where one has several meanings, the one network vendors document. */
const NAMED = new Map<string, number>([
  ["UTC", 0],
  ["GMT", 0],
  ["UCT", 0],
  ["WET", 0],
  ["WEST", 60],
  ["BST", 60],
  ["CET", 60],
  ["MET", 60],
  ["MEZ", 60],
  ["MESZ", 120],
  ["METDST", 120],
  ["CEST", 120],
  ["MEST", 120],
  ["EET", 120],
  ["SAST", 120],
  ["EEST", 180],
  ["MSK", 180],
  ["IST", 330],
  ["SGT", 480],
  ["HKT", 480],
  ["AWST", 480],
  ["JST", 540],
  ["KST", 540],
  ["AEST", 600],
  ["AEDT", 660],
  ["NZST", 720],
  ["NZDT", 780],
  ["NST", -210],
  ["AST", -240],
  ["ADT", -180],
  ["EST", -300],
  ["EDT", -240],
  ["CST", -360],
  ["CDT", -300],
  ["MST", -420],
  ["MDT", -360],
  ["PST", -480],
  ["PDT", -420],
  ["AKST", -540],
  ["AKDT", -480],
  ["HST", -600],
]);

/** Reads `Z`, `+02:00`, `+0200`, `+02`, a known abbreviation or `TZ-6`, directly or after one space; else undefined. */
export function readZone(text: string, from: number): ZoneRead | undefined {
  const at = text.charCodeAt(from) === 0x20 ? from + 1 : from;
  const code = text.charCodeAt(at);
  if (code === 0x2b || code === 0x2d) {
    // Check Point writes `--5:00`.
    const sign = code === 0x2d && text.charCodeAt(at + 1) === 0x2d ? at + 1 : at;
    return readOffset(text, sign, at > from);
  }
  if ((code === 0x5a || code === 0x7a) && !isWord(text.charCodeAt(at + 1))) return { offset: 0, end: at + 1 };
  if (code >= 0x61 && code <= 0x7a) return readLowerCase(text, at);
  if (code < 0x41 || code > 0x5a) return undefined;
  let end = at + 1;
  while (end < at + 6 && text.charCodeAt(end) >= 0x41 && text.charCodeAt(end) <= 0x5a) end++;
  if (end - at === 2 && text.startsWith("TZ", at)) return readOffset(text, end, true);
  const next = text.charCodeAt(end);
  // `GMT+02:00`, `UTC-5`
  if ((next === 0x2b || next === 0x2d) && end - at === 3 && NAMED.get(text.slice(at, end)) === 0) {
    return readOffset(text, end, true);
  }
  if (isWord(next)) return undefined;
  const offset = NAMED.get(text.slice(at, end));
  return offset === undefined ? undefined : { offset, end };
}

/** `mdt:`: only a colon after it tells a zone in lower case from a host. */
function readLowerCase(text: string, at: number): ZoneRead | undefined {
  const colon = text.charCodeAt(at + 3) === 0x3a ? at + 3 : text.charCodeAt(at + 4) === 0x3a ? at + 4 : -1;
  const offset = colon < 0 ? undefined : NAMED.get(text.slice(at, colon).toUpperCase());
  return offset === undefined ? undefined : { offset, end: colon };
}

function readOffset(text: string, at: number, spaced: boolean): ZoneRead | undefined {
  let i = at + 1;
  let hours = 0;
  let digits = 0;
  while (digits < 4 && text.charCodeAt(i) >= 0x30 && text.charCodeAt(i) <= 0x39) {
    hours = hours * 10 + text.charCodeAt(i) - 0x30;
    digits++;
    i++;
  }
  let minutes = 0;
  if (digits === 4) {
    minutes = hours % 100;
    hours = Math.floor(hours / 100);
  } else if (digits === 1 || digits === 2) {
    const tens = text.charCodeAt(i + 1) - 0x30;
    const ones = text.charCodeAt(i + 2) - 0x30;
    if (text.charCodeAt(i) === 0x3a && tens >= 0 && tens <= 5 && ones >= 0 && ones <= 9) {
      minutes = tens * 10 + ones;
      i += 3;
    } else if (digits === 1 && !spaced) return undefined;
  } else return undefined;
  if (hours > 18 || minutes > 59 || isWord(text.charCodeAt(i))) return undefined;
  const total = hours * 60 + minutes;
  return { offset: text.charCodeAt(at) === 0x2d ? -total : total, end: i };
}

/** A letter, a digit, or what may continue a host name: then the word before is no zone. */
function isWord(code: number): boolean {
  const lower = code | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f
  );
}
