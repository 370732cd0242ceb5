import type { Migration } from "./migration.ts";

/** Who alone may act for a facility, until when, and how often that changed hands. */
export const leases: Migration = {
  version: 13,
  name: "leases",
  sql: [
    // fence: one more at each change of hands; until: µs by the clock of the database.
    `CREATE TABLE leases (
      facility TEXT NOT NULL,
      name TEXT NOT NULL,
      owner TEXT NOT NULL,
      fence BIGINT NOT NULL,
      until BIGINT NOT NULL,
      PRIMARY KEY (facility, name)
    )`,
  ],
};
