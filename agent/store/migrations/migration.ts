/** One step of the schema; applied once, in one transaction, never edited after a release. */
export interface Migration {
  version: number;
  name: string;
  sql: readonly string[];
}
