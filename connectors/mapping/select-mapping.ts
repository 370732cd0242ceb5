import type { Alert, FieldValue } from "../../agent/core/alert.ts";
import type { Mapping, Sign } from "./compile.ts";
import type { Condition } from "./condition.ts";
import { isOwnField, textOfField } from "./field-reader.ts";

/** The mapping of an alert, and the sign by which it was known. */
export interface Selected {
  mapping: Mapping;
  sign: Sign;
}

/** Finds the mapping of an alert; undefined when no mapping knows it. */
export type Select = (alert: Alert) => Selected | undefined;

interface Candidate extends Selected {
  /** The condition that led here, where its text is still to be looked at. */
  key: Condition | undefined;
  /** Marks that the text must hold for that, as `marksIn` tells them. */
  marks: number;
  /** What is to be checked beside it. */
  rest: readonly Condition[];
  rank: number;
}

/** Candidates by one field: those of each value, of each first character, and those that any value may be of. */
interface Branch {
  read: Condition["read"];
  values: Map<string, Candidate[]>;
  begins: Map<number, Candidate[]>;
  others: Candidate[];
}

/** The branches of one format: those of a field that only the source has, by its name, and those to be looked for. */
interface Choice {
  own: Map<string, Branch>;
  elsewhere: Map<string, Branch>;
}

/**
 * Builds the choice among mappings: by format, then by the value of a field, so that hundreds cost little.
 *
 * Of several that know an alert, the one whose sign has most conditions is taken, then the first given.
 */
export function selectAmong(mappings: readonly Mapping[]): Select {
  const candidates = mappings.flatMap((mapping) => mapping.signs.map((sign) => ({ mapping, sign })));
  const ranked = candidates
    .toSorted((a, b) => b.sign.conditions.length - a.sign.conditions.length)
    .map((selected, rank) => ({ ...selected, rank }));
  const formats = new Map<string, Choice>();
  for (const { mapping, sign, rank } of ranked) {
    const key =
      sign.conditions.find(({ values }) => values !== undefined) ??
      sign.conditions.find(({ wanted }) => wanted !== "absent");
    if (key === undefined) continue;
    const rest = sign.conditions.filter((each) => each !== key);
    const candidate: Candidate = { mapping, sign, rank, key, marks: marksOfAll(key.texts), rest };
    for (const format of mapping.over) {
      const choice: Choice = formats.get(format) ?? { own: new Map(), elsewhere: new Map() };
      formats.set(format, choice);
      const branches = isOwnField(key.field) && !key.field.includes("[]") ? choice.own : choice.elsewhere;
      const branch: Branch = branches.get(key.field) ?? {
        read: key.read,
        values: new Map(),
        begins: new Map(),
        others: [],
      };
      branches.set(key.field, branch);
      const found = { ...candidate, key: undefined, marks: 0 };
      if (key.values !== undefined) for (const value of key.values) addTo(branch.values, value, found);
      else if (key.begins !== undefined) for (const code of key.begins) addTo(branch.begins, code, candidate);
      else branch.others.push(candidate);
    }
  }
  return (alert) => {
    const format = alert.event?.module ?? "";
    // A document in the names of ECS may name a module of its own.
    let best = bestOf(formats.get(format) ?? formats.get("generic"), undefined, alert);
    if (format !== CARRIER && alert.log?.syslog !== undefined)
      best = bestOf(formats.get(CARRIER), best, alert);
    return best;
  };
}

function addTo<Key>(lists: Map<Key, Candidate[]>, key: Key, candidate: Candidate): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [candidate]);
  else list.push(candidate);
}

/** What came in syslog is read by the mappings over it too, whatever format its message was found to have. */
const CARRIER = "syslog";

/** Says whether a mapping reads alerts like this one. */
export function isOver({ over }: Mapping, { event, log }: Alert): boolean {
  return over.includes(event?.module ?? "") || (log?.syslog !== undefined && over.includes(CARRIER));
}

function bestOf(
  choice: Choice | undefined,
  soFar: Candidate | undefined,
  alert: Alert,
): Candidate | undefined {
  let best = soFar;
  if (choice === undefined) return best;
  for (const branch of choice.elsewhere.values()) best = bestIn(branch, branch.read(alert), best, alert);
  const { fields } = alert;
  // A record has fewer fields than the mappings have names for.
  for (const name in fields) {
    const branch = choice.own.get(name);
    if (branch !== undefined) best = bestIn(branch, fields[name], best, alert);
  }
  return best;
}

function bestIn(
  { values, begins, others }: Branch,
  value: FieldValue | undefined,
  soFar: Candidate | undefined,
  alert: Alert,
): Candidate | undefined {
  if (value === undefined || value === null || value === "") return soFar;
  if (!Array.isArray(value)) {
    const text = String(value);
    const marks = others.length < MANY ? EVERY_MARK : marksIn(text);
    let best = better(soFar, values.get(text), alert);
    best = better(best, begins.get(text.charCodeAt(0)), alert, marks);
    return better(best, others, alert, marks);
  }
  let best = soFar;
  for (const one of value) {
    const text = textOfField(one);
    if (text === undefined) continue;
    best = better(best, values.get(text), alert);
    best = better(best, begins.get(text.charCodeAt(0)), alert);
  }
  return better(best, others, alert);
}

/** Candidates for the text of one field above which its marks are looked for first. */
const MANY = 4;
/** Characters of a text that is looked over for its marks: a longer one may hold any. */
const LONGEST = 2048;
const EVERY_MARK = -1;

/** The capitals and signs that a text holds, a bit each, a few sharing one: most texts lack some that a product writes. */
function marksIn(text: string): number {
  if (text.length > LONGEST) return EVERY_MARK;
  let marks = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x20 && (code < 0x30 || code > 0x39) && code < 0x60) marks |= 1 << (code % 31);
  }
  return marks;
}

/** The marks that all of several texts hold, where `*` is none. */
function marksOfAll(texts: readonly string[]): number {
  return texts.reduce((marks, text) => marks & marksIn(text.replaceAll("*", "")), EVERY_MARK);
}

/** Candidates stand in the order of their rank: the first that holds is the best of them. */
function better(
  best: Candidate | undefined,
  candidates: readonly Candidate[] | undefined,
  alert: Alert,
  marks = EVERY_MARK,
): Candidate | undefined {
  if (candidates === undefined) return best;
  for (const candidate of candidates) {
    if (best !== undefined && candidate.rank >= best.rank) return best;
    if ((candidate.marks & ~marks) === 0 && holdsAll(candidate, alert)) return candidate;
  }
  return best;
}

function holdsAll({ key, rest }: Candidate, alert: Alert): boolean {
  if (key !== undefined && !key.holds(alert)) return false;
  for (const condition of rest) if (!condition.holds(alert)) return false;
  return true;
}

/** Says by what an alert was known, for people. */
export function reasonOf({ sign }: Selected, alert: Alert): string {
  if (sign.conditions.length === 0) return "it was named";
  return sign.conditions
    .map(({ field, read, wanted, refused }) => {
      if (refused !== undefined) return `${field} is not ${refused}`;
      const value = textOfField(read(alert)) ?? "";
      const shown = value.length > 60 ? `${value.slice(0, 59)}…` : value;
      if (wanted === "absent") return `${field} is absent`;
      return wanted === value ? `${field} is ${value}` : `${field} is ${shown}, like ${wanted}`;
    })
    .join(" and ");
}
