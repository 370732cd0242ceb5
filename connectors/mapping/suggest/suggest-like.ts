import { targetOf } from "./suggest-names.ts";
import { shapeOf } from "./suggest-shapes.ts";

/** Words of a text that are looked at. */
const MOST_WORDS = 40;
/** Models that are suggested. */
const MOST_MODELS = 8;
/** Characters of a text that are looked at. */
const LONGEST = 1000;

/** Guesses models of texts for `like`: what is alike in texts of one build stands, what varies has a name. */
export function suggestLikes(texts: readonly string[]): string[] {
  const builds = Map.groupBy(
    texts.map((text) => text.slice(0, LONGEST).split(" ", MOST_WORDS)),
    (words) => `${words.length} ${varies(words[0] ?? "") ? "" : words[0]}`,
  );
  return [...builds.values()]
    .toSorted((a, b) => b.length - a.length)
    .slice(0, MOST_MODELS)
    .flatMap((rows) => modelOf(rows) ?? []);
}

/** What the word after such a name is: another in the next record. */
const SMALL = /^(?:for|from|to|of|by|on|at|in|with|is|was|has|had|not|via|and|de|du|par|pour|sur|est)$/i;
const NAMED = new Set(["user.name", "user.target.name", "source", "destination", "host", "file.name"]);

/** True for a word that is likely to be another in the next record. */
function varies(word: string): boolean {
  return /\d/.test(word) || shapeOf(bare(word)) !== undefined;
}

const bare = (word: string): string => word.replace(/^["'([<]+/, "").replace(/["')\]>,;.:]+$/, "");

/** The model of texts of as many words each; undefined when nothing tells it, or nothing varies. */
function modelOf(rows: readonly string[][]): string | undefined {
  const [first = []] = rows;
  const names = new Set<string>();
  let literal = false;
  let held = false;
  const model = first.map((word, i) => {
    const words = rows.map((row) => row[i] ?? "");
    if (words.some((each) => each === "")) return undefined;
    const named =
      rows.length === 1 && !SMALL.test(word) && NAMED.has(targetOf(bare(first[i - 1] ?? ""))?.target ?? "");
    if (words.every((each) => each === word) && !varies(word) && !named) {
      literal ||= /[A-Za-z]{3}/.test(word);
      return word.replaceAll("{", "{{");
    }
    held = true;
    const { before, after } = around(words);
    const name = nameOf(before, first[i - 1] ?? "", i, names);
    return `${before.replaceAll("{", "{{")}{${name}}${after.replaceAll("{", "{{")}`;
  });
  if (!held || !literal || model.includes(undefined) || first.length < 2) return undefined;
  return model.join(" ");
}

/** What stands around the value in all of the words: `user=` and `,` of `user=bob,`. */
function around(words: readonly string[]): { before: string; after: string } {
  const [first = ""] = words;
  const opening = /^(?:[A-Za-z_][\w.-]{0,30}[=:]|["'([<])+/.exec(first)?.[0] ?? "";
  const closing = /["')\]>,;:]+$/.exec(first)?.[0] ?? "";
  const fits = (word: string) =>
    word.startsWith(opening) && word.endsWith(closing) && word.length > opening.length + closing.length;
  if (words.every(fits)) return { before: opening, after: closing };
  const opens = (word: string) => word.startsWith(opening) && word.length > opening.length;
  return { before: words.every(opens) ? opening : "", after: "" };
}

/** A name for what varies: what stands before it says it best. */
function nameOf(before: string, previous: string, place: number, taken: Set<string>): string {
  const said = /[A-Za-z]/.test(before) ? before : previous;
  const told = said.replace(/\W+/g, "_").replace(/^[_\d]+|_+$/g, "");
  const name = told === "" || varies(said) ? `word_${place + 1}` : told.slice(0, 30);
  const free = taken.has(name) ? `${name}_${place + 1}` : name;
  taken.add(free);
  return free;
}
