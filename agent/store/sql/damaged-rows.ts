import type { DamagedRow } from "../../core/damaged-row.ts";
import { TocsinError } from "../../core/errors.ts";
import type { Asking, Columns, Sql } from "./sql.ts";

/** A row whose content is read: what it is beside it. */
export type NamedRow = Omit<DamagedRow, "reference"> & { facility: string };

/** What a connection makes of rows whose content cannot be read. */
export interface DamagedRows {
  /** A column for a list of results; null where it does not open and such rows are left out. */
  shown: Columns["shown"];
  /** Leaves a row out, when there is somebody to tell of it; else throws `value_damaged`. */
  leaveOut(row: NamedRow): Asking<void>;
  /** As many as are asked for of those that can be read, if there are so many. */
  page<T>(table: DamagedRow["table"], limit: number, ask: (limit: number) => Asking<T[]>): Asking<T[]>;
}

/** The rows that were left out so far, by name. */
export type KnownDamage = Map<string, DamagedRow>;

/** Leaves rows out when there is somebody to tell of each, once; else refuses to read a list that has one. */
export function damagedRows(
  sql: Sql,
  found: KnownDamage,
  told: ((row: DamagedRow) => void) | undefined,
): DamagedRows {
  const reference = sql("SELECT name FROM records WHERE facility = ? AND kind = 'incident' AND id = ?");
  const count = (table: DamagedRow["table"]) =>
    found.size === 0 ? 0 : [...found.values()].filter((each) => each.table === table).length;

  return {
    shown: (column, alias) => (told === undefined ? sql.shown : sql.tried)(column, alias),
    *leaveOut({ facility, ...row }) {
      if (told === undefined) throw damaged(row);
      const { incident } = row;
      const name = `${row.table} ${row.kind} ${row.id}`;
      if (found.has(name)) return;
      const named = incident === null ? undefined : (yield* reference.get(facility, incident))?.name;
      const known: DamagedRow = { ...row, reference: named == null ? null : String(named) };
      found.set(name, known);
      told(known);
    },
    *page(table, limit, ask) {
      for (;;) {
        // Those that are known take no place of others; those met now are known from here on.
        const before = count(table);
        const page = yield* ask(limit + before);
        if (count(table) === before) return page.slice(0, limit);
      }
    },
  };
}

/** What a content says, in a box; undefined when it cannot be read. */
export function parsed(content: unknown): { value: unknown } | undefined {
  if (content === null) return undefined;
  try {
    return { value: JSON.parse(String(content)) };
  } catch {
    return undefined;
  }
}

/** The same of what has to be an object. */
export function parsedObject(content: unknown): object | undefined {
  const value = parsed(content)?.value;
  return typeof value === "object" && value !== null ? value : undefined;
}

/** Its words are not those of the parser, which cites what it was given. */
export function damaged({ table, kind, id }: Pick<NamedRow, "table" | "kind" | "id">): TocsinError {
  return new TocsinError({
    code: "value_damaged",
    where: `${table} (${kind}, ${id.slice(0, 200)})`,
    message: "its content cannot be read: it was altered or cut",
    remedy: "run `tocsin verify`, which tells all that is damaged; put back a copy of before",
  });
}
