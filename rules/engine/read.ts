import { CORE_SCHEMA, loadAll, mergeTag } from "js-yaml";
import { type DetectionRule, RuleMeaning } from "../../agent/core/detection.ts";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { readOnce } from "../../agent/core/readings.ts";
import { sha256Hex } from "../../agent/core/sha256.ts";
import type { LoadedCorrelation } from "./correlation/correlation.ts";
import { readCorrelation } from "./correlation/read-correlation.ts";
import { asMap, isPlain, type Json, readDetection, readLogSource, readTitle } from "./read-detection.ts";
import { type LoadedFilter, readFilter } from "./read-filter.ts";
import {
  type Path,
  problemAt,
  Refused,
  readSlowly,
  refuse,
  type SlowDocument,
  yamlProblem,
} from "./refusal.ts";
import type { LoadedRule } from "./rule.ts";

const SCHEMA = CORE_SCHEMA.withTags(mergeTag);
const LEVELS = ["informational", "low", "medium", "high", "critical"] as const;
/** Nodes of one document, aliases unfolded: far above what anyone writes. */
const MOST_NODES = 200_000;
const DEEPEST = 64;

/** What the documents of one file are. */
export interface ReadRules {
  rules: LoadedRule[];
  filters: LoadedFilter[];
  correlations: LoadedCorrelation[];
  refused: Problem[];
}

/**
 * Reads the text of one file into rules and filters; each document stands or falls alone. Of a `damaged` text, in which
 * replacement characters stand for bytes that were none, those that have one are refused.
 */
export function readRules(text: string, file: string, damaged = false): ReadRules {
  const found: ReadRules = { rules: [], filters: [], correlations: [], refused: [] };
  let documents: Pick<SlowDocument, "value" | "fault">[];
  try {
    documents = documentsOf(text, file);
  } catch (thrown) {
    return { ...found, refused: [yamlProblem(file, messageOf(thrown))] };
  }
  const { refused } = found;
  let global: Json = {};
  let previous: Json = {};
  const several = documents.length > 1;
  for (const [at, { value: document, fault }] of documents.entries()) {
    if (fault !== null) refused.push(fault);
    if (document === null || document === undefined) continue;
    try {
      const { action, ...body } = bounded(document);
      if (damaged) refuseDamaged(body, []);
      if (action === "global") global = merge(global, body);
      else if (action === "reset") global = {};
      else {
        if (action !== undefined && action !== "repeat") {
          const message = `"${action}" is no action of a rule collection`;
          refuse("action_unknown", ["action"], message, "write global, repeat or reset, or remove it");
        }
        previous = action === "repeat" ? merge(previous, body) : merge(global, body);
        const version = sha256Hex(several ? `${text}\n#${at}` : text).slice(0, 12);
        const sharesId = body.id === undefined && several;
        if (previous.filter !== undefined) found.filters.push(readFilter(previous, file, version));
        else if (previous.correlation !== undefined) {
          const place = { file, document: at };
          found.correlations.push(readCorrelation(previous, readHead(previous, version), place));
        } else found.rules.push({ ...readRule(previous, file, version), sharesId });
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
  return found;
}

/** The documents of a file: by the quick parser, or by the slow one when some syntax does not hold. */
function documentsOf(text: string, file: string): Pick<SlowDocument, "value" | "fault">[] {
  try {
    const values = readOnce("rules", text, () => loadAll(text, { schema: SCHEMA }));
    return values.map((value) => ({ value, fault: null }));
  } catch {
    return readSlowly(text, file).map(readAlone);
  }
}

/** A document that only the slow parser takes is refused, if without the place within it. */
function readAlone({ value, fault, text, where }: SlowDocument): Pick<SlowDocument, "value" | "fault"> {
  if (fault !== null) return { value, fault };
  try {
    loadAll(text, { schema: SCHEMA });
    return { value, fault };
  } catch (thrown) {
    return { value: null, fault: yamlProblem(where, messageOf(thrown)) };
  }
}

/** A document as a map that is no bomb and no circle: whoever walks it comes to an end. */
function bounded(document: unknown): Json {
  const own =
    asMap(document, []) ??
    refuse("not_a_rule", [], "this document is not a map", "write one rule a document");
  let nodes = 0;
  const walk = (value: unknown, depth: number): void => {
    nodes += 1;
    if (nodes > MOST_NODES || depth > DEEPEST)
      refuse("rule_too_large", [], "the document unfolds to too much", "split it, or use fewer aliases");
    if (value !== null && typeof value === "object")
      for (const one of Object.values(value)) walk(one, depth + 1);
  };
  walk(own, 0);
  return own;
}

function refuseDamaged(value: unknown, path: Path): void {
  if (typeof value === "string" && value.includes("\ufffd"))
    refuse("not_utf8", path, "a text has bytes that are not UTF-8", "save the file as UTF-8");
  if (value !== null && typeof value === "object")
    for (const [key, one] of Object.entries(value))
      refuseDamaged(one, [...path, Array.isArray(value) ? Number(key) : key]);
}

function readRule(raw: Json, file: string, version: string): LoadedRule {
  const rule = readHead(raw, version);
  const logsource = readLogSource(raw.logsource);
  const path: Path = ["detection"];
  const map = asMap(raw.detection, path);
  if (map === undefined) {
    return refuse("detection_missing", path, "a rule needs a detection", "add `detection:` with a condition");
  }
  const detection = readDetection(map, path, ["timeframe"]);
  if (map.timeframe !== undefined) {
    refuse(
      "aggregation_unsupported",
      [...path, "timeframe"],
      "`timeframe` belongs to the old aggregation syntax, which is not part of Sigma any more",
      "remove it, or write a correlation rule with a `timespan` beside it",
    );
  }
  return { rule, logsource, ...detection, sharesId: false, file };
}

/** What rules and correlations say of themselves. */
function readHead(raw: Json, version: string): DetectionRule {
  const title = readTitle(raw.title);
  const level = raw.level === undefined ? "medium" : plainText(raw.level).toLowerCase();
  if (!isLevel(level))
    return refuse("level_invalid", ["level"], `"${level}" is not a level`, `use one of ${LEVELS.join(", ")}`);
  const text = (key: string) =>
    typeof raw[key] === "string" && raw[key] !== "" ? (raw[key] as string) : undefined;
  const name = text("name");
  return {
    id: text("id") ?? name ?? title,
    ...(name === undefined ? {} : { name }),
    version,
    title,
    level,
    tags: Array.isArray(raw.tags) ? raw.tags.filter((tag) => typeof tag === "string") : [],
    ...readMeaning(raw.tocsin),
  };
}

const isLevel = (level: string): level is (typeof LEVELS)[number] =>
  (LEVELS as readonly string[]).includes(level);

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

const plainText = (value: unknown) => (isPlain(value) ? String(value) : "");

/** Joins two maps, the second winning; maps inside are joined too. */
function merge(under: Json, over: Json): Json {
  const merged: Json = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    const both = !isPlain(below) && !isPlain(value) && !Array.isArray(below) && !Array.isArray(value);
    merged[key] = both && below !== undefined ? merge(below as Json, value as Json) : value;
  }
  return merged;
}
