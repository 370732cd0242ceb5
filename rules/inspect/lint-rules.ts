import { readFileSync } from "node:fs";
import { CORE_SCHEMA, loadAll, mergeTag } from "js-yaml";
import type { Problem } from "../../agent/core/errors.ts";
import { belongs, KNOWN_LOG_SOURCES } from "../engine/logsource.ts";
import type { LoadedRule } from "../engine/rule.ts";
import { openPlaces } from "../engine/yaml-places.ts";
import { checkCondition } from "./check-condition.ts";
import { checkFields } from "./check-fields.ts";
import { checkMetadata } from "./check-metadata.ts";
import type { Finding } from "./finding.ts";

const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

type Raw = Record<string, unknown>;

/** Finds what the authors of rules may not have meant, with its place; none of it keeps a rule from running. */
export function lintRules(rules: readonly LoadedRule[]): Problem[] {
  const twice = duplicates(rules);
  const problems: Problem[] = [];
  for (const [file, own] of Map.groupBy(rules, (loaded) => loaded.file)) {
    const text = readFileSync(file, "utf8");
    const documents = documentsOf(text);
    const found = own.flatMap((loaded) => {
      const at = documentOf(loaded, documents, own);
      const raw = documents[at] ?? {};
      const findings = [
        ...checkMetadata(loaded, { ...documents.find((one) => one.action === "global"), ...raw }),
        ...(twice.get(loaded) ?? []),
        ...checkLogSource(loaded),
        ...checkLists(loaded, raw),
        ...checkCondition(loaded),
        ...checkFields(loaded),
      ];
      return findings.map((finding) => ({ finding, at }));
    });
    if (found.length === 0) continue;
    // The parser that keeps positions is slow: only for files of which something is to be told.
    const places = openPlaces(text, file);
    for (const { finding, at } of found) {
      const { code, message, remedy } = finding;
      problems.push({
        code,
        where: places.placeOf(at, pathIn(documents[at], finding.path)),
        message,
        remedy,
      });
    }
  }
  return problems;
}

function documentsOf(text: string): Raw[] {
  try {
    return loadAll(text, { schema: SCHEMA }).map((one) => (isMap(one) ? one : {}));
  } catch {
    // Part of the file is refused, with its own problem: nothing more is said of its text.
    return [];
  }
}

const isMap = (value: unknown): value is Raw =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/** The document that a rule was read from: that of its id or title, or of its place among those of its file. */
function documentOf(
  { rule, file }: LoadedRule,
  documents: readonly Raw[],
  own: readonly LoadedRule[],
): number {
  const byId = documents.findIndex((one) => one.id !== undefined && one.id === rule.id);
  const byTitle = byId < 0 ? documents.findIndex((one) => one.title === rule.title) : byId;
  if (byTitle >= 0) return byTitle;
  const place = own.findIndex((each) => each.rule === rule && each.file === file);
  const detections = documents.flatMap((one, at) => (isMap(one.detection) ? [at] : []));
  return detections[place] ?? 0;
}

/** A field's path in the document, where its key carries its modifiers. */
function pathIn(document: Raw | undefined, path: readonly PropertyKey[]): PropertyKey[] {
  const found: PropertyKey[] = [];
  let here: unknown = document;
  for (const step of path) {
    const key =
      isMap(here) && typeof step === "string" && !(step in here)
        ? (Object.keys(here).find((each) => each.startsWith(`${step}|`)) ?? step)
        : step;
    found.push(key);
    here = (here as Record<PropertyKey, unknown> | undefined)?.[key];
  }
  return found;
}

function duplicates(rules: readonly LoadedRule[]): Map<LoadedRule, Finding[]> {
  const found = new Map<LoadedRule, Finding[]>();
  for (const key of ["name", "title"] as const) {
    for (const [value, own] of Map.groupBy(rules, ({ rule }) => rule[key])) {
      if (value === undefined) continue;
      for (const loaded of own.slice(1)) {
        const message = `another rule has the ${key} "${value}": ${own[0]?.file}`;
        const finding = {
          loaded,
          code: `${key}_duplicate`,
          path: [key],
          message,
          remedy: "give it one of its own",
        };
        found.set(loaded, [...(found.get(loaded) ?? []), finding]);
      }
    }
  }
  return found;
}

/** Products whose services Elastic's integrations name as data sets: `event.dataset` tells any of them. */
const DATASET_PRODUCTS = new Set([
  "aws",
  "azure",
  "gcp",
  "github",
  "m365",
  "okta",
  "onelogin",
  "zeek",
  "bitbucket",
]);

function checkLogSource(loaded: LoadedRule): Finding[] {
  const { logsource } = loaded;
  if (belongs(logsource, KNOWN_LOG_SOURCES)) return [];
  if (logsource.category === undefined && DATASET_PRODUCTS.has(logsource.product ?? "")) return [];
  const { category, product, service } = logsource;
  const spelt = [product, category, service].filter((part) => part !== undefined).join("/");
  const only =
    category === undefined && product !== undefined && service !== undefined
      ? `, save those whose sender says event.dataset: ${product}.${service}`
      : "";
  return [
    {
      loaded,
      code: "logsource_unknown",
      path: ["logsource"],
      message: `no source of the catalogue gives records of ${spelt}${only}`,
      remedy: "correct it, or write a mapping that says so",
    },
  ];
}

/** An empty list asks for the absence of a field, which nobody writes so on purpose. */
function checkLists(loaded: LoadedRule, raw: Raw): Finding[] {
  const found: Finding[] = [];
  const look = (value: unknown, path: PropertyKey[]): void => {
    if (Array.isArray(value) && value.length === 0) {
      const message = `the list of values of "${String(path.at(-1))}" is empty: it asks that the field be absent`;
      const remedy = "write values, or null when that is meant";
      found.push({ loaded, code: "list_empty", path, message, remedy });
    } else if (value !== null && typeof value === "object") {
      for (const [key, inner] of Object.entries(value))
        look(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  };
  look(raw.detection, ["detection"]);
  return found;
}
