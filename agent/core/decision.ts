import { z } from "zod";

/** Who decided what on which exact text, when, how and why. */
export const Decision = z.object({
  id: z.string(),
  incident: z.string(),
  declaration: z.string(),
  version: z.int().min(1),
  /** Fingerprint of the text decided on. */
  sha256: z.string(),
  decision: z.enum(["approved", "set_aside"]),
  delegate: z.object({ account: z.string(), name: z.string() }),
  how: z.discriminatedUnion("channel", [
    z.object({ channel: z.literal("web"), second_factor: z.literal("totp") }),
    // A tool's signature proves the tool: the person's own code stands beside it.
    z.object({ channel: z.literal("webhook"), tool: z.string(), second_factor: z.literal("totp") }),
  ]),
  reason: z.string().nullable(),
  at: z.int(),
});
export type Decision = z.infer<typeof Decision>;
