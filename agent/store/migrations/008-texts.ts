import type { Migration } from "./migration.ts";

/** Finds the writings of an incident's text among thousands of entries about its alerts; few entries are any. */
export const texts: Migration = {
  version: 8,
  name: "texts",
  sql: [
    `CREATE INDEX journal_of_texts ON journal (facility, type, incident, seq) WHERE type = 'declaration.put'`,
  ],
};
