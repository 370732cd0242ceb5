import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { z } from "zod";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Checkpoint } from "../core/journal.ts";
import { CheckpointLine } from "../store/read-checkpoints.ts";

/** One signed head that third parties were given, and what they gave back. */
const Anchor = z.object({
  checkpoint: CheckpointLine,
  /** To whom it went: `webhook`, `mail`, `timestamp`. */
  given: z.array(z.string()),
  /** Token of a time-stamping authority over the RFC 8785 JSON of the checkpoint, DER in base64. */
  token: z.base64().optional(),
});
export type Anchor = z.infer<typeof Anchor>;

/** Where the anchors of a database stand beside it, one JSON a line. */
export function anchorsFileOf(database: string): string {
  return `${database}.anchors.jsonl`;
}

/** Appends one anchor, durable once this returns. */
export function appendAnchor(file: string, anchor: Anchor): void {
  const open = openSync(file, "a", 0o600);
  try {
    writeSync(open, `${canonicalJson(anchor)}\n`);
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}

/** What a file of anchors, or of checkpoints that somebody received, holds; undefined when there is no such file. */
export function readAnchors(file: string): { anchors: Anchor[]; unreadable: number[] } | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const anchors: Anchor[] = [];
  const unreadable: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const anchor = readLine(line);
    if (anchor === undefined) unreadable.push(index + 1);
    else anchors.push(anchor);
  }
  return { anchors, unreadable };
}

/** A line of ours, a checkpoint as it stands in a file, or the body of a webhook that carried one. */
function readLine(line: string): Anchor | undefined {
  try {
    const given: unknown = JSON.parse(line);
    const whole = Anchor.safeParse(given);
    if (whole.success) return whole.data;
    const bare = CheckpointLine.safeParse((given as { data?: unknown } | null)?.data ?? given);
    return bare.success ? { checkpoint: bare.data, given: [] } : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of a checkpoint of which third parties attest that they were there. */
export const anchoredBytes = (checkpoint: Checkpoint) => Buffer.from(canonicalJson(checkpoint));
