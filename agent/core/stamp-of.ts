import { type Instant, isoFromInstant } from "./clock.ts";

/** A date as names of files have it: `20260607T001000Z`. */
export function stampOf(at: Instant): string {
  return isoFromInstant(at).replace(/[-:]|\.\d+/g, "");
}
