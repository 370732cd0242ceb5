import { z } from "zod";
import { SecretSource } from "../../contract.ts";
import { mailAddress } from "../notify/words.ts";

/** An address to which mail can be sent. */
export const MailAddress = z
  .string()
  .refine((text) => mailAddress(text) !== undefined, "not an e-mail address, such as a.martin@ch.example");

/** Settings of the relay that takes mail. */
export const RELAY = {
  /** The facility's own relay. */
  host: z.string().min(1),
  /** (Default: 587, or 465 when `security` is `tls`.) */
  port: z.int().min(1).max(65_535).optional(),
  /** `starttls` refuses a relay that has none; `none` is for a relay of the same machine. (Default: starttls.) */
  security: z.enum(["starttls", "tls", "none"]).default("starttls"),
  /** Authority (PEM) that signed the relay's certificate, when it is the facility's own. */
  authority: z.string().min(1).optional(),
  username: z.string().min(1).optional(),
  password: SecretSource.optional(),
  /** Each silence of the relay, seconds; the whole has three times as much. (Default: 15.) */
  timeout_seconds: z.number().min(1).max(60).default(15),
};

/** A relay, as its settings say. */
export type Relay = z.infer<z.ZodObject<typeof RELAY>>;

/** Says what of a relay's settings does not go together. */
export function checkRelay(relay: Relay, context: z.RefinementCtx<Relay>): void {
  const { username, password, security, host } = relay;
  if ((username === undefined) !== (password === undefined))
    context.addIssue({ code: "custom", path: ["password"], message: "username and password go together" });
  if (security === "none" && username !== undefined && !isLoopback(host))
    context.addIssue({
      code: "custom",
      path: ["security"],
      message: "a password does not travel in clear: take starttls or tls",
    });
}

/** True for this machine itself. */
export function isLoopback(host: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(host);
}
