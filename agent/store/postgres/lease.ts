import type { TocsinError } from "../../core/errors.ts";

/** What a process holds while it alone may act for a facility. */
export interface HeldLease {
  name: string;
  /** The number of this holding: whoever took over since has a higher one. */
  fence: number;
  /** What a write is refused with once it changed hands. */
  lost(): TocsinError;
}
