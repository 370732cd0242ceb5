import type { EffectState } from "./effect.ts";
import type { Transitions } from "./transitions.ts";

/** Intent is written (`claimed`) before the call and the receipt after: a crash between leaves `uncertain`. */
export const EFFECT_TRANSITIONS: Transitions<EffectState> = {
  planned: ["claimed", "cancelled"],
  claimed: ["planned", "done", "failed", "uncertain"],
  uncertain: ["planned", "done", "failed", "cancelled"],
  done: [],
  failed: ["planned"],
  cancelled: [],
};
