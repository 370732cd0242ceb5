import { createHash } from "node:crypto";
import { CORE_SCHEMA, loadAll, mergeTag } from "js-yaml";
import { type Document, isNode, LineCounter, type Node, parseAllDocuments } from "yaml";
import { RuleMeaning } from "../../agent/core/detection.ts";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { type ConditionFault, parseCondition } from "./condition.ts";
import { type ModifierFault, readItem } from "./modifiers.ts";
import type { Condition, Item, LoadedRule, LogSource, Selection, Test } from "./rule.ts";

const SCHEMA = CORE_SCHEMA.withTags(mergeTag);
const LEVELS = ["informational", "low", "medium", "high", "critical"] as const;
/** Values in one rule: far above what anyone writes, far below what a YAML bomb unfolds to. */
const MOST_VALUES = 50_000;
const DEEPEST = 20;

type Path = (string | number)[];
type Json = Record<string, unknown>;

/** A reason to refuse one rule, with the path in its document. */
interface Refusal {
  code: string;
  message: string;
  remedy: string;
  path: Path;
}

class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

const refuse = (code: string, path: Path, message: string, remedy: string): never => {
  throw new Refused({ code, message, remedy, path });
};

/** Reads the text of one file into rules; each document stands or falls alone. */
export function readRules(text: string, file: string): { rules: LoadedRule[]; refused: Problem[] } {
  let documents: unknown[];
  try {
    documents = loadAll(text, { schema: SCHEMA });
  } catch (thrown) {
    return { rules: [], refused: [yamlProblem(text, file, thrown)] };
  }
  const rules: LoadedRule[] = [];
  const refused: Problem[] = [];
  let global: Json = {};
  let previous: Json = {};
  const several = documents.length > 1;
  for (const [at, document] of documents.entries()) {
    if (document === null || document === undefined) continue;
    try {
      const own =
        asMap(document, []) ??
        refuse("not_a_rule", [], "this document is not a map", "write one rule a document");
      const { action, ...body } = own;
      if (action === "global") global = merge(global, body);
      else if (action === "reset") global = {};
      else {
        previous = action === "repeat" ? merge(previous, body) : merge(global, body);
        const version = createHash("sha256")
          .update(several ? `${text}\n#${at}` : text)
          .digest("hex")
          .slice(0, 12);
        rules.push({ ...readRule(previous, file, version), sharesId: own.id === undefined && several });
      }
    } catch (thrown) {
      if (!(thrown instanceof Refused)) throw thrown;
      refused.push(problemAt(text, file, at, thrown.refusal));
    }
  }
  if (documents.length === 0) {
    refused.push({
      code: "not_a_rule",
      where: file,
      message: "the file is empty",
      remedy: "remove it or write a rule",
    });
  }
  return { rules, refused };
}

function readRule(raw: Json, file: string, version: string): LoadedRule {
  if (raw.correlation !== undefined) {
    refuse(
      "correlation_unsupported",
      ["correlation"],
      "correlation rules are not run yet",
      "remove it; its base rules still run",
    );
  }
  if (raw.filter !== undefined) {
    refuse(
      "filter_unsupported",
      ["filter"],
      "Sigma filters are not applied yet",
      "write the exclusion into the rule",
    );
  }
  const title = raw.title;
  if (typeof title !== "string" || title.trim() === "") {
    return refuse("title_missing", ["title"], "a rule needs a title", "add `title:`");
  }
  const level = raw.level === undefined ? "medium" : plainText(raw.level).toLowerCase();
  if (!isLevel(level))
    return refuse("level_invalid", ["level"], `"${level}" is not a level`, `use one of ${LEVELS.join(", ")}`);
  const logsource = readLogSource(raw.logsource);
  const detection = asMap(raw.detection, ["detection"]);
  if (detection === undefined) {
    return refuse(
      "detection_missing",
      ["detection"],
      "a rule needs a detection",
      "add `detection:` with a condition",
    );
  }
  const conditionText = detection.condition;
  if (conditionText === undefined || conditionText === null) {
    refuse("condition_missing", ["detection"], "the detection has no condition", "add `condition:`");
  }
  const budget = { values: MOST_VALUES };
  const selections = new Map<string, Selection>();
  // The condition first: an old aggregation explains a rule better than its odd selections do.
  const names = Object.keys(detection).filter((name) => name !== "condition" && name !== "timeframe");
  const condition = readCondition(conditionText, names);
  for (const name of names) selections.set(name, readSelection(detection[name], ["detection", name], budget));
  const text = (key: string) =>
    typeof raw[key] === "string" && raw[key] !== "" ? (raw[key] as string) : undefined;
  const name = text("name");
  return {
    rule: {
      id: text("id") ?? name ?? title,
      ...(name === undefined ? {} : { name }),
      version,
      title,
      level,
      tags: Array.isArray(raw.tags) ? raw.tags.filter((tag) => typeof tag === "string") : [],
      ...readMeaning(raw.tocsin),
    },
    logsource,
    selections,
    condition,
    sharesId: false,
    placeholders: [...new Set([...selections.values()].flatMap(placeholdersOf))],
    file,
  };
}

const isLevel = (level: string): level is (typeof LEVELS)[number] =>
  (LEVELS as readonly string[]).includes(level);

function readLogSource(raw: unknown): LogSource {
  const path = ["logsource"];
  const map = asMap(raw, path);
  if (map === undefined)
    return refuse("logsource_missing", path, "a rule needs a logsource", "add `logsource:`");
  const found: LogSource = {};
  for (const key of ["category", "product", "service"] as const) {
    const value = map[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== "string")
      refuse("logsource_invalid", [...path, key], `${key} must be a text`, "quote it");
    found[key] = String(value).toLowerCase();
  }
  if (Object.keys(found).length === 0) {
    refuse("logsource_invalid", path, "the logsource is empty", "name a category, a product or a service");
  }
  return found;
}

function readMeaning(raw: unknown): { meaning?: RuleMeaning } {
  if (raw === undefined) return {};
  const read = RuleMeaning.safeParse(raw);
  if (read.success) return { meaning: read.data };
  const issue = read.error.issues[0];
  const path = ["tocsin", ...((issue?.path ?? []) as Path)];
  return refuse(
    "meaning_invalid",
    path,
    `${path.join(".")}: ${issue?.message}`,
    "correct the `tocsin:` block",
  );
}

function readCondition(raw: unknown, names: string[]): Condition {
  const path = ["detection", "condition"];
  const texts = Array.isArray(raw) ? raw : [raw];
  const of = texts.map((text, at): Condition => {
    const here = Array.isArray(raw) ? [...path, at] : path;
    if (typeof text !== "string")
      return refuse("condition_invalid", here, "a condition must be a text", "quote it");
    const read = parseCondition(text, names);
    if (read.fault !== undefined) return refuseFault(read.fault, here);
    return read.condition;
  });
  if (of.length === 0)
    refuse("condition_missing", path, "the list of conditions is empty", "write a condition");
  return of.length === 1 ? (of[0] as Condition) : { kind: "or", of };
}

function readSelection(raw: unknown, path: Path, budget: { values: number }): Selection {
  if (path.length > DEEPEST)
    refuse("rule_too_large", path, "the selection is nested too deeply", "write it flatter");
  if (isPlain(raw)) return { kind: "items", items: [item(null, raw, path, budget)] };
  if (Array.isArray(raw)) {
    if (raw.length === 0)
      refuse("selection_empty", path, "the selection is empty", "add a field or a keyword");
    if (raw.every(isPlain)) return { kind: "items", items: [item(null, raw, path, budget)] };
    return { kind: "any", of: raw.map((one, at) => readSelection(one, [...path, at], budget)) };
  }
  const entries = Object.entries(asMap(raw, path) ?? {});
  if (entries.length === 0)
    refuse("selection_empty", path, "the selection is empty", "add a field or a keyword");
  return { kind: "items", items: entries.map(([key, value]) => item(key, value, [...path, key], budget)) };
}

function item(key: string | null, value: unknown, path: Path, budget: { values: number }): Item {
  budget.values -= Array.isArray(value) ? value.length : 1;
  if (budget.values < 0)
    refuse("rule_too_large", path, `the rule has over ${MOST_VALUES} values`, "split it");
  try {
    return readItem(key, value);
  } catch (thrown) {
    if (thrown instanceof Error) throw thrown;
    return refuseFault(thrown as ModifierFault, path);
  }
}

function placeholdersOf(selection: Selection): string[] {
  if (selection.kind === "any") return selection.of.flatMap(placeholdersOf);
  const inTest = (test: Test): string[] => {
    if (test.kind === "any") return test.tests.flatMap(inTest);
    if (test.kind !== "pattern") return [];
    return test.pattern.flatMap((part) => (typeof part === "object" ? [part.placeholder] : []));
  };
  return selection.items.flatMap((one) => one.tests.flatMap(inTest));
}

function refuseFault(fault: ConditionFault | ModifierFault, path: Path): never {
  throw new Refused({ ...fault, path });
}

const plainText = (value: unknown) => (isPlain(value) ? String(value) : "");

const isPlain = (value: unknown) => value === null || typeof value !== "object";

function asMap(value: unknown, path: Path): Json | undefined {
  if (value === undefined || value === null) return undefined;
  if (isPlain(value) || Array.isArray(value)) {
    return refuse(
      "not_a_rule",
      path,
      `${path.join(".") || "the document"} must be a map`,
      "write `key: value` lines",
    );
  }
  return value as Json;
}

/** Joins two maps, the second winning; maps inside are joined too. */
function merge(under: Json, over: Json): Json {
  const merged: Json = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    const both = !isPlain(below) && !isPlain(value) && !Array.isArray(below) && !Array.isArray(value);
    merged[key] = both ? merge(below as Json, value as Json) : value;
  }
  return merged;
}

function yamlProblem(text: string, file: string, thrown: unknown): Problem {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  const error = Array.isArray(documents) ? documents.flatMap((document) => document.errors)[0] : undefined;
  const place = error === undefined ? undefined : lines.linePos(error.pos[0]);
  const message = (error?.message ?? messageOf(thrown)).split(/ at line \d|\n/, 1)[0] as string;
  return {
    code: "yaml_invalid",
    where: place === undefined ? file : `${file}:${place.line}:${place.col}`,
    message: `not valid YAML: ${message}`,
    remedy: "correct the line; quote texts that hold `: `, `#`, `*` or `%`",
  };
}

/** Finds the line of a refusal by reading the file again with a parser that keeps positions. */
function problemAt(text: string, file: string, index: number, refusal: Refusal): Problem {
  const { code, message, remedy } = refusal;
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, logLevel: "silent" });
  const document = Array.isArray(documents) ? (documents[index] as Document | undefined) : undefined;
  const offset = document === undefined ? undefined : offsetOf(document, refusal.path);
  const place = offset === undefined ? undefined : lines.linePos(offset);
  return { code, where: place === undefined ? file : `${file}:${place.line}:${place.col}`, message, remedy };
}

/** Offset of the deepest part of the path that the document holds. */
function offsetOf(document: Document, path: Path): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && (node as Node).range) return (node as Node).range?.[0];
  }
  return undefined;
}
