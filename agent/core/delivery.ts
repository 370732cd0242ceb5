import { z } from "zod";
import type { Transitions } from "./transitions.ts";

export const DELIVERY_STATES = {
  planned: "Prévu",
  sending: "En cours",
  delivered: "Déposé",
  refused: "Refusé",
  uncertain: "Sans confirmation, à vérifier",
} as const;
export const DeliveryState = z.enum(["planned", "sending", "delivered", "refused", "uncertain"]);
export type DeliveryState = z.infer<typeof DeliveryState>;

/** An uncertain delivery is reconciled, never blindly resent: it goes back to `planned` only by a person. */
export const DELIVERY_TRANSITIONS: Transitions<DeliveryState> = {
  planned: ["sending", "delivered", "refused"],
  sending: ["planned", "delivered", "refused", "uncertain"],
  uncertain: ["planned", "delivered", "refused"],
  delivered: [],
  refused: ["planned"],
};

/** One attempt ladder to one recipient. Only the kind `declaration` is filing. */
export const Delivery = z.object({
  id: z.string(),
  incident: z.string(),
  declaration: z.string(),
  version: z.int(),
  sha256: z.string(),
  kind: z.enum(["declaration", "help", "information"]),
  /** Name of the outbound connector. */
  channel: z.string(),
  reach: z.enum(["assisted", "exercise", "authority"]),
  state: DeliveryState,
  attempts: z.array(z.object({ at: z.int(), outcome: z.string(), because: z.string() })),
  reference: z.string().nullable(),
  planned: z.int(),
  settled: z.int().nullable(),
  exercise: z.boolean(),
});
export type Delivery = z.infer<typeof Delivery>;
