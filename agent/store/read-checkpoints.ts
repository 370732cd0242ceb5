import { type KeyObject, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Checkpoint } from "../core/journal.ts";

/** A checkpoint as it stands in a file or a bundle: only the one spelling of each value is accepted. */
export const CheckpointLine = z.strictObject({
  facility: z.string(),
  seq: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.int(),
  key: z.string().regex(/^[0-9a-f]{16}$/),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});

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
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
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

function readLine(line: string): Checkpoint | undefined {
  try {
    const parsed = CheckpointLine.safeParse(JSON.parse(line));
    return parsed.success && canonicalJson(parsed.data) === line ? parsed.data : undefined;
  } catch {
    // Not JSON.
  }
}
