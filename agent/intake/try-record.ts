import type { ParseContext, Parsed, Trace } from "../../connectors/contract.ts";
import { suggestMapping } from "../../connectors/mapping/suggest/suggest-mapping.ts";
import type { SampleRecord } from "../../connectors/mapping/suggest/suggest-sample.ts";
import { seenIn } from "../../connectors/mapping/suggest/suggest-seen.ts";
import { type Catalogue, recognise } from "../../connectors/registry.ts";
import { matchAlert, type RuleSet } from "../../rules/engine/rule-set.ts";
import { type Alert, AlertTag } from "../core/alert.ts";
import type { Instant } from "../core/clock.ts";
import { problemSentence } from "../core/errors.ts";
import type { TriedRecord } from "../core/house-view.ts";
import { parseText } from "../stages/ingest.ts";

/** Fields told, and characters of a value. */
const MOST_FIELDS = 300;
const VALUE = 500;
/** Records that serve a skeleton here: what arrives meanwhile waits for it. */
const MOST_RECORDS = 200;
/** What says how a record was read, or is the whole of it. */
const UNTOLD = new Set(["event.original", "ecs.version", "event.module", "event.dataset", "tags"]);

/** Reads a record as it would be read, had it arrived, and says what would become of it; nothing is taken in or kept. */
export function tryRecord(
  { text }: { text: string },
  parts: {
    /** The source as which it is read; absent for what recognises it. */
    source?: { connector: string; zone: string } | undefined;
    catalogue: Catalogue;
    rules: RuleSet;
    now: Instant;
  },
): TriedRecord {
  const { source, catalogue, rules, now } = parts;
  const records = recordsIn(text);
  const [first = { line: 1, text: "" }] = records;
  const as = source?.connector ?? "auto";
  const known: { mapping: string | null; within: string[] } = { mapping: null, within: [] };
  const trace: Trace = ({ by, name, because }) => {
    if (because === undefined) return;
    if (by === "mapping") known.mapping = name;
    else if (!known.within.includes(name)) known.within.push(name);
  };
  const context: ParseContext = { received: now, zone: source?.zone ?? "UTC" };
  const { alert, error } = parsed(first.text, as, catalogue, { ...context, trace });
  const { connector, certainty } = recognise(first.text);
  const recognised = error === undefined && alert?.tags?.includes(AlertTag.unrecognised) !== true;
  return {
    given: records.length,
    as,
    format: connector === undefined ? null : { name: connector.name, certainty },
    ...known,
    recognised,
    error: error ?? null,
    fields: alert === undefined ? [] : fieldsOf(alert),
    left: alert === undefined ? [] : leftOf(alert),
    rules:
      alert === undefined
        ? []
        : matchAlert(rules, alert).map(({ rule: { id, title, meaning } }) => ({
            id,
            title: meaning?.title_fr ?? title,
          })),
    skeleton: known.mapping === null ? skeletonOf(records, catalogue, context) : null,
  };
}

function parsed(text: string, as: string, catalogue: Catalogue, context: ParseContext): Parsed {
  return parseText(catalogue.named(as) ?? "auto", text, context);
}

/** A document of JSON or XML is one record, a list of JSON one each; of anything else, a line is. */
function recordsIn(text: string): SampleRecord[] {
  const trimmed = text.trim();
  if (/^[[{]/.test(trimmed) && trimmed.includes("\n")) {
    try {
      const value: unknown = JSON.parse(trimmed);
      const each = Array.isArray(value) ? value : [value];
      return each.map((one) => ({ line: 1, text: JSON.stringify(one) }));
    } catch {
      // Lines of JSON, each its own.
    }
  }
  if (/^<(?:\?xml|Events?)\b/.test(trimmed)) return [{ line: 1, text: trimmed }];
  return text
    .split(/\r?\n/)
    .map((each, i) => ({ line: i + 1, text: each }))
    .filter((each) => each.text.trim() !== "");
}

/** The leaves of an alert in ECS, by their dotted names. */
function fieldsOf(alert: Alert): TriedRecord["fields"] {
  const found: { name: string; value: string }[] = [];
  const walk = (name: string, value: unknown): void => {
    if (value === undefined || name === "fields" || UNTOLD.has(name) || found.length >= MOST_FIELDS) return;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, member] of Object.entries(value)) walk(name === "" ? key : `${name}.${key}`, member);
    } else {
      const text = Array.isArray(value) ? value.map(String).join(", ") : String(value);
      found.push({ name, value: text.slice(0, VALUE) });
    }
  };
  walk("", alert);
  return found.toSorted((a, b) => a.name.localeCompare(b.name, "en"));
}

function leftOf(alert: Alert): TriedRecord["left"] {
  return seenIn([alert])
    .seen.filter(({ placed }) => placed === 0)
    .slice(0, MOST_FIELDS)
    .map(({ name, values }) => ({ name, value: ([...values][0] ?? "").slice(0, VALUE) }));
}

function skeletonOf(
  records: readonly SampleRecord[],
  catalogue: Catalogue,
  context: ParseContext,
): NonNullable<TriedRecord["skeleton"]> {
  const made = suggestMapping({
    records: records.slice(0, MOST_RECORDS),
    source: "line",
    catalogue,
    context,
  });
  if (made.outcome === "refused")
    return { problem: { code: made.problem.code, message: problemSentence(made.problem) } };
  return { yaml: made.yaml, remarks: made.remarks };
}
