import type { Form, Regime } from "../../../rules/regimes/regime.ts";
import type { FormField, FormSection } from "../../core/declaration.ts";
import { CRITERION_VALUES, type CriterionResult, DEGREE_LABELS } from "../../core/qualification.ts";
import type { Setup, Work } from "../work.ts";
import { DUTY_FILLERS } from "./duty-fillers.ts";
import type { ByPerson } from "./filled.ts";
import { FILLERS } from "./fillers.ts";

/**
 * Fills the form of a pack from the facts, with the words of people in place of the machine's. A field that nobody and
 * nothing fills says "inconnu à ce stade": it is never defaulted.
 */
export function fillForm(
  work: Work,
  setup: Setup,
  { regime, byPerson }: { regime: Regime & { form: Form }; byPerson: ByPerson },
): FormSection[] {
  return regime.form.sections.map(({ id, title, fields }) => ({
    id,
    title,
    fields: fields.map(({ id, label, basis }): FormField => {
      const given = byPerson.get(id);
      if (given !== undefined) return { id, label, basis, ...pick(given) };
      const filled = (FILLERS[id] ?? DUTY_FILLERS[id])?.(work, setup, { regime, byPerson });
      if (filled === undefined || filled.value === "")
        return { id, label, basis, value: null, unknown: true, provenance: { by: "nobody" } };
      return { id, label, basis, value: filled.value, unknown: false, provenance: filled.provenance };
    }),
  }));
}

/** True of a field that what is known may fill; others are people's alone. */
export function isFilled(id: string): boolean {
  return (FILLERS[id] ?? DUTY_FILLERS[id]) !== undefined;
}

function pick({ value, unknown, provenance }: Pick<FormField, "value" | "unknown" | "provenance">) {
  return { value, unknown, provenance };
}

/** What the configuration says stands as it is: an address of ours is nobody's home. */
export function settingsOf(sections: readonly FormSection[], { facility }: Setup): ReadonlySet<string> {
  const fields = sections.flatMap((section) => section.fields);
  const settings = fields.filter((field) => field.provenance.by === "setting");
  return new Set([facility.id, facility.name, ...settings.flatMap((field) => field.value ?? [])]);
}

/** What people wrote in a text, by field. */
export function personFields(
  content: { sections: readonly FormSection[] } | undefined,
): [string, Pick<FormField, "value" | "unknown" | "provenance">][] {
  return (content?.sections ?? [])
    .flatMap((section) => section.fields)
    .filter((field) => field.provenance.by === "person")
    .map((field) => [field.id, field]);
}

/** The fields of a text as lines in French, a blank line and a title before each section. */
export function sectionLines(sections: readonly FormSection[]): string[] {
  const lines: string[] = [];
  for (const section of sections) {
    lines.push("", section.title.toUpperCase());
    for (const field of section.fields) {
      const value = field.value ?? (field.unknown ? "inconnu à ce stade" : "");
      lines.push(
        value.includes("\n")
          ? `- ${field.label} :\n    ${value.replaceAll("\n", "\n    ")}`
          : `- ${field.label} : ${value}`,
      );
    }
  }
  return lines;
}

/** The criteria of a text as lines in French, under their own title. */
export function criterionLines(criteria: readonly CriterionResult[]): string[] {
  return [
    "",
    "CRITÈRES (évaluation proposée par l'établissement)",
    ...criteria.map((criterion) => {
      const degree = criterion.degree === null ? "" : ` (${DEGREE_LABELS[criterion.degree]})`;
      return `- ${criterion.id} ${criterion.label} : ${CRITERION_VALUES[criterion.value].toLowerCase()}${degree} [${criterion.article}]`;
    }),
  ];
}
