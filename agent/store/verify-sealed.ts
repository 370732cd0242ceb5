import { SEALED_COLUMNS, type SealedColumn } from "./cipher/sealed-columns.ts";
import { type Fault, fault } from "./proof.ts";
import type { Prepare } from "./sqlite/prepare.ts";

/** Columns that the journal says nothing of, so that only their own seal can tell that they were altered. */
const WORKING: readonly SealedColumn[] = [
  "quarantine.content",
  "effects.payload",
  "effects.because",
  "credentials.password",
  "credentials.totp",
  "factors.content",
  "sessions.content",
  "unsent.content",
];

/** The sealed values, beside the journal, that do not open; nothing when none is sealed. */
export function sealedFaults(prepare: Prepare): Fault[] {
  if (prepare.sealing === null) return [];
  return WORKING.flatMap((column) => {
    const table = column.slice(0, column.indexOf("."));
    const names = SEALED_COLUMNS[column].join(" || ' ' || ");
    const sql = `SELECT ${names} AS name FROM ${table} WHERE ${prepare.clear(column)} = char(0) LIMIT 1`;
    const row = prepare(sql).get();
    return row === undefined
      ? []
      : [fault(0, "value_damaged", `${column}, ${String(row.name).slice(0, 100)}`)];
  });
}
