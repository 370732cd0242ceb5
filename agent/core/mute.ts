import { z } from "zod";
import { AssetId, NamePattern } from "./asset.ts";

/** What a person may put in place so that noise waits. */
export const MUTE_KINDS = { silence: "Mise en sourdine", maintenance: "Travaux prévus" } as const;

const Instant = z.int();

const Common = {
  id: z.string(),
  reason: z.string(),
  author: z.object({ account: z.string(), name: z.string() }),
  made: Instant,
  from: Instant,
  until: Instant,
  /** `over` once its time has passed or a person ended it: it holds nothing any more. */
  state: z.enum(["stands", "over"]),
  /** When it came to its end before its time, by whom and why; null when its time ran out, or has not yet. */
  ended: z.object({ at: Instant, name: z.string(), reason: z.string() }).nullable(),
};

/** Every part that is named must fit: there is no silence about everything. */
export const SilenceCover = z.strictObject({
  system: AssetId.optional(),
  /** As sources name it, `*` for any run of characters. */
  host: NamePattern.optional(),
  /** Id of the detection rule. */
  rule: z.string().optional(),
  source: z.string().optional(),
});
export type SilenceCover = z.infer<typeof SilenceCover>;

/** *Mise en sourdine*: a person does not want to hear of something until an instant. */
export const Silence = z.object({ kind: z.literal("silence"), ...Common, covers: SilenceCover });
export type Silence = z.infer<typeof Silence>;

/** *Travaux prévus*: systems are expected to be down between two instants, and what depends on them if it says so. */
export const Maintenance = z.object({
  kind: z.literal("maintenance"),
  ...Common,
  covers: z.strictObject({ systems: z.array(AssetId), dependents: z.boolean() }),
});
export type Maintenance = z.infer<typeof Maintenance>;

/** What holds noise back, in a person's name: it delays, and hides nothing. */
export const Mute = z.discriminatedUnion("kind", [Silence, Maintenance]);
export type Mute = z.infer<typeof Mute>;
