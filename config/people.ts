import { isIP } from "node:net";
import { z } from "zod";
import { SecretSource } from "../connectors/contract.ts";

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

const Issuer = z
  .url({ protocol: /^https?$/ })
  .refine(
    (text) => {
      const url = URL.parse(text);
      return url !== null && (url.protocol === "https:" || LOOPBACK.test(url.hostname));
    },
    { error: "plain HTTP is for the loopback only; give an https issuer" },
  )
  .refine((text) => URL.parse(text)?.search === "", { error: "an issuer has no query" });

/** An OpenID Connect provider: it says who someone is; accounts, roles and decisions stay ours. */
const OidcProvider = z.strictObject({
  issuer: Issuer,
  /** What people call it, on the button. */
  label: z.string().min(1).max(60).default("l'annuaire"),
  client_id: z.string().min(1),
  client_secret: SecretSource,
  client_authentication: z.enum(["client_secret_basic", "client_secret_post"]).default("client_secret_basic"),
  scope: z.string().default("openid email profile"),
  acr_values: z.string().min(1).optional(),
  /** The claim that names the person. */
  claim: z.string().min(1).default("email"),
  /** With which of an account's own words it is compared. (Default: email for `email`, login for `preferred_username`, else identity.) */
  match: z.enum(["login", "email", "identity"]).optional(),
  /** Ids of the systems without which it proves nothing; empty says that it depends on none of ours. */
  depends_on: z.array(z.string()),
});

/** How people sign in. */
export const People = z
  .strictObject({
    sessions: z
      .strictObject({
        /** A session not used for so long ends. (Default: 120.) */
        idle_minutes: z.int().min(5).max(720).default(120),
        /** A session ends after this, however much it is used. (Default: 12, a night on call.) */
        absolute_hours: z.int().min(1).max(24).default(12),
      })
      .prefault({}),
    oidc: OidcProvider.optional(),
  })
  .prefault({});
export type People = z.infer<typeof People>;

/** Reverse proxies whose word on a person's address is taken, beside those of this machine. */
export const Proxies = z
  .array(
    z.string().refine((text) => isIP(text.split("/")[0] ?? "") !== 0 && /^[^/]+(\/\d{1,3})?$/.test(text), {
      error: "write an address, or a network such as 10.20.0.0/24",
    }),
  )
  .default([]);
