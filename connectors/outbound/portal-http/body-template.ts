import { z } from "zod";
import type { DeclarationContent } from "../../../agent/core/declaration.ts";
import type { Filing } from "../../contract.ts";
import { isObject, type JsonObject } from "../../shared/json.ts";
import { isPointer, pointTo } from "../../shared/json-pointer.ts";

type Json = z.infer<ReturnType<typeof z.json>>;

const Pointer = z.string().refine(isPointer, "not a JSON pointer, such as /facility/name");
/** What the receiver writes for a value of ours; a value that is not among them is not sent as another. */
const Values = z.record(z.string(), z.json()).optional();
/** True to leave the member out when there is nothing to write. */
const Optional = z.boolean().default(false);

const Directive = {
  $constant: z.strictObject({ $constant: z.json() }),
  $field: z.strictObject({
    $field: z.string().min(1),
    /** In place of « inconnu à ce stade ». */
    unknown: z.json().optional(),
    values: Values,
    optional: Optional,
  }),
  $path: z.strictObject({ $path: Pointer, values: Values, optional: Optional }),
  $item: z.strictObject({ $item: Pointer, values: Values, optional: Optional }),
  $filing: z.strictObject({ $filing: z.enum(["key", "kind", "sha256"]) }),
  $each: z.strictObject({ $each: Pointer, item: z.json() }),
} as const;
type DirectiveName = keyof typeof Directive;

/**
 * The receiver's JSON with places to fill: constants as they stand, and objects with one member `$field`, `$path`,
 * `$filing`, `$each` with `$item`, or `$constant`. Nothing of it is executed.
 */
export const BodyTemplate = z.json().superRefine((template, { addIssue }) => {
  check(template, { path: [], items: false }, (path, message) => addIssue({ code: "custom", path, message }));
});
export type BodyTemplate = z.infer<typeof BodyTemplate>;

const DEEPEST = 20;

function check(
  template: Json,
  { path, items }: { path: PropertyKey[]; items: boolean },
  tell: (path: PropertyKey[], message: string) => void,
): void {
  if (path.length > DEEPEST) return void tell(path, `nests deeper than ${DEEPEST}`);
  if (Array.isArray(template)) {
    for (const [i, part] of template.entries()) check(part, { path: [...path, i], items }, tell);
    return;
  }
  if (!isObject(template)) return;
  const name = directiveOf(template);
  if (name === undefined) {
    for (const [member, part] of Object.entries(template))
      check(part as Json, { path: [...path, member], items }, tell);
    return;
  }
  if (!Object.hasOwn(Directive, name))
    return void tell([...path, name], `no such place to fill; one of: ${Object.keys(Directive).join(", ")}`);
  const read = Directive[name as DirectiveName].safeParse(template);
  if (!read.success) for (const issue of read.error.issues) tell([...path, ...issue.path], issue.message);
  else if (name === "$item" && !items) tell(path, "$item stands inside the item of an $each only");
  else if ("$each" in read.data) {
    if (items) tell(path, "an $each cannot stand inside another");
    else check(read.data.item, { path: [...path, "item"], items: true }, tell);
  }
}

function directiveOf(template: JsonObject): string | undefined {
  return Object.keys(template).find((name) => name.startsWith("$"));
}

/** The fields without which a template cannot be filled. */
export function fieldsNeeded(template: BodyTemplate): string[] {
  if (Array.isArray(template)) return template.flatMap(fieldsNeeded);
  if (!isObject(template) || Object.hasOwn(template, "$constant")) return [];
  const field = Directive.$field.safeParse(template);
  if (field.success) return field.data.optional ? [] : [field.data.$field];
  return Object.values(template).flatMap((part) => fieldsNeeded(part as Json));
}

/** What a template made: the receiver's JSON, or in French what of it could not be written. */
export type Built = { json: Json; problems?: undefined } | { problems: readonly string[] };

interface Filling {
  content: DeclarationContent;
  filing: Pick<Filing, "key" | "kind" | "declaration">;
  /** What `$item` points into. */
  item?: unknown;
  problems: string[];
}

/** Fills a template from an approved text; what is missing is a problem, never a default. */
export function fillBody(template: BodyTemplate, filled: Omit<Filling, "problems" | "item">): Built {
  const filling: Filling = { ...filled, problems: [] };
  const json = fill(template, filling);
  if (filling.problems.length > 0) return { problems: filling.problems };
  return { json: json ?? null };
}

/** Undefined for what is left out. */
function fill(template: Json, filling: Filling): Json | undefined {
  if (Array.isArray(template))
    return template.map((part) => fill(part, filling)).filter((part) => part !== undefined);
  if (!isObject(template)) return template;
  const name = directiveOf(template) as DirectiveName | undefined;
  if (name === undefined) return fillMembers(template, filling);
  switch (name) {
    case "$constant":
      return Directive.$constant.parse(template).$constant;
    case "$filing": {
      const { key, kind, declaration } = filling.filing;
      return { key, kind, sha256: declaration.sha256 }[Directive.$filing.parse(template).$filing];
    }
    case "$field":
      return fillField(Directive.$field.parse(template), filling);
    case "$path": {
      const { $path, ...how } = Directive.$path.parse(template);
      return written(pointTo(filling.content, $path), { ...how, what: `« ${$path} »` }, filling);
    }
    case "$item": {
      const { $item, ...how } = Directive.$item.parse(template);
      return written(pointTo(filling.item, $item), { ...how, what: `« ${$item} »` }, filling);
    }
    case "$each":
      return fillEach(Directive.$each.parse(template), filling);
  }
}

function fillMembers(template: JsonObject, filling: Filling): Json {
  const members = Object.entries(template).map(
    ([member, part]) => [member, fill(part as Json, filling)] as const,
  );
  return Object.fromEntries(
    members.filter((member): member is readonly [string, Json] => member[1] !== undefined),
  );
}

function fillField(
  { $field, unknown, ...how }: z.infer<typeof Directive.$field>,
  filling: Filling,
): Json | undefined {
  const field = filling.content.sections
    .flatMap(({ fields }) => fields)
    .find((candidate) => candidate.id === $field);
  if (field?.value == null && field?.unknown === true) return unknown ?? "inconnu à ce stade";
  return written(field?.value, { ...how, what: `le champ « ${field?.label ?? $field} »` }, filling);
}

function fillEach({ $each, item }: z.infer<typeof Directive.$each>, filling: Filling): Json | undefined {
  const list = pointTo(filling.content, $each);
  if (Array.isArray(list))
    return list.map((each) => fill(item, { ...filling, item: each })).filter((part) => part !== undefined);
  filling.problems.push(`« ${$each} » n'est pas une liste`);
  return undefined;
}

function written(
  value: unknown,
  how: { what: string; values?: Record<string, Json> | undefined; optional: boolean },
  { problems }: Filling,
): Json | undefined {
  if (how.optional && (value === undefined || value === null)) return undefined;
  if (value === undefined) {
    problems.push(`${how.what} est absent de ce texte`);
    return undefined;
  }
  if (how.values === undefined || value === null) return value as Json;
  const ours = String(value);
  if (Object.hasOwn(how.values, ours)) return how.values[ours];
  problems.push(`${how.what} vaut « ${ours.slice(0, 100)} », que values ne prévoit pas`);
  return undefined;
}
