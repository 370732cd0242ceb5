import { z } from "zod";
import { enumOf } from "./enum-of.ts";
import type { Transitions } from "./transitions.ts";

/** What a recommendation is for (arrêté of 30 October 2017: emergency measures, remediation, improvement). */
export const RECOMMENDATION_KINDS = {
  urgent: "Urgence",
  remediation: "Remédiation",
  improvement: "Amélioration",
} as const;
export const RecommendationKind = enumOf(RECOMMENDATION_KINDS);
export type RecommendationKind = z.infer<typeof RecommendationKind>;

export const RECOMMENDATION_STATES = { open: "À faire", done: "Faite", refused: "Écartée" } as const;
export const RecommendationState = enumOf(RECOMMENDATION_STATES);
export type RecommendationState = z.infer<typeof RecommendationState>;

export const RECOMMENDATION_TRANSITIONS: Transitions<RecommendationState> = {
  open: ["done", "refused"],
  done: ["open"],
  refused: ["open"],
};

/** Longest text, and most recommendations of one incident. */
export const RECOMMENDATION = { text: 2000, owner: 200, of: 200 } as const;

const Instant = z.int();
const Writer = z.object({ account: z.string(), name: z.string() });

/** Something that an authority advises the facility to do, and what becomes of it. */
export const Recommendation = z.object({
  id: z.string(),
  incident: z.string(),
  kind: RecommendationKind,
  text: z.string(),
  /** Who gave it, in words. */
  from: z.string(),
  /** The exchange that it came with; null when it was written down alone. */
  exchange: z.string().nullable(),
  /** Who is to do it; empty until somebody is. */
  owner: z.string(),
  due: Instant.nullable(),
  state: RecommendationState,
  recorded: Instant,
  by: Writer,
  /** When it was done or put aside, by whom, and how or why; null while it waits. */
  settled: z.object({ at: Instant, written: Instant, by: Writer, because: z.string() }).nullable(),
});
export type Recommendation = z.infer<typeof Recommendation>;
