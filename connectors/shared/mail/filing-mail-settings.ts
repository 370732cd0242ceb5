import { z } from "zod";
import { SecretSource } from "../../contract.ts";
import { checkRelay, isLoopback, MailAddress, RELAY } from "./relay.ts";

const Identity = z.strictObject({ certificate: SecretSource, key: SecretSource });

/** Settings of a way out that writes to an authority. */
export const FILING_MAIL = {
  ...RELAY,
  /** Each silence of the relay, seconds; the whole has three times as much. (Default: 30.) */
  timeout_seconds: z.number().min(1).max(120).default(30),
  from: MailAddress,
  to: z.array(MailAddress).min(1).max(20),
  reply_to: MailAddress.optional(),
  /** Where what cannot be delivered comes back to. (Default: `from`.) */
  bounces_to: MailAddress.optional(),
  /** Whom the receiver may call back, and at which number. */
  contact: z.string().min(1).max(200),
  /** Certificate and key (PEM) that the relay knows us by. */
  client: Identity.optional(),
  /** Certificate and key (PEM) that sign (S/MIME); those that lead to the authority may follow in `certificate`. */
  sign: Identity.optional(),
  /** Certificates (PEM, one after the other) of all who may read (S/MIME). */
  encrypt: z.strictObject({ certificates: SecretSource }).optional(),
};
export type FilingMail = z.infer<z.ZodObject<typeof FILING_MAIL>>;

/** Says what of these settings does not go together. */
export function checkFilingMail(settings: FilingMail, context: z.RefinementCtx<FilingMail>): void {
  checkRelay(settings, context);
  const { security, host, encrypt, client } = settings;
  const tell = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  if (security === "none" && encrypt === undefined && !isLoopback(host))
    tell("security", "a declaration does not travel in clear: take starttls or tls, or give encrypt");
  if (security === "none" && client !== undefined)
    tell("client", "a certificate is shown over TLS only: take starttls or tls");
}
