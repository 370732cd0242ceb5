import type { DeclarationContent, FormField } from "../../core/declaration.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Amendment } from "../../stages/desk/desk.ts";
import { visibleText } from "../visible-text.ts";

/** What a person left in one field of the form. */
export interface TypedField {
  id: string;
  value: string;
  unknown: boolean;
  /** Mark of the value the page had shown. */
  shown: string;
}

const FIELD_LIMIT = 20_000;

/** Mark of a field's value, to tell afterwards what the person touched and what moved meanwhile. */
export function fieldMark(field: Pick<FormField, "value" | "unknown">): string {
  return sha256Hex(`${field.unknown ? 1 : 0} ${typedForm(field.value)}`).slice(0, 16);
}

/** Reads `v.<id>`, `u.<id>` and `m.<id>` of a submitted section. */
export function typedFields(body: Record<string, unknown>): TypedField[] {
  const text = (name: string) => (typeof body[name] === "string" ? body[name] : "");
  return Object.keys(body)
    .filter((name) => name.startsWith("m."))
    .map((name) => name.slice(2))
    .map((id) => ({
      id,
      value: typedForm(text(`v.${id}`)).slice(0, FIELD_LIMIT),
      unknown: body[`u.${id}`] !== undefined,
      shown: text(`m.${id}`),
    }));
}

/** The fields that the person changed, as the desk takes them; "inconnu" wins over a text left beside it. */
export function touchedFields(typed: readonly TypedField[]): Amendment["fields"] {
  return typed
    .filter((field) => fieldMark(field) !== field.shown)
    .map(({ id, value, unknown }) => ({ id, unknown, value: unknown || value === "" ? null : value }));
}

/** What stands in a stale form beside each field: the person's own words kept, and what the record says now. */
export function keptFields(
  typed: readonly TypedField[],
  content: DeclarationContent | undefined,
): Map<string, KeptField> {
  const fields = new Map(
    (content?.sections ?? []).flatMap((section) => section.fields).map((field) => [field.id, field]),
  );
  return new Map(
    typed
      .filter((field) => fieldMark(field) !== field.shown)
      .map((field) => {
        const now = fields.get(field.id);
        const moved = now === undefined || fieldMark(now) !== field.shown;
        return [field.id, { value: field.value, unknown: field.unknown, moved }];
      }),
  );
}

export interface KeptField {
  value: string;
  unknown: boolean;
  /** The record changed too: the person must choose. */
  moved: boolean;
}

// What a browser makes of a shown value: line ends, hidden characters shown, blanks at the ends.
function typedForm(value: string | null): string {
  return visibleText((value ?? "").replace(/\r\n?/g, "\n")).trim();
}
