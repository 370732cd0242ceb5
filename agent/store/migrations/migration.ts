/**
 * One step of the schema; applied once, in one transaction, never edited after a release. Where facilities have roles of
 * their own, PostgreSQL shows the owner no row: a step that changes rows lifts FORCE ROW LEVEL SECURITY first.
 */
export interface Migration {
  version: number;
  name: string;
  sql: readonly string[];
  /** What PostgreSQL does besides, after `sql`: roles and rights, which SQLite has none of. */
  postgres?: readonly string[];
}
