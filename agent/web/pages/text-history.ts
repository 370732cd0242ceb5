import type { Instant } from "../../core/clock.ts";
import { contentOf, Declaration, type DeclarationContent, type FormField } from "../../core/declaration.ts";
import type { JournalEntry } from "../../core/journal.ts";

/** One writing of the text, as the journal holds it. */
export interface Writing {
  /** The journal entry that put it. */
  entry: number;
  at: Instant;
  declaration: Declaration;
  content: DeclarationContent;
}

/** The writings of the text among journal entries, oldest first; one that only changed its state is left out. */
export function writingsOf(entries: readonly JournalEntry[]): Writing[] {
  const found = entries
    .flatMap(({ seq, at, content }): Writing[] => {
      // Erased by retention: the proof stays, the text does not.
      const declaration =
        content === null ? undefined : Declaration.safeParse(JSON.parse(content).content).data;
      return declaration === undefined
        ? []
        : [{ entry: seq, at, declaration, content: contentOf(declaration) }];
    })
    .sort((a, b) => a.entry - b.entry);
  return found.filter((each, n) => each.declaration.sha256 !== found[n - 1]?.declaration.sha256);
}

/** A value that a field had, from when on. */
export interface FieldValue {
  entry: number;
  at: Instant;
  version: number;
  field: FormField;
}

/** The values of one field, the latest first: a writing that left it as it was is left out. */
export function fieldHistory(writings: readonly Writing[], id: string): FieldValue[] {
  const values = writings.flatMap(({ entry, at, declaration, content }): FieldValue[] => {
    const field = fieldsOf(content).find((each) => each.id === id);
    return field === undefined ? [] : [{ entry, at, version: declaration.version, field }];
  });
  return values.filter((each, n) => differs(each.field, values[n - 1]?.field)).reverse();
}

/** The fields that say something else in the later of two writings. */
export function changedFields(before: Writing | undefined, after: Writing): FormField[] {
  const old = new Map(before === undefined ? [] : fieldsOf(before.content).map((field) => [field.id, field]));
  return fieldsOf(after.content).filter((field) => differs(field, old.get(field.id)));
}

function differs(field: FormField, before: FormField | undefined): boolean {
  return (
    before === undefined ||
    field.value !== before.value ||
    field.unknown !== before.unknown ||
    // Said by another: the same words, but not from whom they were.
    field.provenance.by !== before.provenance.by
  );
}

function fieldsOf(content: DeclarationContent): FormField[] {
  return content.sections.flatMap(({ fields }) => fields);
}
