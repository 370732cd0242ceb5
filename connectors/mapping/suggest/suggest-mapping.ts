import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import type { Catalogue } from "../../registry.ts";
import type { Mapping } from "../compile.ts";
import { readMapping } from "../load-mappings.ts";
import { type SuggestedFields, suggestFields } from "./suggest-fields.ts";
import { type SuggestedRead, suggestRead } from "./suggest-read.ts";
import { FORMATS, readSample, type SampleRecord, type Unsuggested, unlike } from "./suggest-sample.ts";
import { seenIn } from "./suggest-seen.ts";
import { type SuggestedWhen, suggestWhen } from "./suggest-when.ts";
import { yamlComment, yamlSection } from "./suggest-yaml.ts";

/** A mapping to begin with, in YAML that loads as it stands. */
export interface SuggestedMapping {
  outcome: "suggested";
  name: string;
  yaml: string;
  /** What to know of it, a sentence each. */
  remarks: string[];
  /** ECS fields that it gives a value beyond those of the parser. */
  fields: string[];
  /** Records of the sample that were read for it. */
  records: SampleRecord[];
}

/**
 * Makes the skeleton of a mapping of records of one product: how they are recognised, taken apart, and placed in ECS.
 *
 * Pure, and linear in a sample of at most SAMPLE_LIMITS. `source` is what the sample is called in problems. Errors:
 * `sample_empty`, `sample_binary`, `sample_unread`, `not_one_product`.
 */
export function suggestMapping(given: {
  records: Iterable<SampleRecord>;
  source: string;
  /** (Default: what each record is recognised as.) */
  as?: string | undefined;
  /** (Default: after what names the product.) */
  name?: string | undefined;
  /** The mappings that there are. */
  catalogue: Pick<Catalogue, "names" | "named">;
  context: ParseContext;
}): SuggestedMapping | Unsuggested {
  const { source, catalogue, context } = given;
  const found = readSample(given);
  if (found.outcome === "refused") return found;
  const { sample } = found;
  const { records, over } = sample;
  const alerts = records.map(({ alert }) => alert);
  const isText = over === "syslog" || over === "text";
  const texts = isText ? alerts.map(({ message = "" }) => message) : [];
  const parsed = seenIn(alerts);
  const when = suggestWhen({ alerts, texts, seen: parsed.seen });
  if (when === undefined) return unlike(sample, source);

  const name = freeName(given.name ?? nameFrom(when.when, alerts[0]), catalogue.names);
  const read = isText ? suggestRead(texts, sample.header) : undefined;
  const begun = { name, over, when, read };
  // What it takes apart is seen by having it do so; the alerts are ours.
  const apart = read === undefined ? undefined : readSuggested(writeSkeleton(begun, records.length));
  for (const alert of alerts) apart?.apply(alert, context);
  const { seen, left } = apart === undefined ? parsed : seenIn(alerts);
  const placed = suggestFields(alerts, seen, context);
  const yaml = writeSkeleton({ ...begun, placed }, records.length);

  const remarks = mappingsOf(records, catalogue, context).map(
    (each) => `the mapping ${each} reads such records already`,
  );
  const { unread, whole } = sample;
  if (!whole) remarks.push(`only the first ${records.length} records were looked at`);
  if (unread > 0) remarks.push(`${unread} of the records could not be read`);
  if (left > 0) remarks.push("there are more names of fields than are listed");
  if (records.length < FEW) remarks.push("made of few records, it says little: give some of each kind");
  const fields = [...Object.keys(placed.fields), ...(placed.severity === undefined ? [] : [SEVERITY])];
  const used = records.map(({ line, text }) => ({ line, text }));
  return { outcome: "suggested", name, yaml, remarks, fields, records: used };
}

/** What a severity is written into. */
const SEVERITY = "event.risk_score_norm";

/** Writes a skeleton with what was found of it so far. */
function writeSkeleton(
  found: {
    name: string;
    over: string;
    when: SuggestedWhen;
    read: SuggestedRead | undefined;
    placed?: SuggestedFields | undefined;
  },
  records: number,
): string {
  const { name, over, when, read, placed } = found;
  const { fields = {}, severity, perhaps = [], left = [] } = placed ?? {};
  const lines = [
    yamlComment([`A draft made of ${records} record(s): read each line before you rely on it.`]),
    yamlSection("mapping", name),
    yamlSection("title", `${name}, to be named`),
    yamlComment(["The vendor's documentation, and the day on which it was read:"]),
    yamlComment(['reference: [{ url: "https://…", read: YYYY-MM-DD }]']),
    yamlSection("over", [over]),
    yamlComment([`Guessed (${when.said}): keep what only this product writes.`]),
    yamlSection("when", when.when),
  ];
  if (read !== undefined)
    lines.push(yamlComment([`Guessed: ${read.said}.`]), yamlSection("read", read.steps));
  if (Object.keys(fields).length > 0 || perhaps.length > 0) lines.push(yamlSection("fields", fields));
  if (perhaps.length > 0)
    lines.push(
      yamlComment(["By their values alone; take away the # of those that are right:", ...perhaps], "  "),
    );
  if (severity !== undefined)
    lines.push(yamlComment(["To be checked: the places on the scale of 0 to 100."]));
  if (severity !== undefined) lines.push(yamlSection("severity", severity));
  if (left.length > 0)
    lines.push(yamlComment(["Found no place, each with a value:", ...left.map((each) => `  ${each}`)]));
  return lines.join("");
}

/** Reads the YAML of a suggestion as a mapping; undefined when it is none, which would be a fault of ours. */
export function readSuggested(yaml: string): Mapping | undefined {
  return readMapping(yaml, "suggestion", FORMATS).mapping;
}

/** Records that are looked at to know whether a mapping reads them already. */
const LOOKED_AT = 100;

/** The mappings that read such records already. */
function mappingsOf(
  records: readonly SampleRecord[],
  { names, named }: Pick<Catalogue, "names" | "named">,
  context: ParseContext,
): string[] {
  const auto = named("auto");
  const found = records
    .slice(0, LOOKED_AT)
    .map(({ text }) => auto?.parse(text, context).alert?.event?.dataset ?? "");
  return [...new Set(found)].filter((name) => names.includes(name) && !FORMATS.includes(name));
}

/** Records from which a sample tells what varies. */
const FEW = 5;

/** A name after what tells the product. */
function nameFrom(when: Readonly<Record<string, string>>, alert: Alert | undefined): string {
  const { vendor = "", product = "" } = alert?.observer ?? {};
  if (product !== "") return `${vendor} ${product}`;
  const value = Object.values(when).find((each) => /[A-Za-z]{2}/.test(each));
  return value ?? Object.keys(when).find((key) => key !== "message") ?? "";
}

/** A name of lower-case letters and digits that no mapping or format has. */
function freeName(wanted: string, taken: readonly string[]): string {
  const slug = wanted
    .slice(0, 200)
    .normalize("NFD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")
    .join("-")
    .slice(0, 40)
    .replace(/-$/, "");
  const name = slug === "" ? "new-product" : slug;
  const isTaken = (each: string) => taken.includes(each) || FORMATS.includes(each) || each === "auto";
  if (!isTaken(name)) return name;
  for (let number = 2; ; number++) if (!isTaken(`${name}-${number}`)) return `${name}-${number}`;
}
