import type { Alert } from "../../agent/core/alert.ts";
import { riskOfWord, SEVERITY_NAMES, SEVERITY_RISKS } from "../shared/severity.ts";
import type { Act } from "./compile-entry.ts";
import { whenTest } from "./condition.ts";
import { type FieldReader, type fieldReader, textOfField } from "./field-reader.ts";
import type { Severity } from "./schema.ts";

/** What a product's severity says: its own number, and its place on the scale of 0 to 100. */
interface Graded {
  severity?: number | undefined;
  risk?: number | undefined;
}

/** Compiles what a mapping says of the severity, into `event.severity` and `event.risk_score_norm`. */
export function compileSeverity(written: Severity, readerOf: typeof fieldReader): Act {
  const when = whenTest(written.when, readerOf);
  const readers = [written.from].flat().map(readerOf);
  const numbers = [written.number ?? []].flat().map(readerOf);
  const grade = gradeOf(written);
  return ({ alert, event }) => {
    if (when !== undefined && !when(alert)) return false;
    for (const read of readers) {
      const text = textOfField(read(alert))?.trim().toLowerCase();
      if (text === undefined || text === "") continue;
      const { severity: graded, risk } = grade(text);
      const severity = numbers.length === 0 ? graded : numberOf(alert, numbers);
      if (severity !== undefined) event.severity = severity;
      if (risk !== undefined) event.risk_score_norm = risk;
      if (severity !== undefined || risk !== undefined) return true;
    }
    return false;
  };
}

function numberOf(alert: Alert, readers: readonly FieldReader[]): number | undefined {
  for (const read of readers) {
    const text = textOfField(read(alert)) ?? "";
    if (NUMBER.test(text)) return Number(text);
  }
  return undefined;
}

const NUMBER = /^-?\d{1,6}(?:\.\d{1,3})?$/;

function gradeOf({ map, scale }: Severity): (text: string) => Graded {
  const words = new Map(Object.entries(map ?? {}).map(([word, graded]) => [word.toLowerCase(), graded]));
  return (text) => {
    const named = words.get(text);
    const number = NUMBER.test(text) ? Number(text) : undefined;
    if (named !== undefined) return typeof named === "number" ? { severity: number, risk: named } : named;
    if (scale === "syslog") return syslogGrade(text, number);
    if (number === undefined) return { risk: riskOfWord(text) };
    return { severity: number, risk: scale === undefined ? undefined : placeOf(number, scale) };
  };
}

/** Words as products shorten them; the others begin alike. */
const SHORT = new Map([
  ["panic", 0],
  ["crit", 2],
  ["err", 3],
]);

function syslogGrade(text: string, number: number | undefined): Graded {
  const named =
    SHORT.get(text) ?? SEVERITY_NAMES.findIndex((name) => text.length > 3 && name.startsWith(text));
  const severity = number ?? (named < 0 ? undefined : named);
  return severity === undefined ? {} : { severity, risk: SEVERITY_RISKS[severity] };
}

/** The place of a number between the least grave and the gravest, either of which may be the greater. */
function placeOf(number: number, [least, gravest]: readonly [number, number]): number {
  const place = least === gravest ? 1 : (number - least) / (gravest - least);
  return Math.round(Math.min(1, Math.max(0, place)) * 100);
}
