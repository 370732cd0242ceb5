import { type FieldValue, VERBATIM_FIELDS } from "../../agent/core/alert.ts";
import { type Draft, putField } from "../shared/draft.ts";
import { flatten, isObject, readJson } from "../shared/json.ts";
import { mendJson } from "../shared/mend-json.ts";
import { isEcsField } from "../shared/put-ecs.ts";
import { readEventXml } from "../shared/windows/read-event-xml.ts";
import { writeWindows } from "../shared/windows/write-windows.ts";
import type { Act, Refuse } from "./compile-entry.ts";
import { whenTest } from "./condition.ts";
import { forgetLists, textOfField } from "./field-reader.ts";
import type { RecordSlots } from "./record-slots.ts";
import type { Step } from "./schema.ts";
import { compileColumns, compileLike, compilePairs, compilePattern, type TakeApart } from "./take-apart.ts";
import { takeXml } from "./take-xml.ts";

/** Compiles a step that takes a text apart into fields of the record. */
export function compileStep(step: Step, refuse: Refuse, slots: RecordSlots): Act {
  if (isEcsField(step.from) && !VERBATIM_FIELDS.has(step.from)) {
    const message = `${step.from} may be computed, and what is taken from it must stand in the record`;
    refuse(["from"], "mapping_not_verbatim", message, "name the field of the source itself");
  }
  const when = whenTest(step.when, slots.readerOf);
  const read = slots.readerOf(step.from);
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
  const takeOne = (draft: Draft, text: string): boolean => {
    const each = (name: string, value: string) => slots.put(draft, name, value);
    for (const take of takers) if (take(text, each)) return true;
    return false;
  };
  return (draft) => {
    if (when !== undefined && !when(draft.alert)) return false;
    if (step.named !== undefined) return again(draft, takeNamed(draft, step.from, step.named));
    const text = textOfField(read(draft.alert));
    if (text === undefined || text === "") return false;
    if (takers.length === 0) return again(draft, takeWhole(step, draft, text));
    const taken = takeOne(draft, text);
    return slots.readsLists() ? again(draft, taken) : taken;
  };

  /** Takes the record up again when fields were added to it. */
  function again(draft: Draft, taken: boolean): boolean {
    if (taken) {
      forgetLists();
      slots.refill(draft.fields);
    }
    return taken;
  }
}

/** Members of a list of names with values beyond which the rest is left. */
const MOST_NAMED = 64;

/** Makes fields of the members of a list that each have a name and a value. */
function takeNamed(draft: Draft, list: string, { name, value }: NonNullable<Step["named"]>): boolean {
  const stem = `${list}.`;
  const tail = `.${name}`;
  const found: [called: string, said: FieldValue][] = [];
  for (const key in draft.fields) {
    if (!key.startsWith(stem) || !key.endsWith(tail)) continue;
    const index = key.slice(stem.length, -tail.length);
    const called = draft.fields[key];
    const said = draft.fields[`${stem}${index}.${value}`];
    // A member without a name hides none of those after it.
    if (typeof called !== "string" || called === "" || said === undefined || said === null) continue;
    if (/^\d{1,2}$/.test(index) && Number(index) < MOST_NAMED) found.push([called, said]);
  }
  for (const [called, said] of found) putField(draft, `${stem}${called}`, said);
  return found.length > 0;
}

/** Takes a text of a format of its own apart. */
function takeWhole({ from, json, xml, windows }: Step, draft: Draft, text: string): boolean {
  if (json === true) return takeJsonList(draft, from, text) || takeJson(draft, text);
  if (xml === true) return takeXml(draft, text);
  return windows === true && takeWindows(draft, text);
}

/** Reads the Windows event that a text holds; what the alert already says stands. */
function takeWindows(draft: Draft, text: string): boolean {
  const from = text.indexOf("<Event");
  if (from < 0 || readEventXml(draft, text.slice(from))?.code === "not_an_event") return false;
  writeWindows(draft);
  return true;
}

/** Makes fields of the objects of a list that is the whole text, under the name of the field that held it. */
function takeJsonList(draft: Draft, from: string, text: string): boolean {
  if (!text.startsWith("[")) return false;
  const { value } = { value: undefined, ...readJson(text) };
  if (!Array.isArray(value) || !value.some(isObject)) return false;
  flatten(draft, from, value);
  return true;
}

/** Makes fields of the members of the object that a text ends with. */
function takeJson(draft: Draft, text: string): boolean {
  const from = text.indexOf("{");
  const whole = from < 0 ? undefined : readJson(text.slice(from));
  const mended = whole?.error === undefined ? undefined : mendJson(text.slice(from));
  const { value } = { value: undefined, ...(mended === undefined ? whole : readJson(mended)) };
  if (!isObject(value)) return false;
  if (mended !== undefined) draft.cut = true;
  flatten(draft, "", value);
  return true;
}
