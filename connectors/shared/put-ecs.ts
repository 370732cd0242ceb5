import { z } from "zod";
import { ALERT_LIMITS, Alert } from "../../agent/core/alert.ts";
import type { ParseContext } from "../contract.ts";
import { isAddress } from "./address.ts";
import { clip, type Draft } from "./draft.ts";
import { isoOf } from "./iso-of.ts";
import { macOf } from "./mac-of.ts";
import { readWholeDate } from "./read-date.ts";

type Coerce = (draft: Draft, value: unknown, context: ParseContext) => unknown;

/** One ECS field: where it stands, and what makes a value fit it. */
export interface Leaf {
  /** The groups on the way, and the name in the last of them. */
  groups: readonly string[];
  key: string;
  coerce: Coerce;
}

/** Every leaf of Alert by its dotted name. */
const LEAVES = new Map<string, Leaf>();
/** The groups that hold leaves. */
const GROUPS = new Set<string>();

/** Names that are not a sender's to set: `fields` and the raw text are ours, the timestamp is read apart. */
const OWN = new Set(["fields", "@timestamp", "event.original", "log.syslog.structured_data"]);

/** Digits that mean the same in either case, of which ECS writes the lower. */
const HASH = /\.(?:md5|sha1|sha256|sha384|sha512|imphash)$/;

collect("", Alert);

/** Says whether a name is an ECS group of Alert, whose members have names of their own. */
export function isEcsGroup(name: string): boolean {
  return GROUPS.has(name);
}

/** Says whether a name is an ECS field of Alert that putEcs writes. */
export function isEcsField(name: string): boolean {
  return LEAVES.has(name);
}

/** Every name that putEcs writes. */
export function ecsFields(): string[] {
  return [...LEAVES.keys()];
}

/** The ECS field of a dotted name, for `putLeaf`; undefined when Alert has none. */
export function ecsLeaf(name: string): Leaf | undefined {
  return LEAVES.get(name);
}

/** Writes an ECS value under its dotted name; false when Alert has no such name or the value does not fit. */
export function putEcs(draft: Draft, name: string, value: unknown, context: ParseContext): boolean {
  const leaf = LEAVES.get(name);
  return leaf !== undefined && putLeaf(draft, leaf, value, context);
}

/** Writes an ECS value where its leaf stands; false when it does not fit. */
export function putLeaf(draft: Draft, leaf: Leaf, value: unknown, context: ParseContext): boolean {
  const fitting = leaf.coerce(draft, value, context);
  if (fitting === undefined) return false;
  writeLeaf(draft.alert, leaf, fitting);
  return true;
}

/** Writes a value that fits where its leaf stands. */
export function writeLeaf(alert: Alert, { groups, key }: Leaf, fitting: unknown): void {
  let here: Record<string, unknown> = alert;
  for (let at = 0; at < groups.length; at++) {
    const group = groups[at] as string;
    here[group] ??= {};
    here = here[group] as Record<string, unknown>;
  }
  here[key] = fitting;
}

function collect(name: string, schema: z.ZodType): void {
  if (OWN.has(name)) return;
  const type = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  if (type instanceof z.ZodObject) {
    if (name !== "") GROUPS.add(name);
    for (const [key, member] of Object.entries(type.shape as Record<string, z.ZodType>)) {
      collect(name === "" ? key : `${name}.${key}`, member);
    }
    return;
  }
  const groups = name.split(".");
  const key = groups.pop() as string;
  LEAVES.set(name, { groups, key, coerce: coercion(name, type) });
}

function coercion(name: string, type: z.ZodType): Coerce {
  const address = name === "ip" || /[._]ip$/.test(name);
  if (name.endsWith(".mac")) {
    return type instanceof z.ZodArray
      ? (draft, value) => listOf(draft, value, false)?.map(macOf)
      : (draft, value) =>
          ((text) => (text === undefined ? undefined : macOf(text)))(keywordOf(draft, value, false));
  }
  if (type instanceof z.ZodArray) return (draft, value) => listOf(draft, value, address);
  if (type instanceof z.ZodRecord) return labelsOf;
  if (type instanceof z.ZodEnum) {
    const words = new Set<unknown>(type.options);
    return (_, value) => (words.has(value) ? value : undefined);
  }
  if (type instanceof z.ZodISODateTime) return dateOf;
  if (type instanceof z.ZodNumber) return numberOf(type);
  if (type instanceof z.ZodBoolean) return booleanOf;
  if (HASH.test(name)) return (draft, value) => keywordOf(draft, value, false)?.toLowerCase();
  return (draft, value) => keywordOf(draft, value, address);
}

function numberOf({ minValue, maxValue, isInt }: z.ZodNumber): Coerce {
  const least = minValue ?? Number.NEGATIVE_INFINITY;
  const most = maxValue ?? Number.POSITIVE_INFINITY;
  return (_, value) => {
    const number =
      typeof value === "string" && /^-?\d{1,15}(?:\.\d{1,6})?$/.test(value) ? Number(value) : value;
    if (typeof number !== "number" || !Number.isFinite(number) || number < least || number > most)
      return undefined;
    return isInt && !Number.isSafeInteger(number) ? undefined : number;
  };
}

function booleanOf(_: Draft, value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") return undefined;
  const word = value.length === 4 || value.length === 5 ? value.toLowerCase() : "";
  return word === "true" ? true : word === "false" ? false : undefined;
}

function keywordOf(draft: Draft, value: unknown, address: boolean): string | undefined {
  // An empty text says nothing, and would stand in the way of what does.
  if (value === "") return undefined;
  if (typeof value === "string" && !address) return clip(draft, value);
  const single = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof single === "number" && !address) return String(single);
  if (typeof single !== "string" || (address && !isAddress(single))) return undefined;
  return clip(draft, single);
}

function listOf(draft: Draft, value: unknown, address: boolean): string[] | undefined {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > ALERT_LIMITS.fields) return undefined;
  const out: string[] = [];
  let characters = 0;
  for (const item of list) {
    const text = keywordOf(draft, item, address);
    // Among the addresses of an answer stand the names that led to them.
    if (text === undefined && address && list.length > 1) continue;
    characters += text?.length ?? 0;
    if (text === undefined || characters > ALERT_LIMITS.value) return undefined;
    out.push(text);
  }
  return out.length > 0 ? out : undefined;
}

function dateOf(_: Draft, value: unknown, context: ParseContext): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  const instant = typeof text === "string" ? readWholeDate(text, context) : undefined;
  return instant === undefined ? undefined : isoOf(instant);
}

function labelsOf(draft: Draft, value: unknown): Record<string, string> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const labels: Record<string, string> = {};
  let room: number = ALERT_LIMITS.fields;
  for (const [key, item] of Object.entries(value)) {
    const scalar = typeof item === "string" || typeof item === "number" || typeof item === "boolean";
    if (!scalar || key.length > ALERT_LIMITS.name || key === "__proto__" || room-- <= 0) return undefined;
    labels[key] = clip(draft, String(item));
  }
  return labels;
}
