import type { Migration } from "./migration.ts";

/** What traces of access were then; what they are now stands with the last step that made their index. */
const OF_ACCESS =
  "type IN ('note.signed_in', 'note.session_ended', 'note.sessions_ended', 'note.recovery_code_used', 'note.dossier_read', 'note.attachment_read', 'note.unmasked')";

/** Finds the traces of access by their age, whatever dossier they are about. */
export const retention: Migration = {
  version: 10,
  name: "retention",
  sql: [`CREATE INDEX journal_of_access ON journal (facility, at, seq) WHERE ${OF_ACCESS}`],
};
