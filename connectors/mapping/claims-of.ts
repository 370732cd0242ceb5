import { VERBATIM_FIELDS } from "../../agent/core/alert.ts";
import type { Claim } from "../../agent/core/claim.ts";
import { isEcsField } from "../shared/put-ecs.ts";
import type { Condition } from "./condition.ts";
import type { Constant, MappingFile, SourceObject } from "./schema.ts";

/** ECS fields that tell a product's kind, by which rules choose their records. */
const CLAIMED = ["observer.type", "observer.product"];

/** ECS fields beside the verbatim ones in which a parser leaves a text as the record has it. */
const COPIED = new Set(["log.syslog.appname", "log.syslog.msgid", "observer.vendor", "observer.product"]);

/** Formats that name the source's own fields as the record does. */
const NAMING: readonly string[] = ["keyvalue", "cef", "leef"];

/** Conditions that hold together, by which a mapping knows a record. */
type Conditions = readonly Condition[];

/** Finds what a mapping says by itself of the products whose records it reads, and what such records hold. */
export function claimsOf(written: MappingFile, signs: readonly Conditions[]): Claim[] {
  const holds = textsOf(written.over, signs);
  return CLAIMED.flatMap((field) => valuesOf(written, field).map((value) => ({ field, value, holds })));
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
  const naming = over.every((format) => NAMING.includes(format));
  const found: string[][] = [];
  for (const conditions of signs) {
    const best = conditions
      .map((condition) => piecesOf(condition, naming))
      .filter((texts) => texts.length > 0)
      .toSorted((a, b) => leastOf(b) - leastOf(a))[0];
    if (best === undefined) return undefined;
    found.push(...best);
  }
  return found;
}

/** The texts that a condition asks for, each in the pieces between its `*`; the field's name when any text will do. */
function piecesOf({ field, texts }: Condition, naming: boolean): string[][] {
  if (isCopied(field) && texts.length > 0 && texts.every((text) => /[^*]/.test(text)))
    return texts.map((text) => text.split("*").filter((piece) => piece !== ""));
  return naming && texts.length > 0 && !isEcsField(field) && !field.includes(".") ? [[field]] : [];
}

function isCopied(field: string): boolean {
  return VERBATIM_FIELDS.has(field) || COPIED.has(field) || !isEcsField(field);
}

/** Length of the longest piece of the text that is least telling. */
function leastOf(texts: readonly string[][]): number {
  return Math.min(...texts.map((pieces) => Math.max(...pieces.map((piece) => piece.length))));
}
