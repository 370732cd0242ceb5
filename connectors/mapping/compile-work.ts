import { type Alert, VERBATIM_FIELDS } from "../../agent/core/alert.ts";
import type { ParseContext } from "../contract.ts";
import type { Draft } from "../shared/draft.ts";
import { ecsFields } from "../shared/put-ecs.ts";
import { type Act, compileEntry, neededBy, type Refuse } from "./compile-entry.ts";
import { compileSeverity } from "./compile-severity.ts";
import { compileStep } from "./compile-step.ts";
import { neededByWhen, whenTest } from "./condition.ts";
import { ecsReader, type FieldReader, textOfField } from "./field-reader.ts";
import { nearestName } from "./nearest-name.ts";
import { constantPutter, dropEcs, type Put, putterOf } from "./put.ts";
import { type RecordSlots, recordSlots } from "./record-slots.ts";
import type { Constant, MappingFile } from "./schema.ts";

/** Where a mapping was written, and what hears of its faults. */
export interface Source {
  file: string;
  whereOf(path: readonly PropertyKey[]): string;
  refuse: Refuse;
}

/** A line of the file, found when it is asked for. */
export type Place = () => string;

/** The line, without its column. */
export function placeOf(source: Source, path: readonly PropertyKey[]): Place {
  return () => source.whereOf(path).replace(/:\d+$/, "");
}

/** One thing that a mapping does, and the line that says so; none for what only leads to others. */
interface Deed {
  act: Act;
  place?: Place;
}

/** Compiles what a mapping does; of each record, only what the fields that it has call for is done. */
export function compileWork(
  written: MappingFile,
  source: Source,
): (draft: Draft, context: ParseContext) => void {
  const { mapping: name } = written;
  const slots = recordSlots();
  const nothing = new Set(written.nothing.map(String));
  const marks = marksOf(nothing);
  const deeds: Deed[] = [];
  const always: number[] = [];

  const below =
    (...above: PropertyKey[]): Refuse =>
    (path, ...rest) =>
      source.refuse([...above, ...path], ...rest);
  const doOne = ({ act, place }: Deed, draft: Draft, context: ParseContext): void => {
    const gave = act(draft, context);
    if (context.trace !== undefined && place !== undefined)
      context.trace({ by: "mapping", name, rule: place(), idle: !gave }, draft.alert);
  };
  /** Adds what is done only when one of the fields is there, or always when none need be. */
  const add = (deed: Deed, needed?: readonly string[]): number => {
    const index = deeds.push(deed) - 1;
    always.push(Number(needed?.every((field) => slots.wake(field, index)) !== true));
    return index;
  };
  const constantsOf = (path: PropertyKey[], constants: Record<string, Constant>): Act => {
    const told = Object.entries(constants).flatMap(([target, value]): Deed[] => {
      const act = compileConstant(target, value, below(...path, target));
      return act === undefined ? [] : [{ act, place: placeOf(source, [...path, target]) }];
    });
    return (draft, context) => {
      for (const each of told) doOne(each, draft, context);
      return told.length > 0;
    };
  };

  const steps = written.read.map((step, i): Deed => {
    const path = ["read", i];
    return { act: compileStep(step, below(...path), slots), place: placeOf(source, path) };
  });
  for (const [i, target] of written.remove.entries()) {
    const path = ["remove", i];
    if (putter(target, below(...path)) === undefined) continue;
    add({ act: removal(target), place: placeOf(source, path) });
  }
  add({ act: constantsOf(["set"], written.set) });
  for (const [target, entry] of Object.entries(written.fields)) {
    const path = ["fields", target];
    const put = putter(target, below(...path));
    if (put === undefined) continue;
    const act = compileEntry({ name: target, put }, entry, nothing, below(...path), slots);
    marks.watch(target, add({ act, place: placeOf(source, path) }, neededBy(entry)));
  }
  for (const [field, cases] of Object.entries(written.by)) {
    const acts = Object.entries(cases).map(
      ([key, constants]) => [key, constantsOf(["by", field, key], constants)] as const,
    );
    add({ act: compileBy(field, acts, slots) }, [field]);
  }
  for (const [i, { when, set }] of written.if.entries()) {
    const holds = whenTest(when, slots.readerOf) ?? (() => false);
    const act = constantsOf(["if", i, "set"], set);
    const needed = neededByWhen(when);
    add(
      { act: (draft, context) => holds(draft.alert) && act(draft, context) },
      needed === undefined ? undefined : [needed],
    );
  }
  if (written.severity !== undefined) {
    const acts = [written.severity].flat().map((each) => compileSeverity(each, slots.readerOf));
    const act: Act = (draft, context) => acts.some((each) => each(draft, context));
    add({ act, place: placeOf(source, ["severity"]) });
  }

  const awake = new Uint8Array(deeds.length);
  return (draft, context) => {
    awake.set(always);
    slots.fill(draft.fields, awake);
    for (const step of steps) doOne(step, draft, context);
    marks.wake(draft.alert, awake);
    // Who asks for an explanation is told all that was tried.
    if (context.trace !== undefined) awake.fill(1);
    for (let deed = 0; deed < deeds.length; deed++)
      if (awake[deed] === 1) doOne(deeds[deed] as Deed, draft, context);
    slots.clear();
  };
}

/** Finds the targets in which a parser took for a value what the product means as none. */
function marksOf(nothing: ReadonlySet<string>): {
  watch(target: string, deed: number): void;
  wake(alert: Alert, awake: Uint8Array): void;
} {
  const longest = Math.max(0, ...Array.from(nothing, ({ length }) => length));
  const groups = new Map<string, { deed: number; read: FieldReader }[]>();
  return {
    watch(target, deed) {
      const [group = ""] = target.split(".");
      groups.set(group, [...(groups.get(group) ?? []), { deed, read: ecsReader(target) }]);
    },
    wake(alert, awake) {
      for (const group in alert) {
        for (const { deed, read } of groups.get(group) ?? NONE) {
          if (awake[deed] === 1) continue;
          const value = read(alert);
          if (typeof value === "string" && value.length <= longest && nothing.has(value)) awake[deed] = 1;
        }
      }
    },
  };
}

const NONE: readonly never[] = [];

function removal(name: string): Act {
  const current = ecsReader(name);
  return ({ alert }) => {
    if (current(alert) === undefined) return false;
    dropEcs(alert, name);
    return true;
  };
}

/** The writer of a target; what it cannot be is refused with the nearest name that it can. */
function putter(name: string, refuse: Refuse): Put | undefined {
  const put = putterOf(name);
  if (put !== undefined) return put;
  const near = nearestName(name, [
    ...ecsFields().filter((each) => putterOf(each) !== undefined),
    "@timestamp",
  ]);
  const remedy = near === undefined ? "take a name of the Elastic Common Schema" : `did you mean ${near}?`;
  refuse([], "mapping_unknown_field", `${name} is not a field that a mapping writes`, remedy);
  return undefined;
}

function compileConstant(name: string, value: Constant, refuse: Refuse): Act | undefined {
  if (putter(name, refuse) === undefined) return undefined;
  if (VERBATIM_FIELDS.has(name)) {
    const message = `${name} only takes texts as the record has them`;
    refuse([], "mapping_not_verbatim", message, "write it into another field, such as event.action");
  }
  const put = constantPutter(name, value);
  if (put === undefined) {
    refuse(
      [],
      "mapping_value",
      `${name} cannot be ${JSON.stringify(value)}`,
      "give a value that fits the field",
    );
    return undefined;
  }
  return (draft) => {
    put(draft);
    return true;
  };
}

/** What holds by the value of a field: one look-up a record, then the values that have a `*`, in their order. */
function compileBy(
  field: string,
  cases: readonly (readonly [string, Act])[],
  { readerOf }: RecordSlots,
): Act {
  const read = readerOf(field);
  const exact = new Map<string, Act>();
  const others: { holds: (alert: Alert) => boolean; act: Act }[] = [];
  for (const [key, act] of cases) {
    const values = key.split("|").map((value) => value.trim());
    if (key.includes("*"))
      others.push({ holds: whenTest({ [field]: values }, readerOf) ?? (() => false), act });
    else for (const value of values) exact.set(value, act);
  }
  return (draft, context) => {
    const text = textOfField(read(draft.alert));
    if (text === undefined) return false;
    const act = exact.get(text) ?? others.find(({ holds }) => holds(draft.alert))?.act;
    return act?.(draft, context) ?? false;
  };
}
