import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CORE_SCHEMA, load } from "js-yaml";
import { z } from "zod";
import { englishMoment } from "./moment.ts";

/**
 * What pages say, in English, by what they say in French. What stands in a hole is put into English too, unless the
 * English names it `{0!}`: then it is what a person or a source wrote.
 */
export interface Catalogue {
  /** The English of a sentence with holes `{0}`, `{1}`…; undefined when it is not known. */
  find(french: string): string | undefined;
  /** A value in English where it is one of our own phrases or an instant, else as it is. */
  say(value: unknown): unknown;
}

/** Our phrases are shorter: what is longer came from elsewhere, and is not searched. */
const LONGEST = 600;
/** A phrase in the hole of a phrase in a hole. */
const DEEPEST = 3;

/** Between the phrases of a list. */
const SEPARATORS = [" · ", " ; "];
const MOST_LISTED = 50;

const Phrases = z.record(z.string(), z.string());

/** A phrase cut at its holes: `Repris par {0}.` is `["Repris par ", "."]`. */
interface Pattern {
  pieces: readonly string[];
  /** Which hole of the French stands where; `english` names them. */
  holes: readonly number[];
  english: string;
}

/** The sentences of the views, which are looked for by themselves. */
const SENTENCES = "pages.yml";
/** What joins words within phrases: too short to be looked for in a text that may be anyone's. */
const JOINTS = "joints.yml";

/** Reads the phrases beside this file, each file for one part of the pages. */
export function loadCatalogue(folder = import.meta.dirname): Catalogue {
  const read = (name: string) =>
    Object.entries(Phrases.parse(load(readFileSync(join(folder, name), "utf8"), { schema: CORE_SCHEMA })));
  const said = readdirSync(folder).filter(
    (name) => name.endsWith(".yml") && ![SENTENCES, JOINTS].includes(name),
  );
  return openCatalogue({
    sentences: new Map(read(SENTENCES)),
    phrases: new Map(said.flatMap(read)),
    joints: new Map(read(JOINTS)),
  });
}

export function openCatalogue({
  sentences,
  phrases,
  joints = new Map(),
}: {
  sentences: ReadonlyMap<string, string>;
  phrases: ReadonlyMap<string, string>;
  joints?: ReadonlyMap<string, string>;
}): Catalogue {
  // A title says what a view says elsewhere; with holes, a sentence is too short to be looked for in any text.
  const fixed = [...sentences].filter(([french]) => !french.includes("{"));
  const whole = searched(new Map([...fixed, ...phrases]));
  const within = searched(new Map([...fixed, ...phrases, ...joints]));

  function say(value: unknown, depth: number): unknown {
    if (typeof value !== "string" || value.length > LONGEST) return value;
    const text = plain(value).trim();
    if (text === "") return value;
    const { known, patterns } = depth === 0 ? whole : within;
    const exact =
      known.get(text) ?? englishMoment(text) ?? (depth > 0 ? inTheMiddle(text, known) : undefined);
    if (exact !== undefined) return exact;
    if (depth === DEEPEST) return value;
    const listed = depth > 0 ? sayList(text, true) : undefined;
    if (listed !== undefined) return listed;
    for (const pattern of [...(patterns.get(startOf(text)) ?? []), ...(patterns.get("") ?? [])]) {
      const found = match(text, pattern.pieces);
      if (found === undefined) continue;
      const byHole = new Map(pattern.holes.map((hole, index) => [hole, found[index] ?? ""]));
      return pattern.english.replace(/\{(\d)(!?)\}/g, (_, hole, own) => {
        const text = byHole.get(Number(hole)) ?? "";
        return own === "" ? String(say(text, depth + 1)) : text;
      });
    }
    return sayList(text, false) ?? value;
  }

  /** Each phrase of a list; undefined for what is none, or `wholly` where one of them is not ours. */
  function sayList(text: string, wholly: boolean): string | undefined {
    const separator = SEPARATORS.find((each) => text.includes(each));
    if (separator === undefined) return undefined;
    const parts = text.split(separator);
    if (parts.length > MOST_LISTED) return undefined;
    const said = parts.map((each) => String(say(each, 1)));
    if (wholly && said.some((each, n) => each === parts[n])) return undefined;
    return said.join(separator === " ; " ? "; " : separator);
  }

  return {
    find: (french) => sentences.get(french),
    say: (value) => say(value, 0),
  };
}

/** A phrase that stands within another, and so begins with a small letter. */
function inTheMiddle(text: string, known: ReadonlyMap<string, string>): string | undefined {
  const english = known.get(`${text.charAt(0).toUpperCase()}${text.slice(1)}`);
  return english && `${english.charAt(0).toLowerCase()}${english.slice(1)}`;
}

/** Phrases by their whole text, and those with holes by how they begin. */
function searched(phrases: ReadonlyMap<string, string>): {
  known: ReadonlyMap<string, string>;
  patterns: ReadonlyMap<string, readonly Pattern[]>;
} {
  const known = new Map([...phrases].map(([french, english]) => [plain(french), english]));
  const patterns = new Map<string, Pattern[]>();
  for (const [french, english] of known) {
    const pattern = cut(french, english);
    if (pattern === undefined) continue;
    const begin = pattern.pieces[0] ?? "";
    const start = begin.length < START ? "" : startOf(begin);
    patterns.set(start, [...(patterns.get(start) ?? []), pattern]);
  }
  // The one that says most is tried first.
  for (const each of patterns.values()) each.sort((a, b) => weight(b) - weight(a));
  return { known, patterns };
}

/** No-break spaces are spelling, not sense. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

/** Phrases are looked for by how they begin; those that begin with a hole, or nearly, stand under "". */
const START = 3;
const startOf = (text: string) => text.slice(0, START);

const weight = ({ pieces }: Pattern) => pieces.join("").length;

function cut(french: string, english: string): Pattern | undefined {
  const holes = [...french.matchAll(/\{(\d)\}/g)].map(([, hole]) => Number(hole));
  if (holes.length === 0) return undefined;
  return { pieces: french.split(/\{\d\}/), holes, english };
}

/** What stands in the holes, each taken as short as the pieces allow; linear in the text. */
function match(text: string, pieces: readonly string[]): string[] | undefined {
  const [first = "", ...rest] = pieces;
  if (!text.startsWith(first)) return undefined;
  const found: string[] = [];
  let at = first.length;
  for (const [index, piece] of rest.entries()) {
    const last = index === rest.length - 1;
    const next = last
      ? text.endsWith(piece)
        ? text.length - piece.length
        : -1
      : piece === ""
        ? at
        : text.indexOf(piece, at);
    if (next < at) return undefined;
    found.push(text.slice(at, next));
    at = next + piece.length;
  }
  return found;
}
