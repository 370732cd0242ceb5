import type { DetectionRule } from "../../../agent/core/detection.ts";
import { parseCondition } from "../condition.ts";
import { type Path, refuse } from "../refusal.ts";
import { alternativesOf } from "./alternatives.ts";
import {
  BOUND_OPERATORS,
  type Bound,
  CORRELATION_TYPES,
  type CorrelationCondition,
  type CorrelationType,
  type LoadedCorrelation,
  leastOf,
} from "./correlation.ts";
import { readTimespan } from "./timespan.ts";

type Json = Record<string, unknown>;

const KNOWN = ["type", "rules", "group-by", "timespan", "condition", "aliases", "generate", "window"];
/** Events that one group may have to hold before a condition can be met. */
const MOST_ASKED = 100_000;
const MOST_RULES = 64;
const MOST_FIELDS = 16;
/** Names a rule may be referred to by inside a condition. */
const WORD = /[\p{L}\p{N}_.-]+/gu;
const KEYWORDS = new Set(["and", "or", "not", "of", "all", "any", "them"]);

/** Reads the `correlation:` of a document (Sigma correlations 2.1, extended conditions, and our `absence`). */
export function readCorrelation(
  raw: Json,
  rule: DetectionRule,
  place: { file: string; document: number },
): LoadedCorrelation {
  const body = asMap(raw.correlation, ["correlation"]);
  const type = readType(body.type);
  refuseOdd(body, type);
  const listed = readRefs(body.rules);
  const timespan =
    readTimespan(body.timespan) ??
    (body.timespan === undefined || body.timespan === null
      ? refuse("timespan_missing", at(), "a correlation needs a timespan", "add `timespan: 15m`")
      : refuse(
          "timespan_invalid",
          at("timespan"),
          `"${String(body.timespan)}" is not a timespan`,
          "write a whole number above 0 and one of s m h d w M y, such as 15m; two years at most",
        ));
  const { rules, condition } = readCondition(body.condition, type, listed);
  return {
    rule: { ...rule, role: "correlation" },
    type,
    rules,
    groupBy: readFields(body["group-by"], at("group-by")),
    timespan,
    condition,
    aliases: readAliases(body.aliases),
    generate: readFlag(body.generate ?? raw.generate),
    alone: true,
    ...place,
  };
}

const at = (...path: Path): Path => ["correlation", ...path];

function readType(written: unknown): CorrelationType {
  const type = typeof written === "string" ? written.toLowerCase() : written;
  if (CORRELATION_TYPES.includes(type as CorrelationType)) return type as CorrelationType;
  const list = CORRELATION_TYPES.join(", ");
  if (written === undefined || written === null)
    return refuse(
      "correlation_type_invalid",
      at(),
      "a correlation needs a type",
      `add \`type:\`, one of ${list}`,
    );
  return refuse(
    "correlation_type_invalid",
    at("type"),
    `"${String(written)}" is not a type of correlation`,
    `use one of ${list}`,
  );
}

/** Forms of drafts and of other engines that would change what the rule means if they were read past. */
function refuseOdd(body: Json, type: CorrelationType): void {
  const odd = (key: string, message: string, remedy: string) => {
    if (body[key] !== undefined) refuse("correlation_key_unknown", at(key), message, remedy);
  };
  odd("timeframe", "`timeframe` is the old aggregation syntax", "write `timespan`");
  odd("ordered", "`ordered` is of a draft of Sigma 2", "use `type: temporal_ordered`");
  odd("group_by", "`group_by` is not the spelling of Sigma", "write `group-by`");
  odd("gap", "sessions are not part of Sigma", "use a timespan: windows slide");
  if (body.window !== undefined && body.window !== "sliding")
    odd(
      "window",
      `windows are never "${String(body.window)}": it would split an attack`,
      "remove it: windows slide",
    );
  odd("field", "`field` belongs into the condition", "move it under `condition:`");
  const unknown = Object.keys(body).find((key) => !KNOWN.includes(key));
  if (unknown !== undefined)
    odd(unknown, `"${unknown}" is not part of a correlation`, `use ${KNOWN.join(", ")}`);
  if (type === "absence")
    odd("condition", "an absence has no condition: that nothing came is the condition", "remove it");
}

/** The rules referred to; undefined when none is listed. */
function readRefs(raw: unknown): string[] | undefined {
  if (raw === undefined || raw === null) return undefined;
  const list = Array.isArray(raw) ? raw : [raw];
  for (const [index, ref] of list.entries()) {
    if (typeof ref !== "string" || ref === "")
      refuse(
        "correlation_rules_invalid",
        Array.isArray(raw) ? at("rules", index) : at("rules"),
        "a rule is referred to by its id or name, as text",
        "write a list of ids or names",
      );
  }
  const rules = [...new Set(list as string[])];
  if (rules.length > MOST_RULES)
    refuse(
      "correlation_too_large",
      at("rules"),
      `over ${MOST_RULES} rules are listed`,
      "part the correlation",
    );
  return rules.length === 0 ? undefined : rules;
}

function readFields(raw: unknown, path: Path): string[] {
  if (raw === undefined || raw === null) return [];
  const list = Array.isArray(raw) ? raw : [raw];
  for (const field of list) {
    if (typeof field !== "string" || field === "")
      refuse(
        "correlation_fields_invalid",
        path,
        `${path.at(-1)} names fields`,
        "write a field or a list of fields",
      );
  }
  const fields = [...new Set(list as string[])];
  if (fields.length > MOST_FIELDS)
    refuse("correlation_too_large", path, `over ${MOST_FIELDS} fields are named`, "name fewer");
  return fields;
}

function readFlag(raw: unknown): boolean {
  if (raw === undefined || raw === null) return false;
  if (typeof raw === "boolean") return raw;
  return refuse(
    "correlation_generate_invalid",
    at("generate"),
    "generate is true or false",
    "write true or false",
  );
}

/** Rules are named as anywhere, by id or name: they are found when all are read. */
function readAliases(raw: unknown): LoadedCorrelation["aliases"] {
  if (raw === undefined || raw === null) return {};
  const found: LoadedCorrelation["aliases"] = {};
  for (const [alias, fields] of Object.entries(asMap(raw, at("aliases")))) {
    const path = at("aliases", alias);
    const own: Record<string, string> = Object.create(null);
    for (const [rule, field] of Object.entries(asMap(fields, path))) {
      if (typeof field !== "string" || field === "")
        refuse(
          "alias_invalid",
          [...path, rule],
          "an alias stands for the name of one field",
          "write the field",
        );
      own[rule] = field as string;
    }
    found[alias] = { ...own };
  }
  return found;
}

function readCondition(
  raw: unknown,
  type: CorrelationType,
  listed: string[] | undefined,
): { rules: string[]; condition: CorrelationCondition } {
  const temporal = type === "temporal" || type === "temporal_ordered";
  if (typeof raw === "string") {
    if (!temporal)
      refuse(
        "condition_invalid",
        at("condition"),
        "a condition on rules belongs to temporal and temporal_ordered",
        "write the number asked, such as `gte: 10`",
      );
    return readExtended(raw, listed);
  }
  const rules =
    listed ??
    refuse("correlation_rules_missing", at(), "the correlation names no rule", "add `rules:`, ids or names");
  if (type === "absence") return { rules, condition: readAbsence(rules) };
  if (raw === undefined || raw === null) {
    if (temporal) return { rules, condition: bounded([{ operator: "gte", number: rules.length }]) };
    return refuse(
      "condition_missing",
      at(),
      "the correlation has no condition",
      "add `condition:`, such as `gte: 10`",
    );
  }
  return { rules, condition: readBounds(asMap(raw, at("condition")), type) };
}

const bounded = (bounds: Bound[]): CorrelationCondition => ({
  kind: "bounds",
  bounds,
  fields: [],
  percentile: 50,
});

/** One rule that must come again, or one after which another must come. */
function readAbsence(rules: readonly string[]): CorrelationCondition {
  if (rules.length > 2)
    refuse(
      "correlation_rules_invalid",
      at("rules"),
      "an absence has one rule, which must come again, or two: after the first, the second must come",
      "chain correlations for more",
    );
  return bounded([]);
}

function readExtended(
  text: string,
  listed: string[] | undefined,
): { rules: string[]; condition: CorrelationCondition } {
  const path = at("condition");
  const words = [...new Set([...text.matchAll(WORD)].map(([word]) => word))];
  const rules = listed ?? words.filter((word) => !KEYWORDS.has(word.toLowerCase()) && !/^\d+$/.test(word));
  if (rules.length === 0)
    refuse("condition_invalid", path, "the condition names no rule", "name rules joined by and, or, not");
  if (rules.length > MOST_RULES)
    refuse("correlation_too_large", path, `over ${MOST_RULES} rules are named`, "part the correlation");
  const { condition, fault } = parseCondition(text, rules);
  if (fault !== undefined) {
    const unknown = fault.code === "condition_unknown_selection";
    const message = unknown ? "the condition names what `rules` does not list" : fault.message;
    return refuse(fault.code, path, message, unknown ? `use ${rules.slice(0, 12).join(", ")}` : fault.remedy);
  }
  const alternatives =
    alternativesOf(condition, rules) ??
    refuse(
      "correlation_too_large",
      path,
      "the condition comes to over 64 alternatives",
      "write it more simply",
    );
  const used = new Set(alternatives.flatMap((one) => [...one.with, ...one.without]));
  const unused = rules.find((_, index) => !used.has(index));
  if (unused !== undefined)
    refuse(
      "correlation_rule_unused",
      path,
      `the condition leaves "${unused}" out`,
      "name it, or take it out of `rules`",
    );
  if (alternatives.some((one) => one.with.length === 0))
    refuse(
      "condition_invalid",
      path,
      "the condition would hold when nothing happens at all",
      "ask for a rule beside `not`, or use `type: absence`",
    );
  return { rules, condition: { kind: "alternatives", alternatives, text } };
}

function readBounds(map: Json, type: CorrelationType): CorrelationCondition {
  const path = at("condition");
  const bounds: Bound[] = [];
  for (const [key, value] of Object.entries(map)) {
    if (key === "field" || key === "percentile") continue;
    const operator = BOUND_OPERATORS.find((one) => one === key);
    if (operator === undefined)
      return refuse(
        "condition_invalid",
        [...path, key],
        `"${key}" is not part of a condition`,
        `use ${BOUND_OPERATORS.join(", ")}, field`,
      );
    const number = typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isFinite(number))
      return refuse(
        "condition_invalid",
        [...path, key],
        `${key}: "${String(value)}" is not a number`,
        "write a number",
      );
    bounds.push({ operator, number });
  }
  if (bounds.length === 0)
    refuse(
      "condition_invalid",
      path,
      "the condition asks for no number",
      `add one of ${BOUND_OPERATORS.join(", ")}`,
    );
  const least = leastOf(bounds);
  if (type.endsWith("_count") && least !== undefined && least > MOST_ASKED)
    refuse(
      "correlation_too_large",
      path,
      `over ${MOST_ASKED} are asked for`,
      "count over a shorter timespan",
    );
  const fields = readFields(map.field, [...path, "field"]);
  if (type.startsWith("value_") && fields.length === 0)
    refuse(
      "condition_field_missing",
      path,
      `${type} needs the field whose values it looks at`,
      "add `field:` to the condition",
    );
  if (type.startsWith("value_") && type !== "value_count" && fields.length > 1)
    refuse(
      "condition_invalid",
      [...path, "field"],
      `${type} looks at one field`,
      "write a correlation for each",
    );
  if (!type.startsWith("value_") && fields.length > 0)
    refuse(
      "condition_invalid",
      [...path, "field"],
      `${type} looks at no field`,
      "remove it, or use value_count",
    );
  return { kind: "bounds", bounds, fields, percentile: readPercentile(map.percentile, type) };
}

/** pySigma and other engines take the median when nothing is said. */
function readPercentile(raw: unknown, type: CorrelationType): number {
  if (raw === undefined) return 50;
  const path = at("condition", "percentile");
  if (type !== "value_percentile")
    refuse("condition_invalid", path, "percentile belongs to value_percentile", "remove it");
  const number = typeof raw === "string" && /^\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
  if (typeof number !== "number" || !(number >= 0 && number <= 100))
    return refuse("condition_invalid", path, "a percentile is a number from 0 to 100", "write such as 95");
  return number;
}

function asMap(value: unknown, path: Path): Json {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as Json;
  return refuse("correlation_invalid", path, `${path.join(".")} must be a map`, "write `key: value` lines");
}
