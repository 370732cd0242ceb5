import type { Migration } from "./migration.ts";

/** Finds the records that changed since an entry, and the entries about the house itself, of which there are few. */
export const changes: Migration = {
  version: 4,
  name: "changes",
  sql: [
    `CREATE INDEX records_by_change ON records (facility, journal_seq)`,
    `CREATE INDEX journal_of_house ON journal (facility, type, at) WHERE incident IS NULL AND type <> 'alerts'`,
  ],
};
