import { messageOf, type Problem } from "../../agent/core/errors.ts";

/** The members of a list inside a JSON text, and where each of them begins. */
export interface JsonList {
  /** The whole document. */
  document: unknown;
  items: unknown[];
  /** `file:line:column` of a member. */
  whereOf(index: number): string;
}

/** Reads the list that stands at the first of these dotted paths; an empty path is the document itself. */
export function readJsonList(
  text: string,
  file: string,
  paths: readonly string[],
): { list: JsonList; problem?: undefined } | { problem: Problem; list?: undefined } {
  const content = text.startsWith("\ufeff") ? text.slice(1) : text;
  let document: unknown;
  try {
    document = JSON.parse(content);
  } catch (error) {
    return { problem: notJson(messageOf(error), content, file) };
  }
  for (const path of paths) {
    const steps = path === "" ? [] : path.split(".");
    let value: unknown = document;
    for (const step of steps) value = (value as Record<string, unknown> | null | undefined)?.[step];
    if (!Array.isArray(value)) continue;
    let offsets: number[] | undefined;
    const whereOf = (index: number) => {
      offsets ??= offsetsOf(content, steps);
      return placeOf(content, offsets[index] ?? 0, file);
    };
    return { list: { document, items: value, whereOf } };
  }
  return {
    problem: {
      code: "json_without_list",
      where: `${file}:1:1`,
      message: `there is no list at ${paths.map((path) => path || "the top").join(" or ")}`,
      remedy: "give the answer of the interface as it came, or choose another --from",
    },
  };
}

function notJson(message: string, text: string, file: string): Problem {
  const [said = message] = message.split(/, (?:\.\.\.)?"| (?:in JSON )?at position /);
  const where = placeOf(text, faultOf(text), file);
  return { code: "json_invalid", where, message: said.slice(0, 200), remedy: "export again, and wholly" };
}

/** Where a text stops being the beginning of a JSON text: the parser does not always tell. */
function faultOf(text: string): number {
  let sound = 0;
  let wrong = text.length + 1;
  while (wrong - sound > 1) {
    const middle = (sound + wrong) >>> 1;
    if (isBeginning(text.slice(0, middle))) sound = middle;
    else wrong = middle;
  }
  return sound;
}

function isBeginning(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const said = messageOf(error);
    const [, position] = / at position (\d+)/.exec(said) ?? [];
    return (
      said.startsWith("Unexpected end") || said.startsWith("Unterminated") || Number(position) >= text.length
    );
  }
}

function placeOf(text: string, offset: number, file: string): string {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf("\n"); next >= 0 && next < offset; next = text.indexOf("\n", start)) {
    line++;
    start = next + 1;
  }
  return `${file}:${line}:${offset - start + 1}`;
}

/** Where each member of the list at a path begins, in a text known to be JSON. */
function offsetsOf(text: string, steps: readonly string[]): number[] {
  const offsets: number[] = [];
  /** Keys and indexes that lead to where the walk stands; undefined for a member of a list. */
  const path: (string | undefined)[] = [];
  const inside = () => path.length === steps.length + 1 && path.at(-1) === undefined && leads(path, steps);
  let expecting = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === " " || character === "\n" || character === "\r" || character === "\t") continue;
    if (character === "," || character === ":") {
      expecting = character === "," || expecting;
      continue;
    }
    if (expecting && path.at(-1) === undefined && inside() && character !== "]") offsets.push(at);
    expecting = false;
    if (character === "[") {
      path.push(undefined);
      expecting = true;
    } else if (character === "{") path.push("");
    else if (character === "]" || character === "}") path.pop();
    else if (character === '"') {
      const end = endOfText(text, at);
      if (isKey(text, end)) path[path.length - 1] = JSON.parse(text.slice(at, end + 1));
      at = end;
    }
  }
  return offsets;
}

function leads(path: readonly (string | undefined)[], steps: readonly string[]): boolean {
  return steps.every((step, i) => path[i] === step);
}

function endOfText(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

function isKey(text: string, end: number): boolean {
  let at = end + 1;
  while (at < text.length && /\s/.test(text[at] ?? "")) at++;
  return text[at] === ":";
}
