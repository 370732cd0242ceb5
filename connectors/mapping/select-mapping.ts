import type { Alert } from "../../agent/core/alert.ts";
import type { Mapping, Sign } from "./compile.ts";
import type { Condition } from "./condition.ts";
import { textOfField } from "./field-reader.ts";

/** The mapping of an alert, and the sign by which it was known. */
export interface Selected {
  mapping: Mapping;
  sign: Sign;
}

/** Finds the mapping of an alert; undefined when no mapping knows it. */
export type Select = (alert: Alert) => Selected | undefined;

interface Candidate extends Selected {
  /** What is to be checked beside the condition that led here. */
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
  const formats = new Map<string, Map<string, Branch>>();
  for (const { mapping, sign, rank } of ranked) {
    const key =
      sign.conditions.find(({ values }) => values !== undefined) ??
      sign.conditions.find(({ wanted }) => wanted !== "absent");
    if (key === undefined) continue;
    const candidate: Candidate = {
      mapping,
      sign,
      rank,
      rest: sign.conditions.filter((each) => each !== key),
    };
    for (const format of mapping.over) {
      const branches: Map<string, Branch> = formats.get(format) ?? new Map();
      formats.set(format, branches);
      const branch: Branch = branches.get(key.field) ?? {
        read: key.read,
        values: new Map(),
        begins: new Map(),
        others: [],
      };
      branches.set(key.field, branch);
      const whole = { ...candidate, rest: sign.conditions };
      if (key.values !== undefined) for (const value of key.values) addTo(branch.values, value, candidate);
      else if (key.begins !== undefined) for (const code of key.begins) addTo(branch.begins, code, whole);
      else branch.others.push(whole);
    }
  }
  const plain = new Map([...formats].map(([format, branches]) => [format, [...branches.values()]]));
  return (alert) => {
    const format = alert.event?.module ?? "";
    // A document in the names of ECS may name a module of its own.
    let best = bestOf(plain.get(format) ?? plain.get("generic"), undefined, alert);
    if (format !== CARRIER && alert.log?.syslog !== undefined) best = bestOf(plain.get(CARRIER), best, alert);
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
  branches: readonly Branch[] | undefined,
  soFar: Candidate | undefined,
  alert: Alert,
): Candidate | undefined {
  let best = soFar;
  if (branches === undefined) return best;
  for (const { read, values, begins, others } of branches) {
    const value = read(alert);
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = textOfField(one);
      if (text === undefined) continue;
      if (values.size > 0) best = better(best, values.get(text), alert);
      if (begins.size > 0) best = better(best, begins.get(text.charCodeAt(0)), alert);
    }
    best = better(best, others, alert);
  }
  return best;
}

/** Candidates stand in the order of their rank: the first that holds is the best of them. */
function better(
  best: Candidate | undefined,
  candidates: readonly Candidate[] | undefined,
  alert: Alert,
): Candidate | undefined {
  if (candidates === undefined) return best;
  for (const candidate of candidates) {
    if (best !== undefined && candidate.rank >= best.rank) return best;
    if (candidate.rest.every((condition) => condition.holds(alert))) return candidate;
  }
  return best;
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
