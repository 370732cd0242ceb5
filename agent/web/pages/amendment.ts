import { z } from "zod";
import type { Instant } from "../../core/clock.ts";
import type { DeclarationContent, FormField } from "../../core/declaration.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Amendment } from "../../stages/desk/desk.ts";
import type { Unsent } from "../../store/store.ts";
import { visibleText } from "../visible-text.ts";

/** What a person left in one field of the form. */
export interface TypedField {
  id: string;
  value: string;
  unknown: boolean;
  /** Mark of the value the page had shown. */
  shown: string;
  /** Which of two values the person chose, where both were shown. */
  choice: "mine" | "theirs" | null;
}

/** A person's own words that the record does not hold yet. */
export interface KeptField {
  value: string;
  unknown: boolean;
  /** The record changed too: the person must choose. */
  moved: boolean;
  /** When they were kept unsent; null for those just sent. */
  at: Instant | null;
}

const FIELD_LIMIT = 20_000;

/** What is kept of a field that was typed and not sent. */
const UnsentField = z.object({ value: z.string(), unknown: z.boolean(), shown: z.string() });

/** Mark of a field's value, to tell afterwards what the person touched and what moved meanwhile. */
export function fieldMark(field: Pick<FormField, "value" | "unknown">): string {
  return sha256Hex(`${field.unknown ? 1 : 0} ${typedForm(field.value)}`).slice(0, 16);
}

/** Reads `v.<id>`, `u.<id>`, `c.<id>` and `m.<id>` of a submitted section. */
export function typedFields(body: Record<string, unknown>): TypedField[] {
  const text = (name: string) => (typeof body[name] === "string" ? body[name] : "");
  return Object.keys(body)
    .filter((name) => name.startsWith("m."))
    .map((name) => name.slice(2))
    .map((id) => {
      const choice = text(`c.${id}`);
      return {
        id,
        value: typedForm(text(`v.${id}`)).slice(0, FIELD_LIMIT),
        unknown: body[`u.${id}`] !== undefined,
        shown: text(`m.${id}`),
        choice: choice === "mine" || choice === "theirs" ? choice : null,
      };
    });
}

/** The fields that the person changed and did not give up, as the desk takes them; "inconnu" wins over a text left beside it. */
export function touchedFields(typed: readonly TypedField[]): Amendment["fields"] {
  return typed
    .filter(isTouched)
    .map(({ id, value, unknown }) => ({ id, unknown, value: unknown || value === "" ? null : value }));
}

function isTouched(field: TypedField): boolean {
  return field.choice !== "theirs" && fieldMark(field) !== field.shown;
}

/** True when the record still says, of all that the person changed, what the page had shown them. */
export function standsAsShown(typed: readonly TypedField[], content: DeclarationContent): boolean {
  const fields = fieldsOf(content);
  return typed.filter(isTouched).every(({ id, shown }) => {
    const now = fields.get(id);
    return now !== undefined && fieldMark(now) === shown;
  });
}

/** What stands in a stale form beside each field: the person's own words kept, and what the record says now. */
export function keptFields(
  typed: readonly (Omit<TypedField, "choice"> & { at?: Instant })[],
  content: DeclarationContent | undefined,
): Map<string, KeptField> {
  const fields = fieldsOf(content);
  return new Map(
    typed
      .filter((field) => fieldMark(field) !== field.shown)
      .flatMap((field): [string, KeptField][] => {
        const now = fields.get(field.id);
        // What the record came to say by itself needs no choice.
        if (now !== undefined && fieldMark(now) === fieldMark(field)) return [];
        const moved = now === undefined || fieldMark(now) !== field.shown;
        return [[field.id, { value: field.value, unknown: field.unknown, moved, at: field.at ?? null }]];
      }),
  );
}

/** What is to be kept of a field that was not sent; null when it says what the page had shown. */
export function unsentText(field: TypedField): string | null {
  const { value, unknown, shown } = field;
  return isTouched(field)
    ? JSON.stringify({ value, unknown, shown } satisfies z.infer<typeof UnsentField>)
    : null;
}

/** What a person had typed before, beside what the record says now. */
export function unsentFields(
  rows: readonly Unsent[],
  content: DeclarationContent | undefined,
): Map<string, KeptField> {
  const typed = rows.flatMap(({ field, at, content: text }) => {
    const read = UnsentField.safeParse(jsonOf(text)).data;
    return read === undefined ? [] : [{ id: field, at, ...read }];
  });
  const known = fieldsOf(content);
  return keptFields(
    typed.filter(({ id }) => known.has(id)),
    content,
  );
}

function fieldsOf(content: DeclarationContent | undefined): Map<string, FormField> {
  return new Map(
    (content?.sections ?? []).flatMap((section) => section.fields).map((field) => [field.id, field]),
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// What a browser makes of a shown value: line ends, hidden characters shown, blanks at the ends.
function typedForm(value: string | null): string {
  return visibleText((value ?? "").replace(/\r\n?/g, "\n")).trim();
}
