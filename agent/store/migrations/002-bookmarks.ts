import type { Migration } from "./migration.ts";

/** Where sources stand: what a reading goes on from after a restart. Working state, not part of the record. */
export const bookmarks: Migration = {
  version: 2,
  name: "bookmarks",
  sql: [
    `CREATE TABLE bookmarks (
      facility TEXT NOT NULL,
      name TEXT NOT NULL,
      content TEXT NOT NULL,
      PRIMARY KEY (facility, name)
    ) WITHOUT ROWID`,
  ],
};
