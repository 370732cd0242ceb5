import { type Alert, AlertTag, VERBATIM_FIELDS } from "../../agent/core/alert.ts";
import type { Claim } from "../../agent/core/claim.ts";
import type { ParseContext } from "../contract.ts";
import { addTag, type Draft, draftOf, newDraft, putField } from "../shared/draft.ts";
import { flatten, isObject, readJson } from "../shared/json.ts";
import { mendJson } from "../shared/mend-json.ts";
import { ecsFields, isEcsField } from "../shared/put-ecs.ts";
import { readEventXml } from "../shared/windows/read-event-xml.ts";
import { writeWindows } from "../shared/windows/write-windows.ts";
import { claimsOf } from "./claims-of.ts";
import { type Act, compileEntry, type Refuse } from "./compile-entry.ts";
import { compileSeverity } from "./compile-severity.ts";
import { type Condition, conditionsOf, whenTest } from "./condition.ts";
import { ecsReader, fieldReader, forgetLists, textOfField } from "./field-reader.ts";
import { nearestName } from "./nearest-name.ts";
import { dropEcs, dropTag, type Put, putterOf } from "./put.ts";
import type { Constant, MappingFile, Step, When } from "./schema.ts";
import { compileColumns, compileLike, compilePairs, compilePattern, type TakeApart } from "./take-apart.ts";
import { takeXml } from "./take-xml.ts";

/** What tells that a record is of a product: conditions that hold together, and where they are written. */
export interface Sign {
  conditions: readonly Condition[];
  place: Place;
}

/** A mapping, compiled: how it knows its records, and what it does with their alerts. */
export interface Mapping {
  name: string;
  title: string;
  file: string;
  /** Formats whose alerts it reads, as `event.module` names them. */
  over: readonly string[];
  signs: readonly Sign[];
  /** What it writes of the product by itself. */
  claims: readonly Claim[];
  /** Changes the alert of one record in place. */
  apply(alert: Alert, context: ParseContext): void;
}

/** A line of the file, found when it is asked for. */
type Place = () => string;

/** One thing that a mapping does; told is the line that says so, and whether it gave anything. */
type Deed = (draft: Draft, context: ParseContext, done: (place: Place, gave: boolean) => void) => void;

/** Where a mapping was written, and what hears of its faults. */
export interface Source {
  file: string;
  whereOf(path: readonly PropertyKey[]): string;
  refuse: Refuse;
}

const ANY_TIME: ParseContext = { received: 0, zone: "UTC" };

/**
 * Compiles a mapping; everything wrong with it is told, and then it must not be used.
 *
 * What it does is compiled at its first record when it is `trusted`, as one that comes with the program and its tests:
 * few of the products that are known write to one installation, and its start waits for none of the others.
 */
export function compileMapping(written: MappingFile, source: Source, trusted = false): Mapping {
  const { mapping: name, title, over } = written;
  const single = !Array.isArray(written.when);
  const signs = [written.when].flat().map((when, i): Sign => {
    const path = single ? ["when"] : ["when", i];
    const conditions = conditionsOf(when);
    if (!conditions.some(({ wanted }) => wanted !== "absent")) {
      const message = "it would take any record for this product's";
      source.refuse(path, "mapping_when", message, "name a field that only this product writes");
    }
    return { conditions, place: placeOf(source, path) };
  });
  let deeds = trusted ? undefined : deedsOf(written, source);

  return {
    name,
    title,
    file: source.file,
    over,
    signs,
    claims: claimsOf(
      written,
      signs.map(({ conditions }) => conditions),
    ),
    apply(alert, context) {
      const draft = draftOf(alert);
      const { trace } = context;
      const done =
        trace === undefined
          ? () => {}
          : (place: Place, gave: boolean) =>
              trace({ by: "mapping", name, rule: place(), idle: !gave }, alert);
      deeds ??= deedsOf(written, source);
      for (const deed of deeds) deed(draft, context, done);
      draft.event.dataset = name;
      dropTag(alert, AlertTag.unrecognised);
      if (draft.cut) addTag(alert, AlertTag.cut);
      context.trace?.({ by: "mapping", name }, alert);
    },
  };
}

/** The line, without its column. */
function placeOf(source: Source, path: readonly PropertyKey[]): Place {
  return () => source.whereOf(path).replace(/:\d+$/, "");
}

function deedsOf(written: MappingFile, source: Source): Deed[] {
  const nothing = new Set(written.nothing.map(String));
  const deeds: Deed[] = [];
  const below =
    (...above: PropertyKey[]): Refuse =>
    (path, ...rest) =>
      source.refuse([...above, ...path], ...rest);
  const add = (path: PropertyKey[], act: Act | undefined) => {
    if (act === undefined) return;
    const place = placeOf(source, path);
    deeds.push((draft, context, done) => done(place, act(draft, context)));
  };

  for (const [i, step] of written.read.entries()) add(["read", i], compileStep(step, below("read", i)));
  for (const [i, name] of written.remove.entries()) {
    if (putter(name, below("remove", i)) !== undefined) add(["remove", i], removal(name));
  }
  for (const [name, value] of Object.entries(written.set)) {
    add(["set", name], compileConstant(name, value, below("set", name)));
  }
  for (const [name, entry] of Object.entries(written.fields)) {
    const put = putter(name, below("fields", name));
    if (put === undefined) continue;
    add(["fields", name], compileEntry({ name, put }, entry, nothing, below("fields", name)));
  }
  for (const [field, cases] of Object.entries(written.by)) deeds.push(compileBy(field, cases, source));
  for (const [i, { when, set }] of written.if.entries()) deeds.push(compileIf(i, when, set, source));
  if (written.severity !== undefined) {
    const acts = [written.severity].flat().map(compileSeverity);
    add(["severity"], (draft, context) => acts.some((act) => act(draft, context)));
  }
  return deeds;
}

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
  const put = putter(name, refuse);
  if (put === undefined) return undefined;
  if (VERBATIM_FIELDS.has(name)) {
    const message = `${name} only takes texts as the record has them`;
    refuse([], "mapping_not_verbatim", message, "write it into another field, such as event.action");
  }
  if (!put(newDraft("", "", ""), value, ANY_TIME)) {
    refuse(
      [],
      "mapping_value",
      `${name} cannot be ${JSON.stringify(value)}`,
      "give a value that fits the field",
    );
  }
  return (draft, context) => put(draft, value, context);
}

/** What holds by the value of a field: one look-up a record, then the values that have a `*`, in their order. */
function compileBy(field: string, cases: MappingFile["by"][string], source: Source): Deed {
  const read = fieldReader(field);
  const exact = new Map<string, Deed[]>();
  const others: { holds: (alert: Alert) => boolean; deeds: Deed[] }[] = [];
  for (const [key, constants] of Object.entries(cases)) {
    const deeds = Object.entries(constants).flatMap(([name, value]): Deed[] => {
      const path = ["by", field, key, name];
      const act = compileConstant(name, value, (below, ...rest) =>
        source.refuse([...path, ...below], ...rest),
      );
      const place = placeOf(source, path);
      return act === undefined ? [] : [(draft, context, done) => done(place, act(draft, context))];
    });
    const values = key.split("|").map((value) => value.trim());
    if (key.includes("*")) others.push({ holds: whenTest({ [field]: values }) ?? (() => false), deeds });
    else for (const value of values) exact.set(value, deeds);
  }
  return (draft, context, done) => {
    const text = textOfField(read(draft.alert));
    if (text === undefined) return;
    const deeds = exact.get(text) ?? others.find(({ holds }) => holds(draft.alert))?.deeds;
    if (deeds !== undefined) for (const deed of deeds) deed(draft, context, done);
  };
}

/** What holds when all of a condition does. */
function compileIf(index: number, when: When, set: Record<string, Constant>, source: Source): Deed {
  const holds = whenTest(when) ?? (() => false);
  const deeds = Object.entries(set).flatMap(([name, value]): Deed[] => {
    const path = ["if", index, "set", name];
    const act = compileConstant(name, value, (below, ...rest) => source.refuse([...path, ...below], ...rest));
    const place = placeOf(source, path);
    return act === undefined ? [] : [(draft, context, done) => done(place, act(draft, context))];
  });
  return (draft, context, done) => {
    if (holds(draft.alert)) for (const deed of deeds) deed(draft, context, done);
  };
}

function compileStep(step: Step, refuse: Refuse): Act {
  if (isEcsField(step.from) && !VERBATIM_FIELDS.has(step.from)) {
    const message = `${step.from} may be computed, and what is taken from it must stand in the record`;
    refuse(["from"], "mapping_not_verbatim", message, "name the field of the source itself");
  }
  const when = whenTest(step.when);
  const read = fieldReader(step.from);
  const takers: TakeApart[] = [];
  const add = (key: "like" | "pattern", compile: typeof compileLike) => {
    for (const text of [step[key] ?? []].flat()) {
      const compiled = compile(text);
      if (typeof compiled === "function") takers.push(compiled);
      else refuse([key], `mapping_${key}`, `${text}: ${compiled.refused}`, "correct it");
    }
  };
  add("like", compileLike);
  add("pattern", compilePattern);
  if (step.columns !== undefined) takers.push(compileColumns(step.columns, step.separator));
  if (step.pairs !== undefined) takers.push(compilePairs(step.pairs.between, step.pairs.within));
  return (draft) => {
    if (when !== undefined && !when(draft.alert)) return false;
    if (step.named !== undefined) return takeNamed(draft, step.from, step.named);
    const text = textOfField(read(draft.alert));
    if (text === undefined || text === "") return false;
    const taken =
      takeWhole(step, draft, text) ??
      takers.some((take) => take(text, (name, value) => putField(draft, name, value)));
    if (taken) forgetLists();
    return taken;
  };
}

/** Members of a list of names with values beyond which the rest is left. */
const MOST_NAMED = 64;

/** Makes fields of the members of a list that each have a name and a value. */
function takeNamed(draft: Draft, list: string, { name, value }: NonNullable<Step["named"]>): boolean {
  let found = false;
  for (let i = 0; i < MOST_NAMED; i++) {
    const called = draft.fields[`${list}.${i}.${name}`];
    const said = draft.fields[`${list}.${i}.${value}`];
    if (called === undefined) break;
    if (typeof called !== "string" || called === "" || said === undefined || said === null) continue;
    putField(draft, `${list}.${called}`, said);
    found = true;
  }
  return found;
}

/** Takes a text of a format of its own apart; undefined when the step names none. */
function takeWhole({ json, xml, windows }: Step, draft: Draft, text: string): boolean | undefined {
  if (json === true) return takeJson(draft, text);
  if (xml === true) return takeXml(draft, text);
  return windows === true ? takeWindows(draft, text) : undefined;
}

/** Reads the Windows event that a text holds; what the alert already says stands. */
function takeWindows(draft: Draft, text: string): boolean {
  const from = text.indexOf("<Event");
  if (from < 0 || readEventXml(draft, text.slice(from))?.code === "not_an_event") return false;
  writeWindows(draft);
  return true;
}

/** Makes fields of the members of the object that a text ends with. */
function takeJson(draft: Draft, text: string): boolean {
  const from = text.indexOf("{");
  const { value } = from < 0 ? {} : { value: undefined, ...readJson(text.slice(from)) };
  if (!isObject(value)) return false;
  flatten(draft, "", value);
  return true;
}
