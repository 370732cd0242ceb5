import { z } from "zod";
import { enumOf } from "./enum-of.ts";
import { Attachment } from "./logbook.ts";
import type { Transitions } from "./transitions.ts";

export const DELIVERY_STATES = {
  planned: "Prévu",
  sending: "En cours",
  delivered: "Déposé",
  refused: "Refusé",
  uncertain: "Sans confirmation, à vérifier",
  dropped: "Sans objet",
} as const;
export const DeliveryState = enumOf(DELIVERY_STATES);
export type DeliveryState = z.infer<typeof DeliveryState>;

/** An uncertain delivery is reconciled, never blindly resent: it goes back to `planned` only by a person. */
export const DELIVERY_TRANSITIONS: Transitions<DeliveryState> = {
  planned: ["sending", "delivered", "refused", "dropped"],
  sending: ["planned", "delivered", "refused", "uncertain"],
  uncertain: ["planned", "delivered", "refused"],
  delivered: [],
  // Of a text that is filed by another way, or replaced, nothing is to be sent again.
  refused: ["planned", "dropped"],
  dropped: [],
};

/** What is sent, to what end: only a `declaration` is filing. */
export const DELIVERY_KINDS = {
  declaration: "Déclaration",
  help: "Demande d'aide",
  information: "Information",
} as const;
export const DeliveryKind = enumOf(DELIVERY_KINDS);
export type DeliveryKind = z.infer<typeof DeliveryKind>;

/** Why electronic declaration was impossible: what was tried, when, and who says so (arrêté of 30 October 2017, art. 1). */
export const Impossibility = z.object({
  /** Since when, as far as is known. */
  since: z.int(),
  at: z.int(),
  writer: z.string(),
  /** What was tried and what came of it, in French. */
  tried: z.string(),
  /** SHA-256 of the text that it serves; absent on what was noted before texts were named. */
  sha256: z.string().optional(),
});
export type Impossibility = z.infer<typeof Impossibility>;

/** One attempt ladder to one recipient. Only the kind `declaration` is filing. */
export const Delivery = z.object({
  id: z.string(),
  incident: z.string(),
  declaration: z.string(),
  version: z.int(),
  sha256: z.string(),
  kind: DeliveryKind,
  /** Id of the way out in the configuration. */
  channel: z.string(),
  reach: z.enum(["assisted", "exercise", "authority"]),
  state: DeliveryState,
  attempts: z.array(
    z.object({
      at: z.int(),
      outcome: z.string(),
      because: z.string(),
      /** What left, to the byte; absent where nothing did, or a person carried it. */
      sent: Attachment.optional(),
      /** What the receiver answered, to the byte, where that was no receipt. */
      answer: Attachment.optional(),
    }),
  ),
  reference: z.string().nullable(),
  planned: z.int(),
  settled: z.int().nullable(),
  exercise: z.boolean(),
  /** What the receiver gave for it: a file to keep. */
  receipts: z.array(Attachment).optional(),
  /** Present on what replaces an electronic declaration. */
  impossibility: Impossibility.optional(),
  /** Who carried it or asked for it; absent for what the approval itself set off. */
  by: z.object({ account: z.string(), name: z.string() }).optional(),
});
export type Delivery = z.infer<typeof Delivery>;

/** The filing on the portal after which nothing is left to verify of a declaration that nobody confirmed. */
export function overtakenBy(delivery: Delivery, deliveries: readonly Delivery[]): Delivery | undefined {
  return delivery.state === "uncertain" ? filedBeside(delivery, deliveries) : undefined;
}

/** The filing on the portal of the text that a declaration carries another way: sent again, it would be filed twice. */
export function filedBeside(delivery: Delivery, deliveries: readonly Delivery[]): Delivery | undefined {
  if (delivery.kind !== "declaration") return undefined;
  return deliveries.find(
    (each) =>
      each.id !== delivery.id &&
      each.kind === "declaration" &&
      each.state === "delivered" &&
      each.impossibility === undefined &&
      each.declaration === delivery.declaration &&
      each.version === delivery.version,
  );
}

/** True of what a relay took for delivered, and may yet bring back: a message that files nothing. */
export function mayBounce({ kind, reach, state }: Pick<Delivery, "kind" | "reach" | "state">): boolean {
  return kind === "information" && reach !== "assisted" && state === "delivered";
}
