import { createHash, hash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";

/** What notes tell: `docs/fr/journal.md` says of each what it holds. */
export const NOTE_KINDS = [
  "account_changed",
  "account_closed",
  "account_made",
  "account_reopened",
  "account_reviewed",
  "attachment_read",
  "beginning_moved",
  "bundled",
  "call_unanswered",
  "channel_skipped",
  "channel_test",
  "credentials_changed",
  "debrief",
  "delegation_ended",
  "delegation_recorded",
  "dossier_read",
  "emergency_access",
  "emergency_holder",
  "encryption",
  "erased",
  "exercise",
  "exported",
  "group_read",
  "hunt",
  "kept_apart",
  "law_packs",
  "mappings",
  "masked",
  "means_renewed",
  "own_key_added",
  "own_key_removed",
  "passkey_added",
  "passkey_removed",
  "passkey_suspect",
  "recovery_code_used",
  "recovery_codes_made",
  "register_exported",
  "restored",
  "resumed",
  "rosters_changed",
  "rules",
  "session_ended",
  "sessions_ended",
  "settings",
  "signed_in",
  "subject_exported",
  "told",
  "unmasked",
  "way_out_reach",
] as const;
export type NoteKind = (typeof NOTE_KINDS)[number];

/** What an entry says in clear; its content stands apart, behind a salted hash, so that it can be erased. */
export interface JournalBody {
  facility: string;
  seq: number;
  /** `alerts`, `joined`, `note.<what>`, or `<record kind>.put`. */
  type: string;
  /** Instant of the commit, µs. */
  at: number;
  incident: string | null;
  /** SHA-256(salt ‖ content), hexadecimal. */
  contentHash: string;
}

/** An entry as stored: `hash` = SHA-256(previous hash ‖ body hash), both as 32 raw bytes. */
export interface JournalEntry extends JournalBody {
  previous: string;
  bodyHash: string;
  hash: string;
  /** Null once erased by retention: the proof stays. */
  salt: string | null;
  content: string | null;
}

/** The chain starts here: 32 zero bytes. */
export const GENESIS = "0".repeat(64);

export function contentHash(salt: string, content: string): string {
  return createHash("sha256").update(Buffer.from(salt, "hex")).update(content).digest("hex");
}

export function bodyHash(body: JournalBody): string {
  const { facility, seq, type, at, incident, contentHash } = body;
  return hash("sha256", canonicalJson({ facility, seq, type, at, incident, contentHash }));
}

export function entryHash(previous: string, body: string): string {
  return hash("sha256", Buffer.from(previous + body, "hex"));
}

/** A signed statement that the chain of a facility had this head: what shows a tail cut off later. */
export interface Checkpoint {
  facility: string;
  seq: number;
  hash: string;
  at: number;
  /** First 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
  key: string;
  /** Ed25519 over the RFC 8785 JSON of the other members, base64url. */
  signature: string;
}
