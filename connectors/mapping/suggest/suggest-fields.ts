import { type Alert, AlertTag } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import { isAddress } from "../../shared/address.ts";
import { newDraft } from "../../shared/draft.ts";
import { isEcsField } from "../../shared/put-ecs.ts";
import { riskOfWord } from "../../shared/severity.ts";
import { ecsReader } from "../field-reader.ts";
import { putterOf } from "../put.ts";
import { isSeverityName, targetOf } from "./suggest-names.ts";
import type { FieldSeen } from "./suggest-seen.ts";
import { SHAPES, shapeOf } from "./suggest-shapes.ts";
import { sampleText, yamlText } from "./suggest-yaml.ts";

/** What a skeleton says of the fields of a product. */
export interface SuggestedFields {
  fields: Record<string, unknown>;
  severity: Record<string, unknown> | undefined;
  /** Lines that may be uncommented. */
  perhaps: string[];
  /** What found no place, each with a value. */
  left: string[];
}

const NOTHING = new Set(["-", "N/A", "n/a", "none", "null", "unknown"]);
const OUTCOMES: Readonly<Record<string, string>> = Object.fromEntries([
  ..."success successful succeeded ok passed pass true yes granted accepted succes réussi reussi"
    .split(" ")
    .map((word) => [word, "success"]),
  ..."failure failed fail error ko false no denied rejected refused blocked echec échec refusé refuse"
    .split(" ")
    .map((word) => [word, "failure"]),
]);
const DIRECTIONS: Readonly<Record<string, string>> = {
  ...{ in: "inbound", inbound: "inbound", incoming: "inbound", entrant: "inbound" },
  ...{
    out: "outbound",
    outbound: "outbound",
    outgoing: "outbound",
    sortant: "outbound",
    internal: "internal",
  },
};
/** Targets of which the product's words are translated. */
const TRANSLATED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "event.outcome": OUTCOMES,
  "network.direction": DIRECTIONS,
};
/** Where only an address belongs, whatever the field's name. */
const ADDRESSES = new Set(["source", "destination"]);

/** Finds a place for the fields of a sample: by their names, and by their values where the name says nothing. */
export function suggestFields(
  alerts: readonly Alert[],
  seen: readonly FieldSeen[],
  context: ParseContext,
): SuggestedFields {
  const open = seen.filter(({ count, placed }) => placed < count);
  const found = new Map<string, { name: string; rank: number }[]>();
  const rest: FieldSeen[] = [];
  const severities: FieldSeen[] = [];
  for (const field of open) {
    const target = isReadable(field.name) ? targetOf(field.name) : undefined;
    if (target !== undefined && fits(field, target.target, context) && isFree(alerts, target.target)) {
      found.set(target.target, [
        ...(found.get(target.target) ?? []),
        { name: field.name, rank: target.rank },
      ]);
    } else if (isReadable(field.name) && isSeverityName(field.name)) severities.push(field);
    else rest.push(field);
  }
  dateWithTime(found, open, alerts, context);
  const byName = new Map(seen.map((field) => [field.name, field]));
  const fields = Object.fromEntries(
    [...found].map(([target, names]) => [target, entryOf(target, names, byName)]),
  );
  const [graded, ...others] = severities;
  const severity = graded === undefined ? undefined : severityOf(graded);
  if (graded !== undefined && severity === undefined) rest.push(graded);
  return { fields, severity, ...remarksOf([...rest, ...others]) };
}

/** A name that a mapping may read: none of ECS, whose value may be computed. */
function isReadable(name: string): boolean {
  return !isEcsField(name) && !name.startsWith("labels.") && name !== "@timestamp" && !name.includes("[].[");
}

/** True when the values of a field, but those that mean none, fit a target. */
function fits({ values }: FieldSeen, target: string, context: ParseContext): boolean {
  const told = [...values].filter((value) => !NOTHING.has(value));
  if (told.length === 0) return false;
  if (ADDRESSES.has(target)) return told.every(isAddress);
  const translated = TRANSLATED[target];
  if (translated !== undefined) return told.some((value) => Object.hasOwn(translated, value.toLowerCase()));
  const put = putterOf(target);
  return put !== undefined && told.every((value) => put(newDraft("", "", ""), value, context));
}

/** Where to look whether the parser wrote a target already. */
const LOOKED: Readonly<Record<string, string>> = {
  source: "source.ip",
  destination: "destination.ip",
  host: "host.name",
};

/** True when the parser left a target empty in most records. */
function isFree(alerts: readonly Alert[], target: string): boolean {
  if (target === "@timestamp") return alerts.every(({ tags }) => tags?.includes(AlertTag.noTime) === true);
  const read = ecsReader(LOOKED[target] ?? target);
  return alerts.filter((alert) => read(alert) !== undefined).length * 2 < alerts.length;
}

/** A date and a time of day apart are one instant. */
function dateWithTime(
  found: Map<string, { name: string; rank: number }[]>,
  open: readonly FieldSeen[],
  alerts: readonly Alert[],
  context: ParseContext,
): void {
  if (
    found.get("@timestamp")?.some(({ name }) => !/^(?:log)?date$/i.test(name)) ||
    !isFree(alerts, "@timestamp")
  )
    return;
  const date = open.find(({ name }) => /^(?:log|event)?_?date(?:_\d)?$/i.test(name));
  const time = open.find(({ name }) => /^(?:log|event)?_?time$/i.test(name));
  const [day = "", clock = ""] = [[...(date?.values ?? [])][0], [...(time?.values ?? [])][0]];
  if (date === undefined || time === undefined || !isReadable(date.name) || !isReadable(time.name)) return;
  const joined = { name: "", count: 1, values: new Set([`${day} ${clock}`]), many: false, placed: 0 };
  if (fits(joined, "@timestamp", context))
    found.set("@timestamp", [{ name: `${date.name}\n${time.name}`, rank: 0 }]);
}

function entryOf(
  target: string,
  names: readonly { name: string; rank: number }[],
  seen: ReadonlyMap<string, FieldSeen>,
): unknown {
  const sorted = names.toSorted((a, b) => a.rank - b.rank).map(({ name }) => name);
  const [first = ""] = sorted;
  if (first.includes("\n")) return { join: first.split("\n") };
  const from = sorted.length === 1 ? first : sorted;
  const translated = TRANSLATED[target];
  if (translated === undefined) return from;
  const values = new Set(sorted.flatMap((name) => [...(seen.get(name)?.values ?? [])]));
  const map = [...values].flatMap((value) => {
    const meant = Object.hasOwn(translated, value.toLowerCase())
      ? translated[value.toLowerCase()]
      : undefined;
    return meant === undefined ? [] : [[value, meant] as const];
  });
  return { from, map: Object.fromEntries(map) };
}

const NUMBER = /^\d{1,3}(?:\.\d{1,3})?$/;

/** Words have their places on the common scale, numbers a scale that holds them; undefined when they are neither. */
function severityOf({ name, values }: FieldSeen): Record<string, unknown> | undefined {
  const told = [...values];
  const numbers = told.filter((value) => NUMBER.test(value)).map(Number);
  if (numbers.length === told.length && numbers.length > 0) {
    const most = Math.max(...numbers);
    return { from: name, scale: [0, [5, 10, 100, 1000].find((end) => most <= end) ?? 1000] };
  }
  const map = told.flatMap((value) => {
    const risk = riskOfWord(value);
    return risk === undefined ? [] : [[value, risk] as const];
  });
  return map.length === 0 ? undefined : { from: name, map: Object.fromEntries(map) };
}

/** Fields listed at most; the rest are counted. */
const MOST_LEFT = 150;

function remarksOf(rest: readonly FieldSeen[]): Pick<SuggestedFields, "perhaps" | "left"> {
  const perhaps: string[] = [];
  const left: string[] = [];
  for (const { name, values } of rest.slice(0, MOST_LEFT)) {
    const [value = ""] = values;
    const told = [...values].filter((each) => !NOTHING.has(each));
    const shapes = new Set(told.map(shapeOf));
    const [shape] = shapes;
    if (shapes.size === 1 && shape !== undefined && isReadable(name)) {
      const { target, said } = SHAPES[shape];
      perhaps.push(`${yamlText(target)}: ${yamlText(name)}  # ${said}: ${sampleText(value)}`);
    } else left.push(`${sampleText(name)}: ${sampleText(value)}`);
  }
  if (rest.length > MOST_LEFT) left.push(`and ${rest.length - MOST_LEFT} more fields`);
  return { perhaps, left };
}
