import type { Sql, Statement } from "../sql/sql.ts";
import type { Prepare } from "./prepare.ts";

/** The statements of a connection, each of which answers at once. */
export function sqliteSql(prepare: Prepare): Sql {
  const kept = new Map<string, Statement>();
  const made = (sql: string): Statement => {
    const prepared = prepare(sql);
    return {
      // biome-ignore lint/correctness/useYield: this engine answers at once.
      *get(...values) {
        return prepared.get(...values);
      },
      // biome-ignore lint/correctness/useYield: this engine answers at once.
      *all(...values) {
        return prepared.all(...values);
      },
      // biome-ignore lint/correctness/useYield: this engine answers at once.
      *run(...values) {
        return Number(prepared.run(...values).changes);
      },
      put(...values) {
        prepared.run(...values);
      },
    };
  };
  const statement = (sql: string): Statement => {
    const known = kept.get(sql) ?? made(sql);
    kept.set(sql, known);
    return known;
  };
  const { shown, tried, clear, sealing, seal } = prepare;
  return Object.assign(statement, {
    shown,
    tried,
    clear,
    sealing,
    seal,
    texts: "SELECT value FROM json_each(?)",
  });
}
