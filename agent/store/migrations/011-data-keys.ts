import type { Migration } from "./migration.ts";

/** The keys that seal values, each wrapped by a key that is kept elsewhere; which pieces of attachments are sealed. */
export const dataKeys: Migration = {
  version: 11,
  name: "data-keys",
  sql: [
    // Of the installation, as the schema is. (PostgreSQL says BYTEA for BLOB.)
    `CREATE TABLE data_keys (
      number BIGINT PRIMARY KEY,
      made BIGINT NOT NULL,
      wrapped_by TEXT NOT NULL,
      wrapped BLOB NOT NULL,
      whole BIGINT NOT NULL,
      sealed BIGINT NOT NULL
    )`,
    // The number of its data key; other columns are text in clear and bytes when sealed, and this one is always bytes.
    `ALTER TABLE attachment_pieces ADD COLUMN sealed BIGINT`,
  ],
};
