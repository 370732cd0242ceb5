import { setTimeout } from "node:timers/promises";
import { messageOf } from "./core/errors.ts";
import type { Log } from "./telemetry/log.ts";

/** A part of the daemon, and how it ends. */
export interface Part {
  part: string;
  stop: () => Promise<unknown>;
}

/** How long all parts may take together, ms, and each that comes once this is over: who hangs holds nobody up. */
const PATIENCE = 7000;
const LEAST = 500;

/**
 * Stops parts in the order given, one after the other; one that hangs is left behind, so that the record is closed
 * whatever happens. Names those that did not stop in time.
 */
export async function stopParts(
  parts: readonly Part[],
  {
    log,
    patience = PATIENCE,
    least = LEAST,
  }: { log: Pick<Log, "warn" | "error">; patience?: number; least?: number },
): Promise<string[]> {
  const end = performance.now() + patience;
  const late: string[] = [];
  for (const { part, stop } of parts) {
    const over = new AbortController();
    const wait = Math.max(least, end - performance.now());
    const outcome = await Promise.race([
      stop().then(
        () => "stopped" as const,
        (error: unknown) => {
          log.warn("part did not stop cleanly", { part, error: messageOf(error) });
          return "stopped" as const;
        },
      ),
      setTimeout(wait, "late" as const, { signal: over.signal }),
    ]);
    over.abort();
    if (outcome === "stopped") continue;
    log.error("part did not stop in time: it is left behind", { part });
    late.push(part);
  }
  return late;
}
