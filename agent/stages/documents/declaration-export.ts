import { z } from "zod";
import { isoFromInstant } from "../../core/clock.ts";
import { Decision } from "../../core/decision.ts";
import {
  contentOf,
  type Declaration,
  DeclarationContent,
  DeclarationKind,
  DeclarationState,
} from "../../core/declaration.ts";
import { DeliveryKind, DeliveryState } from "../../core/delivery.ts";
import type { Standing } from "./print-declaration.ts";

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

/** One version of a declaration as a file for other programs; `canonical` are the exact bytes that `sha256` is of. */
export const DeclarationExport = z.strictObject({
  format: z.literal("tocsin-declaration/1"),
  declaration: z.strictObject({
    id: z.string(),
    incident: z.string(),
    /** Id of the law pack that asks for it. */
    regime: z.string(),
    kind: DeclarationKind,
    version: z.int().min(1),
    state: DeclarationState,
    sha256: Hash,
    updated: z.iso.datetime(),
  }),
  /** The same as `canonical`, read. */
  content: DeclarationContent,
  /** RFC 8785 JSON of the content. */
  canonical: z.string(),
  /** Who decided on this text; null while nobody has. */
  decision: z
    .strictObject({
      decision: Decision.shape.decision,
      by: z.string(),
      at: z.iso.datetime(),
      channel: z.enum(["web", "webhook", "voice"]),
      reason: z.string().nullable(),
    })
    .nullable(),
  deliveries: z.array(
    z.strictObject({
      channel: z.string(),
      kind: DeliveryKind,
      state: DeliveryState,
      /** The receiver's own number. */
      reference: z.string().nullable(),
      settled: z.iso.datetime().nullable(),
      exercise: z.boolean(),
    }),
  ),
});
export type DeclarationExport = z.infer<typeof DeclarationExport>;

/** Exports a stored text with what became of it. */
export function exportDeclaration(
  declaration: Declaration,
  { decisions, deliveries }: Standing,
): DeclarationExport {
  const { id, incident, regime, kind, version, state, sha256, canonical, updated } = declaration;
  const decided = decisions.findLast((each) => each.sha256 === sha256);
  return {
    format: "tocsin-declaration/1",
    declaration: { id, incident, regime, kind, version, state, sha256, updated: isoFromInstant(updated) },
    content: contentOf(declaration),
    canonical,
    decision:
      decided === undefined
        ? null
        : {
            decision: decided.decision,
            by: decided.delegate.name,
            at: isoFromInstant(decided.at),
            channel: decided.how.channel,
            reason: decided.reason,
          },
    deliveries: deliveries
      .filter((each) => each.sha256 === sha256)
      .map(({ channel, kind, state, reference, settled, exercise }) => ({
        channel,
        kind,
        state,
        reference,
        settled: settled === null ? null : isoFromInstant(settled),
        exercise,
      })),
  };
}
