import { z } from "zod";
import { enumOf } from "./enum-of.ts";
import type { Transitions } from "./transitions.ts";

export const ACCOMPANIMENT_STATES = {
  requested: "Demandé",
  granted: "Accordé",
  under_way: "En cours",
  ended: "Terminé",
  declined: "Refusé par l'autorité",
  withdrawn: "Demande retirée",
} as const;
export const AccompanimentState = enumOf(ACCOMPANIMENT_STATES);
export type AccompanimentState = z.infer<typeof AccompanimentState>;

export const ACCOMPANIMENT_TRANSITIONS: Transitions<AccompanimentState> = {
  requested: ["granted", "under_way", "declined", "withdrawn"],
  granted: ["under_way", "ended", "withdrawn"],
  under_way: ["ended"],
  ended: [],
  declined: [],
  withdrawn: [],
};

/** Longest text of a step, and most requests of one incident. */
export const ACCOMPANIMENT = { text: 1000, of: 20 } as const;

const Instant = z.int();

/** Help that the facility asked an authority for with an incident (arrêté of 30 October 2017), and its life. */
export const Accompaniment = z.object({
  id: z.string(),
  incident: z.string(),
  /** Whom it was asked of, in words. */
  of: z.string(),
  state: AccompanimentState,
  /** Each state with its instant and who wrote it down, the request first. */
  steps: z.array(
    z.object({
      state: AccompanimentState,
      at: Instant,
      written: Instant,
      by: z.object({ account: z.string(), name: z.string() }),
      text: z.string(),
    }),
  ),
});
export type Accompaniment = z.infer<typeof Accompaniment>;
