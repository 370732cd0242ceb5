import type { LoadedRule, Selection } from "../engine/rule.ts";
import type { Finding } from "./finding.ts";
import { knownFields } from "./known-fields.ts";
import { nearest } from "./nearest.ts";

/** Finds fields that no event of the rule's log source is known to have. */
export function checkFields(loaded: LoadedRule): Finding[] {
  const known = knownFields(loaded.logsource);
  const told = new Set<string>();
  const found: Finding[] = [];
  const look = (selection: Selection, path: PropertyKey[]): void => {
    if (selection.kind === "any") {
      for (const [at, one] of selection.of.entries()) look(one, [...path, at]);
      return;
    }
    for (const { field } of selection.items) {
      if (field === null || told.has(field) || known.has(field)) continue;
      const near = nearest(field, known.names);
      // Where names are the sources' own, one is only doubted when a letter makes it a known one.
      if (!known.complete && (near === undefined || !isSlip(field, near))) continue;
      told.add(field);
      found.push({
        loaded,
        code: "field_unknown",
        path: [...path, field],
        message: `no event of this log source is known to have the field "${field}"`,
        remedy: near === undefined ? "check how the source writes it" : `did you mean ${near}?`,
      });
    }
  };
  for (const [name, selection] of loaded.selections) look(selection, ["detection", name]);
  return found;
}

/** Letters below which two names that differ in one are two names. */
const SHORTEST = 6;

/** Whether two names differ in a letter or two, and not only in how they part or begin their words. */
function isSlip(field: string, near: string): boolean {
  const bare = (name: string) => name.toLowerCase().replaceAll(/[_.-]/g, "");
  const [one, other] = [bare(field), bare(near)];
  return field.length >= SHORTEST && one !== other && nearest(one, [other], 1) !== undefined;
}
