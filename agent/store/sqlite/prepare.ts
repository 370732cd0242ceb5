import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Cipher, RowName } from "../cipher/cipher.ts";
import { SEALED_COLUMNS, type SealedColumn } from "../cipher/sealed-columns.ts";

/** Prepares each statement of a connection once, and knows whether its values are sealed. */
export interface Prepare {
  (sql: string): StatementSync;
  /** A column in clear, for a list of results; `alias` is that of its table. */
  shown(column: SealedColumn, alias?: string): string;
  /** The same, null where it does not open. */
  tried(column: SealedColumn, alias?: string): string;
  /** The same inside a condition. */
  clear(column: SealedColumn, alias?: string): string;
  /** What is to be stored for a value of a row. */
  seal<V extends string | Uint8Array | null>(column: SealedColumn, row: RowName, value: V): V | Uint8Array;
  /** The data key that seals; null when none does. */
  readonly sealing: number | null;
}

/** Opens stored values where a statement reads them. */
export type Opens = (column: SealedColumn, row: RowName, stored: unknown) => SQLInputValue;

/** Keeps one prepared statement for each text; without a cipher nothing stands between a column and its value. */
export function prepareOnce(
  database: DatabaseSync,
  cipher?: Pick<Cipher, "current" | "seal"> & { open: Opens },
): Prepare {
  const kept = new Map<string, StatementSync>();
  const prepare = (sql: string) => {
    let statement = kept.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      kept.set(sql, statement);
    }
    return statement;
  };
  const named = (column: string, alias: string | undefined) =>
    alias === undefined ? column : `${alias}.${column}`;
  const nameOf = (column: SealedColumn) => column.slice(column.indexOf(".") + 1);
  if (cipher === undefined) {
    const clear: Prepare["clear"] = (column, alias) => named(nameOf(column), alias);
    return Object.assign(prepare, {
      ...{ shown: clear, tried: clear, clear, sealing: null },
      seal: <V>(_column: SealedColumn, _row: RowName, value: V) => value,
    });
  }
  // Not in a view, a trigger or an index that somebody put into the file.
  const options = { varargs: true, deterministic: true, directOnly: true };
  const open = (column: SealedColumn, stored: unknown, ...row: (string | number)[]) =>
    stored === null ? null : cipher.open(column, row, stored);
  database.function("tocsin_open", options, open as never);
  database.function("tocsin_try", options, ((...given: Parameters<typeof open>) => {
    try {
      return open(...given);
    } catch {
      return null;
    }
  }) as never);
  const opened = (by: string, column: SealedColumn, alias: string | undefined) => {
    const row = SEALED_COLUMNS[column].map((each) => named(each, alias)).join(", ");
    return `${by}('${column}', ${named(nameOf(column), alias)}, ${row})`;
  };
  const clear: Prepare["clear"] = (column, alias) => opened("tocsin_open", column, alias);
  return Object.assign(prepare, {
    shown: (column: SealedColumn, alias?: string) => `${clear(column, alias)} AS ${nameOf(column)}`,
    tried: (column: SealedColumn, alias?: string) =>
      `${opened("tocsin_try", column, alias)} AS ${nameOf(column)}`,
    clear,
    sealing: cipher.current,
    seal: <V extends string | Uint8Array | null>(column: SealedColumn, row: RowName, value: V) =>
      value === null ? value : cipher.seal(column, row, value),
  });
}
