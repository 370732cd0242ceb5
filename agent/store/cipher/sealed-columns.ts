/** Every column that is encrypted, with what names its row: a value put in another place does not open there. */
export const SEALED_COLUMNS = {
  "journal_contents.salt": ["facility", "seq"],
  "journal_contents.content": ["facility", "seq"],
  "records.content": ["facility", "kind", "id", "revision"],
  "alerts.content": ["facility", "id"],
  "attachment_pieces.bytes": ["facility", "sha256", "position"],
  "quarantine.content": ["facility", "source", "seq"],
  "effects.payload": ["facility", "effect_key"],
  "effects.because": ["facility", "effect_key"],
  "credentials.password": ["facility", "account"],
  "credentials.totp": ["facility", "account"],
  "factors.content": ["facility", "account"],
  "sessions.content": ["facility", "id"],
  "unsent.content": ["facility", "account", "incident", "field"],
} as const satisfies Record<string, readonly string[]>;
export type SealedColumn = keyof typeof SEALED_COLUMNS;

/** What tells sealed bytes from plain ones; every other column is text in clear, and bytes when sealed. */
export const PIECES = "attachment_pieces.bytes" satisfies SealedColumn;
