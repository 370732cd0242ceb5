import type { Instant } from "../../core/clock.ts";
import type { SealedWrite } from "../seal.ts";
import type { Chain } from "./chain.ts";

/** Where a write takes place. */
export interface Place {
  facility: string;
  at: Instant;
  chain: Chain;
}

/** Undefined when done, else why it could not stand. */
export type Conflict = string | undefined;

export type Of<W extends SealedWrite["write"]> = Extract<SealedWrite, { write: W }>;
