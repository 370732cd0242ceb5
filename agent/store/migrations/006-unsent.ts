import type { Migration } from "./migration.ts";

/** What people are typing and have not sent, by field: working state of one person, never part of the record. */
export const unsent: Migration = {
  version: 6,
  name: "unsent",
  sql: [
    `CREATE TABLE unsent (
      facility TEXT NOT NULL,
      account TEXT NOT NULL,
      incident TEXT NOT NULL,
      field TEXT NOT NULL,
      at BIGINT NOT NULL,
      content TEXT NOT NULL,
      PRIMARY KEY (facility, account, incident, field)
    ) WITHOUT ROWID`,
    `CREATE INDEX unsent_by_age ON unsent (facility, at)`,
  ],
};
