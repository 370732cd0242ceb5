import { type Alert, type FieldValue, VERBATIM_FIELDS } from "../../agent/core/alert.ts";
import type { ParseContext } from "../contract.ts";
import { type Draft, newDraft } from "../shared/draft.ts";
import { isEcsField } from "../shared/put-ecs.ts";
import { neededByWhen, whenTest } from "./condition.ts";
import { compileDateFormat } from "./date-format.ts";
import { ecsReader, type fieldReader, isOwnField, textOfField } from "./field-reader.ts";
import { dropEcs, type Put } from "./put.ts";
import type { RecordSlots } from "./record-slots.ts";
import type { Constant, Entry, SourceObject } from "./schema.ts";

/** Does one thing that a mapping says; true when it changed the alert. */
export type Act = (draft: Draft, context: ParseContext) => boolean;

/** Told what is wrong at a path below what is compiled. */
export type Refuse = (path: readonly PropertyKey[], code: string, message: string, remedy: string) => void;

type Take = (alert: Alert) => unknown;

/** Compiles what a mapping says of one ECS field: the first of its sources that gives a value that fits. */
export function compileEntry(
  target: { name: string; put: Put },
  entry: Entry,
  nothing: ReadonlySet<string>,
  refuse: Refuse,
  slots: RecordSlots,
): Act {
  const { readerOf } = slots;
  const listed = Array.isArray(entry);
  const takes = (listed ? entry : [entry]).map((source, i) => {
    const refuseHere: Refuse = (path, ...rest) => refuse(listed ? [i, ...path] : path, ...rest);
    const object: SourceObject = typeof source === "string" ? { from: source, with: " " } : source;
    refuseComputed(target.name, object, refuseHere);
    refuseUnfit(target, object, refuseHere);
    const single = typeof object.from === "string" ? slots.slotOf(object.from) : undefined;
    return { single, take: compileSource(object, nothing, refuseHere, readerOf) };
  });
  const current = ecsReader(target.name);
  return (draft, context) => {
    for (const { single, take } of takes) {
      // Most are absent from most records.
      if (single !== undefined && single.value === undefined) continue;
      const value = take(draft.alert);
      if (value === undefined) continue;
      if (target.put(draft, value, context)) return true;
      // Of several where one belongs, the first stands.
      if (Array.isArray(value) && target.put(draft, value[0], context)) return true;
    }
    // What the parser took for a value and the product means as none.
    const left = current(draft.alert);
    if (typeof left !== "string" || !nothing.has(left)) return false;
    dropEcs(draft.alert, target.name);
    return true;
  };
}

/** Fields of which one must be there for an entry to give something; undefined when none must. */
export function neededBy(entry: Entry): string[] | undefined {
  const needed: string[] = [];
  for (const source of [entry].flat()) {
    const { from, join, sum, when, value }: Partial<SourceObject> =
      typeof source === "string" ? { from: source } : source;
    const names = value === undefined ? [from ?? join ?? sum ?? []].flat() : [neededByWhen(when) ?? ""];
    if (!names.every((name) => name !== "" && isOwnField(name))) return undefined;
    needed.push(...names);
  }
  return needed;
}

/** Refuses what would put a text that the record does not hold where the gate relies on finding it. */
function refuseComputed(name: string, source: SourceObject, refuse: Refuse): void {
  if (!VERBATIM_FIELDS.has(name)) return;
  for (const key of ["value", "map", "default", "join", "sum", "times", "format"] as const) {
    if (source[key] === undefined) continue;
    const message = `${name} only takes texts as the record has them, and ${key} makes one`;
    refuse([key], "mapping_not_verbatim", message, "write it into another field, such as event.action");
  }
  if (source.as === "lower" || source.as === "duration") {
    const message = `${name} only takes texts as the record has them, and ${source.as} changes them`;
    refuse(["as"], "mapping_not_verbatim", message, "leave it out: rules compare without case");
  }
  for (const from of [source.from ?? []].flat()) {
    if (!isEcsField(from) || VERBATIM_FIELDS.has(from)) continue;
    const message = `${name} only takes texts as the record has them, and ${from} may be computed`;
    refuse(["from"], "mapping_not_verbatim", message, "name the field of the source itself");
  }
}

/** Refuses what a mapping would write by itself where it cannot stand. */
function refuseUnfit({ name, put }: { name: string; put: Put }, source: SourceObject, refuse: Refuse): void {
  const { map, value, default: fallback } = source;
  const ends: [PropertyKey[], Constant | undefined][] = Object.entries(map ?? {}).map(([key, end]) => [
    ["map", key],
    end,
  ]);
  ends.push([["default"], fallback]);
  if (map === undefined && source.split === undefined && source.format === undefined)
    ends.push([["value"], value]);
  for (const [path, end] of ends) {
    if (end === undefined || put(newDraft("", "", ""), end, { received: 0, zone: "UTC" })) continue;
    refuse(
      path,
      "mapping_value",
      `${name} cannot be ${JSON.stringify(end)}`,
      "give a value that fits the field",
    );
  }
}

function compileSource(
  source: SourceObject,
  mappingNothing: ReadonlySet<string>,
  refuse: Refuse,
  readerOf: typeof fieldReader,
): Take {
  const when = whenTest(source.when, readerOf);
  const nothing = new Set([...mappingNothing, ...(source.unless ?? []).map(String)]);
  const first = takeOf(source, nothing, readerOf);
  const steps = stepsOf(source, refuse, readerOf);
  if (when === undefined && steps.length === 0) return first;
  return (alert) => {
    if (when !== undefined && !when(alert)) return undefined;
    let value = first(alert);
    for (const step of steps) {
      if (value === undefined) return undefined;
      value = step(value, alert);
    }
    return value;
  };
}

function takeOf(
  { value, from, join, sum, with: between }: SourceObject,
  nothing: ReadonlySet<string>,
  readerOf: typeof fieldReader,
): Take {
  const longest = Math.max(0, ...Array.from(nothing, ({ length }) => length));
  const present = (field: FieldValue | undefined): FieldValue | undefined => {
    if (field === undefined || field === null || field === "") return undefined;
    const text = textOfField(field);
    return text !== undefined && ((text.length <= longest && nothing.has(text)) || isBlank(text))
      ? undefined
      : field;
  };
  if (value !== undefined) return () => value;
  if (join !== undefined) {
    const readers = join.map(readerOf);
    return (alert) => {
      const parts = readers.map((read) => textOfField(present(read(alert))));
      return parts.includes(undefined) ? undefined : parts.join(between);
    };
  }
  if (sum !== undefined) {
    const readers = sum.map(readerOf);
    return (alert) => {
      let total = 0;
      for (const read of readers) {
        const text = textOfField(present(read(alert)));
        // A part that is not told leaves no whole.
        if (text === undefined || !isNumber(text)) return undefined;
        total += Number(text);
      }
      return total;
    };
  }
  const readers = [from ?? []].flat().map(readerOf);
  return (alert) => {
    for (const read of readers) {
      const value = present(read(alert));
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

/** A number as programs write it, with the many digits of a binary fraction or its power of ten. */
const isNumber = (text: string): boolean =>
  text.length <= 48 && /^-?\d{1,15}(?:\.\d{1,24})?(?:e-?\d{1,2})?$/i.test(text);

function isBlank(text: string): boolean {
  const first = text.charCodeAt(0);
  return (first <= 0x20 || first >= 0xa0) && text.trim() === "";
}

type Change = (value: unknown, alert: Alert) => unknown;

/** What becomes of a value, in the order in which a reader of the mapping expects it. */
function stepsOf(source: SourceObject, refuse: Refuse, readerOf: typeof fieldReader): Change[] {
  const steps: Change[] = [];
  const { split, as, times, format, zone } = source;
  const onText = (change: (text: string) => unknown): Change => {
    return (value) => {
      const text = textOfField(value as FieldValue);
      return text === undefined ? undefined : change(text);
    };
  };
  if (split !== undefined) {
    const pieces = (text: string) => text.split(split, 256).map(bared);
    steps.push(onText((text) => pieces(text).filter((piece) => piece !== "")));
  }
  if (as === "lower") steps.push(onText((text) => text.toLowerCase()));
  if (as === "basename") {
    steps.push(onText((text) => text.slice(Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\")) + 1)));
  }
  if (as === "duration") steps.push(onText(nanoseconds));
  if (times !== undefined) {
    steps.push(onText((text) => (isNumber(text) ? product(Number(text), times) : undefined)));
  }
  if (format !== undefined) {
    const compiled = compileDateFormat(format);
    if (typeof compiled === "function") steps.push(onText(compiled));
    else refuse(["format"], "mapping_format", compiled.refused, "write it like dd/MM/yyyy HH:mm:ss");
  }
  if (zone !== undefined) {
    const read = readerOf(zone);
    steps.push((value, alert) => {
      const name = textOfField(read(alert));
      return name === undefined || /^\d+$/.test(String(value)) ? value : `${value} ${name}`;
    });
  }
  if (source.map !== undefined) steps.push(translation(source));
  return steps;
}

const CLOCK = /^(?:(\d{1,6})\s?d(?:ays?)?,?\s*)?(\d{1,6}):(\d\d):(\d\d(?:\.\d{1,9})?)$/i;
const UNITS =
  /^(?:(\d{1,6})\s?d\w*[:,]?\s*)?(?:(\d{1,6})\s?h\w*[:,]?\s*)?(?:(\d{1,6})\s?m\w*[:,]?\s*)?(?:(\d{1,9}(?:\.\d{1,9})?)\s?s\w*)?$/i;

/** The nanoseconds of a duration as products write it for people; undefined when the text is none. */
function nanoseconds(text: string): number | undefined {
  if (text.length > 64) return undefined;
  const [found, days = 0, hours = 0, minutes = 0, seconds = 0] = CLOCK.exec(text) ?? UNITS.exec(text) ?? [];
  if (!found) return undefined;
  return product(((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds), 1e9);
}

/** A piece without the blanks, brackets and quotes of a list around it. */
function bared(piece: string): string {
  let from = 0;
  let to = piece.length;
  while (from < to && AROUND.has(piece.charCodeAt(from))) from++;
  while (to > from && AROUND.has(piece.charCodeAt(to - 1))) to--;
  return piece.slice(from, to);
}

const AROUND = new Set(Array.from(" \t\r\n[]\"'", (character) => character.charCodeAt(0)));

/** A product without the last digits of binary fractions: 107331.18 s is a whole number of nanoseconds, as all are. */
function product(number: number, times: number): number {
  const told = Number((number * times).toPrecision(15));
  return times >= 1e6 ? Math.round(told) : told;
}

function translation({ map = {}, default: fallback }: SourceObject): Change {
  const table = new Map(Object.entries(map).map(([key, value]) => [key.toLowerCase(), value]));
  return (value) => table.get(textOfField(value as FieldValue)?.toLowerCase() ?? "") ?? fallback;
}
