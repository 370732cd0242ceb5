import { isObject, readJson } from "../../shared/json.ts";
import { compileColumns, compilePairs } from "../take-apart.ts";
import { suggestLikes } from "./suggest-like.ts";
import { shapeOf } from "./suggest-shapes.ts";

/** How the texts of a product may be taken apart, as the `read` of a mapping says it. */
export interface SuggestedRead {
  steps: Record<string, unknown>[];
  said: string;
}

/** Texts looked at to find how they are written. */
const LOOKED_AT = 500;
/** Characters of one that are looked at. */
const LONGEST = 8192;
/** Of so many, in which nearly all must be alike. */
const NEARLY_ALL = 0.9;

/** Guesses how texts are taken apart: an object of JSON, pairs, separated values, words at their places; `header` names the columns. */
export function suggestRead(texts: readonly string[], header?: string): SuggestedRead | undefined {
  const told = texts.slice(0, LOOKED_AT).filter((text) => text.trim() !== "");
  if (told.length === 0) return undefined;
  const json = jsonRead(told);
  if (json !== undefined) return json;
  const some = told.map((text) => text.slice(0, LONGEST));
  return pairsRead(some) ?? columnsRead(some, header) ?? likesRead(some);
}

function isNearlyAll(texts: readonly string[], holds: (text: string) => boolean): boolean {
  return texts.filter(holds).length >= texts.length * NEARLY_ALL;
}

function jsonRead(texts: readonly string[]): SuggestedRead | undefined {
  const holdsObject = (text: string) => {
    const from = text.indexOf("{");
    return from >= 0 && isObject(jsonOf(text.slice(from)));
  };
  if (!isNearlyAll(texts, holdsObject)) return undefined;
  return { steps: [{ json: true }], said: "the text holds a JSON object" };
}

function jsonOf(text: string): unknown {
  const read = readJson(text);
  return "value" in read ? read.value : undefined;
}

const BETWEEN = [", ", "; ", " | ", "|", ";", ",", "\t", " - ", " "];
const WITHIN = ["=", ": ", ":"];
const NAME = /^[A-Za-z_][\w./-]{0,39}(?: [A-Za-z_][\w./-]{0,29}){0,2}$/;

function pairsRead(texts: readonly string[]): SuggestedRead | undefined {
  let best: { pairs: { between: string; within: string }; good: number } | undefined;
  for (const between of BETWEEN) {
    for (const within of WITHIN) {
      // Names and values would be taken for each other.
      if (between === " " && within === ": ") continue;
      const good = goodPairs(texts, compilePairs(between, within));
      if (good > (best?.good ?? 0)) best = { pairs: { between, within }, good };
    }
  }
  if (best === undefined) return undefined;
  return { steps: [{ pairs: best.pairs }], said: "the text is pairs of names and values" };
}

/** How many pairs texts hold that look like pairs; 0 when too many do not, or too few texts hold any. */
function goodPairs(texts: readonly string[], take: ReturnType<typeof compilePairs>): number {
  let good = 0;
  let bad = 0;
  let holding = 0;
  for (const text of texts) {
    const names = new Set<string>();
    take(text, (name, value) => {
      // A pair within a value: the marks are others.
      if (NAME.test(name) && !/[=;|]/.test(value) && !/, \w+: /.test(value)) names.add(name);
      else bad++;
    });
    good += names.size;
    if (names.size >= 2) holding++;
  }
  return holding < texts.length * NEARLY_ALL || bad * 10 > good ? 0 : good;
}

const SEPARATORS = [";", "|", "\t", ","];
/** Columns that make a text one of separated values, and those that are named. */
const LEAST_COLUMNS = 4;
const MOST_COLUMNS = 100;

function columnsRead(texts: readonly string[], header: string | undefined): SuggestedRead | undefined {
  for (const separator of SEPARATORS) {
    const rows = texts.map((text) => columnsOf(text, separator));
    const width = rows[0]?.length ?? 0;
    if (width < LEAST_COLUMNS || width > MOST_COLUMNS) continue;
    const alike = rows.filter(({ length }) => length === width);
    if (alike.length < rows.length * NEARLY_ALL) continue;
    // Commas of a sentence.
    const blanks = alike.flat().filter((value) => value.startsWith(" ")).length;
    if (separator === "," && blanks * 2 > alike.length * width) continue;
    const named = header === undefined ? [] : columnsOf(header.trim(), separator);
    const columns = named.length === width ? named.map(ownColumn) : namesByShape(alike, width);
    return { steps: [{ columns: unique(columns), separator }], said: "the text is separated values" };
  }
  return undefined;
}

function columnsOf(text: string, separator: string): string[] {
  const names = Array.from({ length: MOST_COLUMNS + 1 }, (_, i) => `${i}`);
  const values: string[] = [];
  compileColumns(names, separator)(text, (name, value) => {
    values[Number(name)] = value;
  });
  const count = values.length;
  // Empty columns at the end are told by no value.
  let trailing = 0;
  while (text.endsWith(separator.repeat(trailing + 1)) && trailing < MOST_COLUMNS) trailing++;
  return Array.from({ length: count === 0 ? 0 : count + trailing }, (_, i) => values[i] ?? "");
}

const ownColumn = (name: string): string => name.trim().replaceAll(" ", "_");

function namesByShape(rows: readonly string[][], width: number): string[] {
  return Array.from({ length: width }, (_, i) => {
    const shapes = new Set(
      rows.map((row) => row[i] ?? "").map((value) => (value === "" ? "" : shapeOf(value))),
    );
    shapes.delete("");
    const [shape] = shapes;
    return shapes.size === 1 && shape ? shape : `column_${i + 1}`;
  });
}

function unique(names: readonly string[]): string[] {
  const taken = new Map<string, number>();
  return names.map((name) => {
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return count === 1 ? name : `${name}_${count}`;
  });
}

function likesRead(texts: readonly string[]): SuggestedRead | undefined {
  const like = suggestLikes(texts);
  return like.length === 0 ? undefined : { steps: [{ like }], said: "the words that vary, at their places" };
}
