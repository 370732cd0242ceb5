import type { Migration } from "./migration.ts";

/** Recovery codes and passkeys beside password and one-time code; whose a session is, to list and end them. */
export const people: Migration = {
  version: 5,
  name: "people",
  sql: [
    `CREATE TABLE factors (
      facility TEXT NOT NULL,
      account TEXT NOT NULL,
      revision BIGINT NOT NULL,
      content TEXT NOT NULL,
      PRIMARY KEY (facility, account)
    ) WITHOUT ROWID`,
    `ALTER TABLE sessions ADD COLUMN account TEXT`,
    `CREATE INDEX sessions_of_account ON sessions (facility, account) WHERE account IS NOT NULL`,
  ],
};
