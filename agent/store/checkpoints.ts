import { sign } from "node:crypto";
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Instant } from "../core/clock.ts";
import type { Checkpoint } from "../core/journal.ts";
import type { SigningKey } from "./keys.ts";

/** Where the checkpoints of a database stand beside it, one JSON a line. */
export function checkpointsFileOf(database: string): string {
  return `${database}.checkpoints.jsonl`;
}

/** Signs a head: Ed25519 over the RFC 8785 JSON of the other members. */
export function signCheckpoint(
  head: { facility: string; seq: number; hash: string; at: Instant },
  key: SigningKey,
): Checkpoint {
  const { facility, seq, hash, at } = head;
  const statement = { facility, seq, hash, at, key: key.fingerprint };
  const signature = sign(null, Buffer.from(canonicalJson(statement)), key.privateKey).toString("base64url");
  return { ...statement, signature };
}

/** Appends checkpoints to a file, each durable once `append` returns. */
export interface CheckpointsLog {
  append(checkpoint: Checkpoint): void;
  close(): void;
}

/** Opens the file beside the database, made with mode 0600; a line cut by a crash is removed. */
export function openCheckpointsLog(file: string): CheckpointsLog {
  const text = openSync(file, "a+", 0o600);
  const bytes = readFileSync(text);
  let end = bytes.lastIndexOf(0x0a) + 1;
  ftruncateSync(text, end);
  return {
    append(checkpoint) {
      const line = Buffer.from(`${canonicalJson(checkpoint)}\n`);
      try {
        for (let written = 0; written < line.length; ) written += writeSync(text, line, written);
        fsyncSync(text);
        end += line.length;
      } catch (error) {
        // A half line would make the next one unreadable.
        ftruncateSync(text, end);
        throw error;
      }
    },
    close: () => closeSync(text),
  };
}
