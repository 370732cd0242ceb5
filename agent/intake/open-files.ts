import { readFileSync } from "node:fs";

/** Descriptors that connections of sources leave to the rest at most: pages, messages, files. */
const RESERVE = 1024;

/** How many files and connections a process may have open, as Linux tells; undefined where it does not. */
export function openFilesLimit(process: number | "self" = "self"): number | undefined {
  try {
    const soft = /^Max open files +(\d+|unlimited)/m.exec(
      readFileSync(`/proc/${process}/limits`, "utf8"),
    )?.[1];
    return soft === undefined ? undefined : soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return undefined;
  }
}

/** What of a limit of open files the connections of all sources may take together: who floods us silences no message. */
export function connectionsWithin(limit: number | undefined): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(limit - Math.min(RESERVE, limit / 2)));
}

/** What to do when connections are closed for want of places. */
export const MORE_CONNECTIONS =
  "see which machine opens so many; else raise limits.connections, and LimitNOFILE of the service (ulimit -n) with it";
