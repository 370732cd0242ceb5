import type { Alert } from "../../../agent/core/alert.ts";
import { fieldReader, textOfField } from "../field-reader.ts";
import { productRank, targetOf } from "./suggest-names.ts";
import type { FieldSeen } from "./suggest-seen.ts";

/** How records of a product may be recognised; undefined when nothing is alike in all of them. */
export interface SuggestedWhen {
  when: Record<string, string>;
  /** What to look at before it is relied on. */
  said: string;
}

/** Programs that carry the records of others. */
const CARRIERS = new Set(["-", "cef", "leef", "syslog", "logger", "root", "filebeat", "nxlog", "fluentd"]);
/** Characters of a text that tells the product, and of a beginning that all have. */
const LONGEST = 64;
/** Fields of which it is only asked that they be there. */
const MOST_PRESENT = 3;
/** Separators of which a text of separated values has at least as many, and of which no more are asked. */
const LEAST_MARKS = 3;
const MOST_MARKS = 12;

/** Guesses what tells that a record is of the product: what is the same in all, and can hardly vary. */
export function suggestWhen(given: {
  alerts: readonly Alert[];
  texts: readonly string[];
  seen: readonly FieldSeen[];
}): SuggestedWhen | undefined {
  const { alerts, texts, seen } = given;
  const [vendor, product] = [constant(alerts, "observer.vendor"), constant(alerts, "observer.product")];
  if (vendor !== undefined && product !== undefined)
    return { when: { "observer.vendor": vendor, "observer.product": product }, said: "as its header says" };
  const program = constant(alerts, "process.name");
  const carried = alerts.every(({ log }) => log?.syslog !== undefined);
  if (carried && program !== undefined && !CARRIERS.has(program.toLowerCase()))
    return { when: { "process.name": program }, said: "the program that syslog names" };
  return fromFields(alerts.length, seen) ?? fromTexts(texts);
}

/** The text of a field that all alerts have, if it may be a name: no number, address or sentence. */
function constant(alerts: readonly Alert[], field: string): string | undefined {
  const read = fieldReader(field);
  const [first, ...others] = alerts.map((alert) => textOfField(read(alert)));
  return first !== undefined && isTelling(first) && others.every((each) => each === first)
    ? first
    : undefined;
}

function isTelling(value: string): boolean {
  return value.length <= LONGEST && /^[\p{L}_][\p{L}\p{N} _.:/()+&-]*$/u.test(value) && !/\d{4}/.test(value);
}

/** Fields that name the product, else fields that only it writes. */
function fromFields(records: number, seen: readonly FieldSeen[]): SuggestedWhen | undefined {
  const always = seen.filter(({ name, count }) => count === records && !/[*[\]]/.test(name));
  const telling = always
    .flatMap(({ name, values, many }) => {
      const rank = productRank(name);
      const [value = ""] = values;
      return rank !== undefined && !many && values.size === 1 && isTelling(value)
        ? [{ name, value, ...rank }]
        : [];
    })
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, 2);
  const when = Object.fromEntries(telling.map(({ name, value }) => [name, value]));
  if (telling.some(({ weak }) => !weak)) return { when, said: "what names the product" };
  // A name of its own says more than one that everybody writes.
  const present = always
    .filter(({ name }) => !Object.hasOwn(when, name))
    .toSorted((a, b) => distinction(b.name) - distinction(a.name))
    .slice(0, MOST_PRESENT);
  if (present.length < 2 && telling.length === 0) return undefined;
  for (const { name } of present) when[name] = "*";
  return { when, said: "the names of its fields, a weak sign: another product may have them too" };
}

const distinction = (name: string): number =>
  (targetOf(name) === undefined ? 100 : 0) + Math.min(name.length, 50);

/** What all texts begin with, else a word of the only one, else how many separators there are. */
function fromTexts(texts: readonly string[]): SuggestedWhen | undefined {
  const [first, ...others] = texts;
  if (first === undefined || first === "") return undefined;
  const begins = others.length === 0 ? firstWord(first) : commonBeginning(first, others);
  const spelt = begins.replaceAll("*", "");
  if (/\p{L}{3}/u.test(spelt) && spelt === begins)
    return { when: { message: `${begins}*` }, said: "how its texts begin" };
  for (const separator of [";", "|", "\t", ","]) {
    const count = Math.min(...texts.map((text) => text.split(separator, 100).length)) - 1;
    if (count < LEAST_MARKS) continue;
    return {
      when: { message: Array.from({ length: Math.min(count, MOST_MARKS) + 1 }, () => "*").join(separator) },
      said: `nothing but ${count} separators, a weak sign: have the source name the mapping (connector) instead`,
    };
  }
  return undefined;
}

function firstWord(text: string): string {
  const word = /^\S{1,64} ?/.exec(text)?.[0] ?? "";
  const told = /^[^\d=:]*[=:]?/.exec(word)?.[0] ?? "";
  return told.length < word.length ? told.replace(/[^\p{L}]+$/u, "") : told;
}

/** What all begin with, up to the last end of a word in it. */
function commonBeginning(first: string, others: readonly string[]): string {
  let length = Math.min(first.length, LONGEST);
  for (const other of others) {
    let at = 0;
    while (at < length && other.charCodeAt(at) === first.charCodeAt(at)) at++;
    length = at;
  }
  const shared = first.slice(0, length);
  const told = /^[^\d]*/.exec(shared)?.[0] ?? "";
  if (told.length === first.length || /[\s=:]$/.test(told)) return told;
  // The beginning of a word that goes on otherwise.
  const word = told.lastIndexOf(" ");
  return word > 0 ? told.slice(0, word + 1) : told;
}
