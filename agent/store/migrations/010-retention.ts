import type { Migration } from "./migration.ts";

/**
 * Traces of access, as a condition of SQL: they have an index of their own, so that they can be erased by age. The
 * question has to say it word for word.
 */
export const OF_ACCESS =
  "type IN ('note.signed_in', 'note.session_ended', 'note.sessions_ended', 'note.recovery_code_used', 'note.dossier_read', 'note.attachment_read', 'note.unmasked')";

/** Finds the traces of access by their age, whatever dossier they are about. */
export const retention: Migration = {
  version: 10,
  name: "retention",
  sql: [`CREATE INDEX journal_of_access ON journal (facility, at, seq) WHERE ${OF_ACCESS}`],
};
