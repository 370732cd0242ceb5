import { z } from "zod";
import { SecretSource } from "../connectors/contract.ts";
import { checkRelay, MailAddress, RELAY } from "../connectors/shared/mail/relay.ts";

const AnchorMail = z
  .strictObject({ ...RELAY, from: MailAddress, to: z.array(MailAddress).min(1).max(10) })
  .superRefine(checkRelay);

/** Third parties that are given the signed heads of the journal, so that nobody here can write it anew unseen. */
export const Anchors = z
  .strictObject({
    /** (Default: 24.) */
    every_hours: z.int().min(1).max(168).default(24),
    /** Signed as Standard Webhooks are. */
    webhook: z.strictObject({ url: z.url({ protocol: /^https?$/ }), secret: SecretSource }).optional(),
    mail: AnchorMail.optional(),
    /** A time-stamping authority (RFC 3161), asked by HTTP, and the authority (PEM) that its certificate leads to. */
    timestamp: z
      .strictObject({ url: z.url({ protocol: /^https?$/ }), authority: z.string().min(1) })
      .optional(),
  })
  .refine(({ webhook, mail, timestamp }) => webhook ?? mail ?? timestamp, {
    error: "nobody is given anything: give webhook, mail or timestamp",
  });
export type Anchors = z.infer<typeof Anchors>;
