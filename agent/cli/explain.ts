import type { Inbound, Step, Trace } from "../../connectors/contract.ts";
import { INBOUND } from "../../connectors/registry.ts";
import type { Alert } from "../core/alert.ts";

/** Which step gave one field of an alert the value that it has. */
interface Given {
  field: string;
  value: unknown;
  by: string;
  /** A key, a header, or the `file:line` of a mapping. */
  rule?: string | undefined;
}

/** How one record was read: which formats might be its own, which mapping knew it, what gave each field. */
export interface Explained {
  /** The surest first; only when the format was to be recognised. */
  formats?: { format: string; certainty: number; because: string }[] | undefined;
  /** Formats found within the first, as JSON in syslog. */
  inner: { format: string; because: string }[];
  mapping: { name: string; place?: string | undefined; because?: string | undefined } | null;
  /** Lines of the mapping that found nothing in this record. */
  idle: string[];
  fields: Given[];
}

/** Notes what each step of a reading changed; made anew for each record. */
export function recorder(): { trace: Trace; explain(alert: Alert): Omit<Explained, "formats"> } {
  let before = new Map<string, unknown>();
  const givers = new Map<string, Step>();
  const inner: Explained["inner"] = [];
  let mapping: Explained["mapping"] = null;
  const idle = new Set<string>();
  const note: Trace = (step, alert) => {
    if (step.by === "mapping" && step.because !== undefined)
      mapping = { name: step.name, place: step.rule, because: step.because };
    else if (step.idle === true) idle.add(step.rule ?? "");
    else if (step.because !== undefined) inner.push({ format: step.name, because: step.because });
    const now = leavesOf(alert);
    for (const [field, value] of now) {
      if (!before.has(field) || before.get(field) !== value) givers.set(field, step);
    }
    before = now;
  };
  return {
    trace: note,
    explain(alert) {
      // What nobody traced is the parser's.
      note({ by: "parser", name: alert.event?.module ?? "" }, alert);
      const fields = [...before].map(([field, value]): Given => {
        const { by, name, rule } = givers.get(field) ?? { by: "parser", name: "" };
        return { field, value: JSON.parse(value as string), by: `${by} ${name}`.trim(), rule };
      });
      return { inner, mapping, idle: [...idle], fields };
    },
  };
}

/** Every leaf of an alert by its dotted name, as JSON, so that values compare as they read. */
function leavesOf(alert: Alert): Map<string, string> {
  const leaves = new Map<string, string>();
  const walk = (name: string, value: unknown) => {
    if (value === undefined) return;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, member] of Object.entries(value)) walk(name === "" ? key : `${name}.${key}`, member);
    } else leaves.set(name, JSON.stringify(value));
  };
  walk("", alert);
  return leaves;
}

/** How sure each format is of a record, the surest first; those that are not sure at all are left out. */
export function formatsOf(text: string): NonNullable<Explained["formats"]> {
  return INBOUND.map((connector: Inbound) => ({ format: connector.name, ...connector.recognise(text) }))
    .filter(({ certainty }) => certainty > 0)
    .toSorted((a, b) => b.certainty - a.certainty);
}

/** Characters of a value that are shown. */
const SHOWN = 60;

/** Tells how a record was read, a line a field. */
export function explainedText({ formats, inner, mapping, idle, fields }: Explained): string {
  const lines: string[] = [];
  if (formats !== undefined) {
    const [surest, ...others] = formats.map(
      ({ format, certainty, because }) => `${format} (${certainty}: ${because})`,
    );
    const beside = others.length === 0 ? "" : `; less sure: ${others.join(", ")}`;
    lines.push(`  format   ${surest ?? "none recognises it"}${beside}`);
  }
  for (const { format, because } of inner) lines.push(`  within   ${format} (${because})`);
  const known =
    mapping === null ? "none" : `${mapping.name} (${mapping.because}) ${mapping.place ?? ""}`.trim();
  lines.push(`  mapping  ${known}`);
  if (idle.length > 0) {
    const numbers = idle.map((place) => place.replace(/^.*:(\d+)$/, "$1"));
    lines.push(`  idle     lines ${numbers.join(", ")} of it found nothing here`);
  }
  const rows = fields.map(({ field, value, by, rule }) => {
    const text = JSON.stringify(value);
    return [field, text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text, by, rule ?? ""];
  });
  const width = (column: number) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0));
  const [first, second] = [width(0), width(1)];
  for (const [field = "", value = "", by, rule] of rows) {
    lines.push(`  ${field.padEnd(first)}  ${value.padEnd(second)}  ${by} ${rule}`.trimEnd());
  }
  return lines.join("\n");
}
