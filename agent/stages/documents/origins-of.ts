import type { Instant } from "../../core/clock.ts";
import type { FormSection, Provenance } from "../../core/declaration.ts";
import { printableLine } from "./printable-text.ts";

/** Finds the line of each field in the text that was rendered of the form, and says where its value comes from. */
export function originsOf(
  sections: readonly FormSection[],
  lines: readonly string[],
  time: (instant: Instant) => string,
): ReadonlyMap<number, string> {
  const origins = new Map<number, string>();
  let next = 0;
  for (const { label, provenance } of sections.flatMap(({ fields }) => fields)) {
    // A value's further lines are indented: none begins like a field.
    const begins = `- ${printableLine(label)} :`;
    const at = lines.findIndex((line, n) => n >= next && line.startsWith(begins));
    if (at < 0) continue;
    origins.set(at, originWords(provenance, time));
    next = at + 1;
  }
  return origins;
}

/** Where a value comes from, in a few French words. */
export function originWords(provenance: Provenance, time: (instant: Instant) => string): string {
  switch (provenance.by) {
    case "machine": {
      const alerts = provenance.evidence.length;
      return `Origine : machine${alerts === 0 ? "" : `, ${alerts} alerte${alerts > 1 ? "s" : ""}`}`;
    }
    case "setting":
      return "Origine : réglage";
    case "person":
      return `Origine : ${printableLine(provenance.name)}, ${time(provenance.at)}`;
    case "nobody":
      return "Origine : inconnue";
  }
}
