import type { LogSource } from "../rule.ts";

/** What an alert must show to belong to a log source: one of these values in each named field, case apart. */
export interface Row {
  /** `*` stands for any value. */
  when: Record<string, readonly string[]>;
  is: LogSource;
}

/** Where a record says which program or decoder it came from. */
const PROGRAM_FIELDS = ["process.name", "event.module", "decoder.name", "predecoder.program_name"];

/** Rows for a log source that is told by the program, wherever a record names it. */
export function rowsOfPrograms(programs: readonly string[], is: LogSource): Row[] {
  return PROGRAM_FIELDS.map((field) => ({ when: { [field]: programs }, is }));
}
