import { type KeyObject, sign, verify } from "node:crypto";
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { z } from "zod";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Instant } from "../core/clock.ts";
import type { Checkpoint } from "../core/journal.ts";
import type { SigningKey } from "./keys.ts";

/** Where the checkpoints of a database stand beside it, one JSON a line. */
export function checkpointsFileOf(database: string): string {
  return `${database}.checkpoints.jsonl`;
}

/** A checkpoint as it stands in a file or a bundle: only the one spelling of each value is accepted. */
export const CheckpointLine = z.strictObject({
  facility: z.string(),
  seq: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.int(),
  key: z.string().regex(/^[0-9a-f]{16}$/),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

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

/** Whether the signature is that of the key over exactly this statement. */
export function checkpointHolds({ signature, ...statement }: Checkpoint, publicKey: KeyObject): boolean {
  const bytes = Buffer.from(signature, "base64url");
  // Base64 can be spelt loosely; only what we would write ourselves is accepted.
  if (bytes.toString("base64url") !== signature) return false;
  return verify(null, Buffer.from(canonicalJson(statement)), publicKey, bytes);
}

/** What a checkpoints file holds: `torn` says that its last line was cut, `unreadable` numbers the other bad lines. */
export interface CheckpointsFile {
  checkpoints: Checkpoint[];
  torn: boolean;
  unreadable: number[];
}

/** Reads a checkpoints file; undefined when there is none. */
export function readCheckpointsFile(file: string): CheckpointsFile | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const lines = text.split("\n");
  const torn = lines.pop() !== "";
  const checkpoints: Checkpoint[] = [];
  const unreadable: number[] = [];
  for (const [index, line] of lines.entries()) {
    const checkpoint = readLine(line);
    if (checkpoint === undefined) unreadable.push(index + 1);
    else checkpoints.push(checkpoint);
  }
  return { checkpoints, torn, unreadable };
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
  if (end !== bytes.length) ftruncateSync(text, end);
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

function readLine(line: string): Checkpoint | undefined {
  try {
    const parsed = CheckpointLine.safeParse(JSON.parse(line));
    return parsed.success && canonicalJson(parsed.data) === line ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
