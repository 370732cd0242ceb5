import { createHash } from "node:crypto";
import { TocsinError } from "../../core/errors.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { CellKind, CopiedTable } from "./tables.ts";

/** The values of a row, in the order of the columns of its table. */
export type Cell = string | number | Uint8Array | null;
export type Cells = readonly Cell[];

/** What one side holds of a table for a facility. */
export interface TableDigest {
  facility: string;
  table: string;
  rows: number;
  /** Of all values in the order of the key. */
  sha256: string;
}

/** Digests a table as its rows pass by; throws `row_unfit` on a value that its column does not hold. */
export function openTableDigest(facility: string, table: CopiedTable) {
  const hash = createHash("sha256");
  let rows = 0;
  return {
    take(batch: readonly Cells[]): void {
      for (const cells of batch) {
        for (const [index, { kind }] of table.columns.entries()) {
          const cell = cells[index] as Cell;
          if (cell !== null && kindOf(cell) !== kind) throw unfit(table, cells, index);
        }
        hash.update(JSON.stringify(cells, asText));
        hash.update("\n");
      }
      rows += batch.length;
    },
    end: (): TableDigest => ({ facility, table: table.name, rows, sha256: hash.digest("hex") }),
  };
}

/** Throws `copy_differs` at the first table that is not the same on both sides. */
export function refuseDifference(from: readonly TableDigest[], to: readonly TableDigest[]): void {
  for (const [index, { facility, table, rows, sha256 }] of from.entries()) {
    const other = to[index];
    if (other?.table === table && other.rows === rows && other.sha256 === sha256) continue;
    throw new TocsinError({
      code: "copy_differs",
      where: `${table} of ${facility}`,
      message: `${rows} row(s) were read and ${other?.rows ?? 0} came back, ${rows === other?.rows ? "not the same" : "not as many"}; nothing was moved`,
      remedy: "check the memory and the disks of both machines, then run it again",
    });
  }
}

/** Names a row in messages. */
export function rowName({ name, columns, key }: CopiedTable, cells: Cells): string {
  const of = (column: string) => cells[columns.findIndex((each) => each.name === column)];
  return `${name} (${key.map((column) => JSON.stringify(of(column)).slice(0, 80)).join(", ")})`;
}

function kindOf(cell: Exclude<Cell, null>): CellKind | undefined {
  if (typeof cell === "string") return "text";
  if (typeof cell === "number") return Number.isSafeInteger(cell) ? "number" : undefined;
  return "bytes";
}

const asText = (_key: string, value: unknown) =>
  value instanceof Uint8Array ? { sha256: sha256Hex(value) } : value;

function unfit(table: CopiedTable, cells: Cells, index: number): TocsinError {
  const { name, kind } = table.columns[index] as CopiedTable["columns"][number];
  return new TocsinError({
    code: "row_unfit",
    where: rowName(table, cells),
    message: `${name} holds no ${kind}; nothing was moved`,
    remedy: "run `tocsin verify`: it tells what was altered",
  });
}
