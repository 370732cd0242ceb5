import type { Migration } from "./migration.ts";

/**
 * What people attach to their notes: bytes by their SHA-256, in pieces, so that nobody holds a whole file in memory.
 * (PostgreSQL says BYTEA for BLOB.)
 */
export const attachments: Migration = {
  version: 7,
  name: "attachments",
  sql: [
    // size: null until a note keeps it; what stays without one is forgotten.
    `CREATE TABLE attachments (
      facility TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      at BIGINT NOT NULL,
      size BIGINT,
      PRIMARY KEY (facility, sha256)
    ) WITHOUT ROWID`,
    `CREATE INDEX attachments_unkept ON attachments (facility, at) WHERE size IS NULL`,
    `CREATE TABLE attachment_pieces (
      facility TEXT NOT NULL,
      sha256 TEXT NOT NULL,
      position BIGINT NOT NULL,
      bytes BLOB NOT NULL,
      PRIMARY KEY (facility, sha256, position),
      FOREIGN KEY (facility, sha256) REFERENCES attachments (facility, sha256)
    )`,
  ],
};
