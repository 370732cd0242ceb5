import type { Migration } from "./migration.ts";

/** Which entry of the journal declares the bytes of an attachment erased: its row stays, and tells it. */
export const erasedAttachments: Migration = {
  version: 9,
  name: "erased-attachments",
  sql: [`ALTER TABLE attachments ADD COLUMN erased BIGINT`],
};
