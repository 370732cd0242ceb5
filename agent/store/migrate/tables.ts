import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../migrations.ts";

/**
 * What becomes of each table when a record goes from one engine to the other: all of it is copied, it must be empty, or
 * it stays behind since it tells of the engine and not of the record. A table stands after those that it refers to.
 */
export const TABLES: Readonly<Record<string, "copied" | "empty" | "left">> = {
  journal: "copied",
  journal_contents: "copied",
  checkpoints: "copied",
  records: "copied",
  alerts: "copied",
  joined: "copied",
  cursors: "copied",
  bookmarks: "copied",
  effects: "copied",
  credentials: "copied",
  factors: "copied",
  sessions: "copied",
  tickets: "copied",
  unsent: "copied",
  quarantine: "copied",
  attachments: "copied",
  attachment_pieces: "copied",
  // Keys of values that only SQLite holds sealed.
  data_keys: "empty",
  leases: "left",
  schema_version: "left",
};

/** What a column holds. */
export type CellKind = "text" | "number" | "bytes";

export interface CopiedTable {
  name: string;
  columns: { name: string; kind: CellKind }[];
  /** Columns of the primary key, of which the first is the facility. */
  key: string[];
}

const KINDS: Readonly<Record<string, CellKind>> = { TEXT: "text", BIGINT: "number", BLOB: "bytes" };

/** The tables that are copied, with their columns as the migrations leave them, in the order of copying. */
export function copiedTables(): CopiedTable[] {
  const database = new DatabaseSync(":memory:");
  try {
    for (const { sql } of MIGRATIONS) for (const step of sql) database.exec(step);
    return Object.keys(TABLES)
      .filter((name) => TABLES[name] === "copied")
      .map((name) => tableOf(database, name));
  } finally {
    database.close();
  }
}

function tableOf(database: DatabaseSync, name: string): CopiedTable {
  const found = database.prepare("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid").all(name);
  const columns = found.map((column) => {
    const kind = KINDS[String(column.type)];
    if (kind === undefined) throw new Error(`${name}.${column.name}: what is copied of ${column.type}?`);
    return { name: String(column.name), kind };
  });
  const key = found
    .filter(({ pk }) => Number(pk) > 0)
    .sort((a, b) => Number(a.pk) - Number(b.pk))
    .map((column) => String(column.name));
  return { name, columns, key };
}
