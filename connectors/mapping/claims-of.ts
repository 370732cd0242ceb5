import { VERBATIM_FIELDS } from "../../agent/core/alert.ts";
import type { Claim } from "../../agent/core/claim.ts";
import { isEcsField } from "../shared/put-ecs.ts";
import type { Condition } from "./condition.ts";
import type { Constant, MappingFile, SourceObject } from "./schema.ts";

/** ECS fields that tell a product's kind, by which rules choose their records. */
const CLAIMED = ["observer.type", "observer.product"];

/** ECS fields beside the verbatim ones in which a parser leaves a text as the record has it. */
const COPIED = new Set(["log.syslog.appname", "log.syslog.msgid", "observer.vendor", "observer.product"]);

/** Formats that name all of the source's own fields as the record does. */
const NAMING: readonly string[] = ["keyvalue", "cef", "leef"];
/** Formats that name some as Windows or Linux does elsewhere; what others make up is in lower case. */
const RENAMING: readonly string[] = ["windows", "auditd"];
/** What the reader of Windows events names so whatever its collector did. */
const OF_WINDOWS =
  /^(?:Event(?:ID|RecordID|Type)|Channel|Computer|Opcode|Task|Keywords|Version|Data|[A-Z][A-Za-z]+_[A-Z]\w*)$/;

/** Conditions that hold together, by which a mapping knows a record. */
type Conditions = readonly Condition[];

/** Finds what a mapping says by itself of the products whose records it reads, and what such records hold. */
export function claimsOf(written: MappingFile, signs: readonly Conditions[]): Claim[] {
  const holds = textsOf(written.over, signs);
  return CLAIMED.flatMap((field) => valuesOf(written, field).map((value) => ({ field, value, holds })));
}

/** Says what records hold whose alerts have the mapping's name for their data set. */
export function datasetClaimOf({ mapping, over }: MappingFile, signs: readonly Conditions[]): Claim {
  return { field: "event.dataset", value: mapping, holds: textsOf(over, signs) };
}

/** Everything that the mapping may write there by itself; undefined among them when what it computes may be anything. */
function valuesOf({ set, fields, by, if: cases }: MappingFile, field: string): (string | undefined)[] {
  const values: (Constant | undefined)[] = [set[field]].filter((value) => value !== undefined);
  for (const cases of Object.values(by))
    for (const constants of Object.values(cases)) if (field in constants) values.push(constants[field]);
  for (const { set: told } of cases) if (field in told) values.push(told[field]);
  for (const entry of [fields[field] ?? []].flat()) {
    const source: Partial<SourceObject> = typeof entry === "string" ? { from: entry } : entry;
    values.push(...[source.value, source.default].filter((value) => value !== undefined));
    values.push(...Object.values(source.map ?? {}));
    const computed = [source.from ?? []].flat().some((from) => isEcsField(from) && !isCopied(from));
    if (computed || source.join !== undefined) values.push(undefined);
  }
  return values.map((value) => (value === undefined || Array.isArray(value) ? undefined : String(value)));
}

/** Texts of which every record that one of the signs knows holds one; undefined when a sign tells none. */
function textsOf(over: readonly string[], signs: readonly Conditions[]): string[][] | undefined {
  const found: string[][] = [];
  for (const conditions of signs) {
    const names = conditions.flatMap((condition) => namesOf(condition, over));
    const told = conditions
      .map(piecesOf)
      .filter((texts) => texts.length > 0)
      .toSorted((a, b) => leastOf(b) - leastOf(a))[0];
    if (told === undefined && names.length === 0) return undefined;
    found.push(...(told ?? [[]]).map((pieces) => [...pieces, ...names]));
  }
  return found;
}

/** The texts that a condition asks for, each in the pieces between its `*`. */
function piecesOf({ field, texts }: Condition): string[][] {
  return isCopied(field) && texts.every((text) => /[^*]/.test(text))
    ? texts.map((text) => text.split("*").filter((piece) => piece !== ""))
    : [];
}

/** What the record itself calls a field that must be there, with the objects it stands in. */
function namesOf({ field, texts }: Condition, over: readonly string[]): string[] {
  if (texts.length === 0 || isEcsField(field) || OF_WINDOWS.test(field)) return [];
  const names = field.split(".");
  if (over.every((format) => NAMING.includes(format))) return names;
  return over.some((format) => RENAMING.includes(format)) ? [] : names.filter((name) => /[A-Z]/.test(name));
}

function isCopied(field: string): boolean {
  return VERBATIM_FIELDS.has(field) || COPIED.has(field) || !isEcsField(field);
}

/** Length of the longest piece of the text that is least telling. */
function leastOf(texts: readonly string[][]): number {
  return Math.min(...texts.map((pieces) => Math.max(...pieces.map((piece) => piece.length))));
}
