import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, type Problem } from "../core/errors.ts";

/** How far a server had acknowledged: the server by its id of one start, and the last place in its stream. */
export interface Mark {
  server: string;
  seq: number;
}

const Acknowledged = z.strictObject({
  server: z.string().max(200),
  seq: z.int().nonnegative(),
  /** When the last record of each segment was acknowledged, by its name; µs. */
  segments: z.record(z.string(), z.int()),
});
type Acknowledged = z.infer<typeof Acknowledged>;

const NAME = "acknowledged.json";

/** Reads what was written down in a spool's folder; nothing when it cannot be read, and all is published anew. */
export function readAcknowledged(folder: string): Acknowledged | undefined {
  try {
    return Acknowledged.parse(JSON.parse(readFileSync(join(folder, NAME), "utf8")));
  } catch {
    return undefined;
  }
}

/** Writes it down, without waiting for the disk: what is lost of it is published anew. Tells what prevents it. */
export function writeAcknowledged(folder: string, acknowledged: Acknowledged): Problem | undefined {
  const file = join(folder, NAME);
  try {
    writeFileSync(`${file}.new`, JSON.stringify(acknowledged), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return undefined;
  } catch (error) {
    return {
      code: "spool_failed",
      where: file,
      message: `what was acknowledged is not written down: ${messageOf(error)}`,
      remedy: "check the disk of the spool",
    };
  }
}

/** Forgets it: all is published anew, whatever happens meanwhile. */
export function forgetAcknowledged(folder: string): void {
  rmSync(join(folder, NAME), { force: true });
}
