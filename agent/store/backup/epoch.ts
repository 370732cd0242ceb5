import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** In which epoch a state directory is: one more each time that a record was taken over on another machine. */
const Epoch = z.strictObject({ epoch: z.int().min(1) });

/** Where a state directory says its epoch; without the file it is the first. */
export function epochFileOf(stateDirectory: string): string {
  return join(stateDirectory, "reprise.json");
}

/** Reads the epoch of a state directory; throws when the file is there and cannot be read. */
export function epochOf(stateDirectory: string): number {
  let text: string;
  try {
    text = readFileSync(epochFileOf(stateDirectory), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 1;
    throw error;
  }
  return Epoch.parse(JSON.parse(text)).epoch;
}

/** What the file says for an epoch. */
export function epochText(epoch: number): string {
  return `${JSON.stringify({ epoch })}\n`;
}
