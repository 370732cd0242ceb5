import { isoFromInstant } from "../../../agent/core/clock.ts";
import type { Inbound } from "../../contract.ts";
import { parseKeyvalue, startOf } from "./parse.ts";
import { readPairs } from "./read-pairs.ts";

export const keyvalue: Inbound = {
  name: "keyvalue",
  summary:
    "Pairs of key=value, as firewalls and logfmt write them: quoted or not, parted by blanks, commas, bars.",
  ways: ["text"],
  example(text, at) {
    const [date, time] = isoFromInstant(at).split(/[TZ.]/);
    return `date=${date} time=${time} devname=tocsin type=canary msg="${text}"`;
  },
  parse: parseKeyvalue,
  recognise,
};

const BEGINNING = 512;
const LEAST_PAIRS = 3;
const LONGEST_KEY = 128;
/** What part of the beginning must be pairs. */
const LEAST_SHARE = 0.6;
/** How many they must be after a text, and what part from the first on. */
const LEAST_AFTER_TEXT = 5;
const SHARE_AFTER_TEXT = 0.7;

function recognise(text: string): { certainty: number; because: string } {
  const none = { certainty: 0, because: "it is not mostly pairs of key and value" };
  if (!mayBePairs(text)) return none;
  const start = startOf(text);
  // Pairs in a text of JSON are not the record's own, nor are attributes of XML.
  if (/^\[?\{\s{0,8}"|^<\?xml\s|^<[A-Za-z]+>/.test(text.slice(start, start + 32))) return none;
  const end = Math.min(text.length, BEGINNING);
  let first = -1;
  const { pairs, characters } = readPairs(text, start, end, (from) => {
    if (first < 0) first = from;
  });
  const mostly = pairs >= LEAST_PAIRS && characters >= (end - start) * LEAST_SHARE;
  if (!mostly && (pairs < LEAST_AFTER_TEXT || characters < (end - first) * SHARE_AFTER_TEXT)) return none;
  return { certainty: 0.65, because: `it is mostly pairs of key and value, ${pairs} in its beginning` };
}

/** A cheap look: as many marks as there must be pairs, or what begins as the two ways without such marks do. */
function mayBePairs(text: string): boolean {
  const first = text.indexOf("=");
  let mark = first;
  for (let marks = 1; mark >= 0 && mark < BEGINNING; marks++) {
    if (marks >= LEAST_PAIRS) return true;
    mark = text.indexOf("=", mark + 1);
  }
  if (isColonQuoted(text, first)) return true;
  const code = text.charCodeAt(0);
  return code >= 0x41 && code <= 0x5a && /^.[^:=]{1,64}: [^=]{1,256}, /s.test(text.slice(0, BEGINNING));
}

/** True when a value in quotes follows a colon before any equals sign, within the longest key. */
function isColonQuoted(text: string, equals: number): boolean {
  const end = equals < 0 ? LONGEST_KEY : Math.min(equals, LONGEST_KEY);
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    const colon = text.charCodeAt(at - 1) === 0x20 ? at - 2 : at - 1;
    if (colon > end) return false;
    if (colon > 0 && text.charCodeAt(colon) === 0x3a) return true;
  }
  return false;
}
