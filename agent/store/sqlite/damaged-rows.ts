import type { DamagedRow } from "../../core/damaged-row.ts";
import { TocsinError } from "../../core/errors.ts";
import type { SealedColumn } from "../cipher/sealed-columns.ts";
import type { Prepare } from "./prepare.ts";

/** A row whose content is read: what it is beside it. */
export type NamedRow = Omit<DamagedRow, "reference"> & { facility: string };

/** What a connection makes of rows whose content cannot be read. */
export interface DamagedRows {
  /** A column for a list of results; null where it does not open and such rows are left out. */
  shown(column: SealedColumn, alias?: string): string;
  /** What a content says; undefined when it cannot be read and such rows are left out, else `value_damaged`. */
  parse(content: unknown, row: () => NamedRow): object | undefined;
  /** The same of what need not be an object, in a box. */
  parseAny(content: unknown, row: () => NamedRow): { value: unknown } | undefined;
  /** The same of one row that was asked for: there is nothing to leave out. */
  parseOne(content: unknown, row: () => NamedRow): object;
  /** As many as are asked for of those that can be read, if there are so many. */
  page<T>(table: DamagedRow["table"], limit: number, ask: (limit: number) => T[]): T[];
  known(): readonly DamagedRow[];
}

/** Leaves rows out when there is somebody to tell of each, once; else refuses to read a list that has one. */
export function openDamagedRows(
  prepare: Prepare,
  told: ((row: DamagedRow) => void) | undefined,
): DamagedRows {
  const found = new Map<string, DamagedRow>();
  const count = (table: DamagedRow["table"]) =>
    found.size === 0 ? 0 : [...found.values()].filter((each) => each.table === table).length;

  function note({ facility, ...row }: NamedRow): void {
    const { incident } = row;
    const name = `${row.table} ${row.kind} ${row.id}`;
    if (found.has(name)) return;
    const sql = "SELECT name FROM records WHERE facility = ? AND kind = 'incident' AND id = ?";
    const reference = incident === null ? undefined : prepare(sql).get(facility, incident)?.name;
    const known: DamagedRow = { ...row, reference: reference == null ? null : String(reference) };
    found.set(name, known);
    told?.(known);
  }

  function orDamaged<T>(value: T | undefined, row: () => NamedRow): T | undefined {
    if (value === undefined && told === undefined) throw damaged(row());
    if (value === undefined) note(row());
    return value;
  }

  const parse: DamagedRows["parse"] = (content, row) => orDamaged(objectOf(parsed(content)?.value), row);

  return {
    shown: (column, alias) => (told === undefined ? prepare.shown : prepare.tried)(column, alias),
    parse,
    parseAny: (content, row) => orDamaged(parsed(content), row),
    parseOne(content, row) {
      const value = parse(content, row);
      if (value === undefined) throw damaged(row());
      return value;
    },
    page(table, limit, ask) {
      for (;;) {
        // Those that are known take no place of others; those met now are known from here on.
        const before = count(table);
        const page = ask(limit + before);
        if (count(table) === before) return page.slice(0, limit);
      }
    },
    known: () => [...found.values()],
  };
}

function parsed(content: unknown): { value: unknown } | undefined {
  if (content === null) return undefined;
  try {
    return { value: JSON.parse(String(content)) };
  } catch {
    return undefined;
  }
}

const objectOf = (value: unknown): object | undefined =>
  typeof value === "object" && value !== null ? value : undefined;

/** Its words are not those of the parser, which cites what it was given. */
function damaged({ table, kind, id }: NamedRow): TocsinError {
  return new TocsinError({
    code: "value_damaged",
    where: `${table} (${kind}, ${id.slice(0, 200)})`,
    message: "its content cannot be read: it was altered or cut",
    remedy: "run `tocsin verify`, which tells all that is damaged; put back a copy of before",
  });
}
