/** A part of a view as eta reads it: its own text, escaped for a JavaScript string, or code. */
export type ViewPart = string | { t: string; val: string; lineNo?: number };

/** Attributes that people read or hear. */
const READ = new Set(["aria-label", "aria-description", "alt", "placeholder", "title"]);
/** Elements whose text is a record's own, or a person's. */
const OWN = new Set(["pre", "code", "textarea", "script", "style"]);
/** What a view itself says is a record's own, or a person's. */
const OWN_HOLE = /^own\(/;
/** A word; of one letter, only the one that French has. */
const LETTER = /\p{L}{2}|à/iu;

/**
 * Puts the words of a view into another language: each run of text between two tags is one sentence, in which what
 * is interpolated stands as `{0}`, `{1}`… What it interpolates there goes through `say` besides. Text under an
 * element with `lang` or `translate="no"`, and what OWN names, stays as it is.
 * @param find the sentence in the other language; undefined leaves the view's own
 */
export function translateView(
  parts: readonly ViewPart[],
  find: (sentence: string) => string | undefined,
): ViewPart[] {
  const out: ViewPart[] = [];
  let run: ViewPart[] = [];
  /** Where the reader stands: in text, in a tag, or in the value of an attribute. */
  let place: "text" | "tag" | "value" = "text";
  let tag = "";
  let attribute = "";
  /** The element that keeps its text, and how many of its name are open. */
  let own: { name: string; depth: number } | undefined;

  const push = (part: ViewPart) => {
    const last = out.at(-1);
    if (typeof part === "string" && typeof last === "string") out[out.length - 1] = last + part;
    else if (part !== "") out.push(part);
  };
  const flush = () => {
    const kept = () => run.map((part) => (typeof part === "string" ? quoted(part) : part));
    for (const part of own === undefined ? translateRun(run, find) : kept()) push(part);
    run = [];
  };
  const add = (character: string) => {
    const last = run.at(-1);
    if (typeof last === "string") run[run.length - 1] = last + character;
    else run.push(character);
  };
  const endTag = () => {
    const [, closing, name = ""] = /^<(\/?)([a-z0-9]*)/i.exec(tag) ?? [];
    if (own !== undefined) {
      if (name === own.name) own.depth += closing === "/" ? -1 : tag.endsWith("/>") ? 0 : 1;
      if (own.depth === 0) own = undefined;
    } else if (
      closing === "" &&
      (OWN.has(name) || (name !== "html" && / (?:lang=|translate="no")/.test(tag)))
    ) {
      own = { name, depth: 1 };
    }
    tag = "";
  };

  for (const part of parts) {
    if (typeof part !== "string") {
      if (place === "text" || (place === "value" && READ.has(attribute))) {
        if (part.t === "i") run.push(part);
        else {
          flush();
          push(part);
        }
      } else push(part);
      continue;
    }
    for (const character of bare(part)) {
      if (place === "text") {
        if (character === "<") {
          flush();
          place = "tag";
          tag = character;
          push(quoted(character));
        } else add(character);
      } else if (place === "tag") {
        push(quoted(character));
        tag += character;
        if (character === ">") {
          endTag();
          place = "text";
        } else if (character === '"') {
          attribute = /([a-z-]+)="$/.exec(tag)?.[1] ?? "";
          place = "value";
        }
      } else if (character === '"') {
        flush();
        push(quoted(character));
        tag += character;
        place = "tag";
      } else if (READ.has(attribute)) add(character);
      else {
        push(quoted(character));
        tag += character;
      }
    }
  }
  flush();
  return out;
}

/** One sentence, its own blanks around it kept. */
function translateRun(run: readonly ViewPart[], find: (sentence: string) => string | undefined): ViewPart[] {
  const holes = run.filter((part) => typeof part !== "string");
  let hole = 0;
  const whole = run.map((part) => (typeof part === "string" ? part : `{${hole++}}`)).join("");
  const said = holes.map((part) => (OWN_HOLE.test(part.val) ? part : { ...part, val: `say(${part.val})` }));
  const sentence = sentenceOf(whole);
  const found = LETTER.test(sentence.replace(/\{\d+\}/g, "")) ? find(sentence) : undefined;
  const [before = ""] = /^\s*/.exec(whole) ?? [];
  const [after = ""] = /\s*$/.exec(whole) ?? [];
  // French puts a blank before these signs, and quotes otherwise.
  const own = found === undefined && !/\p{L}/u.test(sentence.replace(/\{\d+\}/g, ""));
  const text = own
    ? whole
        .replace(/(?<=\S) (?=[:;?!](?:\s|$))/g, "")
        .replace(/«\s?/g, "“")
        .replace(/\s?»/g, "”")
    : found === undefined
      ? whole
      : `${/^[:;?!]/.test(found) ? "" : before}${found}${whole.trim() === "" ? "" : after}`;
  return text
    .split(/(\{\d+\})/)
    .map((piece) => {
      const index = /^\{(\d+)\}$/.exec(piece)?.[1];
      return index === undefined ? quoted(piece) : (said[Number(index)] ?? piece);
    })
    .filter((piece) => piece !== "");
}

/** A sentence as the catalogue has it: one blank for any number, none around. */
export const sentenceOf = (text: string) => text.replace(/\s+/g, " ").trim();

const bare = (text: string) => text.replace(/\\(n|\\|')/g, (_, each) => (each === "n" ? "\n" : each));
const quoted = (text: string) => text.replace(/\\|'/g, "\\$&").replace(/\n/g, "\\n");
