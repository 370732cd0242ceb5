import { z } from "zod";
import type { Instant } from "../../core/clock.ts";
import type { HuntResult } from "../../core/hunt.ts";
import type { Account } from "../../core/person.ts";
import type { Refused } from "../person-act.ts";

const At = z.int();

/** What a person has searched, from a page, for one incident. */
export const SearchAsked = z.object({
  what: z.discriminatedUnion("from", [
    z.object({ from: z.literal("recording"), name: z.string(), bytes: z.int() }),
    z.object({ from: z.literal("source"), source: z.string(), since: At, until: At }),
  ]),
  /** Only this machine, whatever it shares; empty for what shares something with the incident. */
  host: z.string(),
  /** Every match, whatever it shares. */
  all: z.boolean(),
});
export type SearchAsked = z.infer<typeof SearchAsked>;

/**
 * Where a search stands: `trying` and `keeping` run, `tried` waits for the person, the others are over. `stopped` is
 * one that was being tried when the program ended.
 */
export const SearchPhase = z.enum(["trying", "tried", "keeping", "done", "failed", "stopped"]);
export type SearchPhase = z.infer<typeof SearchPhase>;

/** A search as it is kept between two looks at its page, and over a restart. */
export const SearchState = z.object({
  id: z.string(),
  incident: z.string(),
  by: z.object({ login: z.string(), name: z.string() }),
  asked: SearchAsked,
  phase: SearchPhase,
  /** When it came to this phase. */
  at: At,
  /** What it would change, or changed. */
  result: z.custom<HuntResult>((value) => typeof value === "object").nullable(),
  problem: z.object({ code: z.string(), message: z.string() }).nullable(),
});
export type SearchState = z.infer<typeof SearchState>;

/** How far a running search is, of what it has to read. */
export interface SearchProgress {
  done: number;
  total: number;
}

/** What carries one search out, beside us. */
export interface RunningSearch {
  ended: Promise<{ result: HuntResult } | { problem: { code: string; message: string } }>;
  /** Ends it; what it found so far is not lost, and running it again adds nothing twice. */
  stop(): void;
}

export type StartSearch = (
  asked: {
    incident: string;
    login: string;
    dryRun: boolean;
    recording: string | undefined;
    asked: SearchAsked;
  },
  progress: (told: SearchProgress) => void,
) => RunningSearch;

/** Searches of old records that people ask for on pages: one at a time for an incident. */
export interface Searches {
  /** Polled sources that can be asked for a stretch of time. */
  readonly sources: readonly string[];
  of(incident: string): { state: SearchState; progress: SearchProgress | null } | undefined;
  /** Begins with what would be found; takes the recording over from where it lies. */
  begin(
    incident: string,
    asked: SearchAsked,
    recording: string | undefined,
    by: Account,
  ): Promise<{ outcome: "begun" } | Refused>;
  /** Gives the incident what was shown. */
  confirm(incident: string, id: string, by: Account): { outcome: "begun" } | Refused;
  /** Forgets it, and ends what runs: nothing was kept unless it was confirmed. */
  drop(incident: string, id: string): { outcome: "dropped" } | Refused;
  /** Ends what runs: what was confirmed goes on at the next start. */
  stop(): Promise<void>;
}

/** How long a recording waits for the person to confirm. */
export const WAITS: Instant = 24 * 3_600_000_000;
