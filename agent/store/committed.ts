import type { Problem } from "../core/errors.ts";
import type { SealedUnit } from "./seal.ts";
import type { Receipt } from "./store.ts";

/** What became of a unit; `failed` when the unit itself is malformed, which leaves the others of its group alone. */
export type Committed = Receipt | { outcome: "failed"; problem: Problem };

const ERASING: ReadonlySet<string> = new Set(["attachment_erasure", "erasure", "quarantine_end"]);

/** True of a unit whose journal is to be signed with it: an erasure that is not signed would look like tampering. */
export const erases = ({ writes }: Pick<SealedUnit, "writes">) =>
  writes.some(({ write }) => ERASING.has(write));
