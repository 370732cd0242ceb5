import { z } from "zod";
import { enumOf } from "../agent/core/enum-of.ts";
import { SecretSource } from "../connectors/contract.ts";

/** How one sender signs a body: an HMAC of some text, somewhere in the headers. Header names in lower case. */
export interface SignatureScheme {
  /** Header that carries the signature, or several of them. */
  header: string;
  algorithm: "sha1" | "sha256" | "sha512";
  encoding: "hex" | "base64";
  /** What stands before each signature. */
  prefix: string;
  /** What stands between several signatures: one of them must be right. */
  separator?: string | undefined;
  /** What is signed: `{body}` is the body as sent, `{timestamp}` and `{id}` the headers of that name. */
  signed: string;
  /** Header that says when it was sent: Unix seconds or milliseconds, or RFC 3339. */
  timestamp_header?: string | undefined;
  /** Header that tells this delivery from all others, the same when it is repeated. */
  id_header?: string | undefined;
  /** How far the sender's clock may be from ours. */
  tolerance_seconds: number;
  /** How the secret is written. */
  secret: "text" | "base64";
}

const usual = {
  algorithm: "sha256",
  encoding: "hex",
  prefix: "",
  signed: "{body}",
  tolerance_seconds: 300,
  secret: "text",
} as const;

/** The schemes known by name; each as its sender documents it. */
export const SIGNATURE_SCHEMES = {
  // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
  "standard-webhooks": {
    ...usual,
    header: "webhook-signature",
    encoding: "base64",
    prefix: "v1,",
    separator: " ",
    signed: "{id}.{timestamp}.{body}",
    timestamp_header: "webhook-timestamp",
    id_header: "webhook-id",
    secret: "base64",
  },
  // https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
  grafana: { ...usual, header: "x-grafana-alerting-signature" },
  // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  github: { ...usual, header: "x-hub-signature-256", prefix: "sha256=" },
  // https://github.com/PagerDuty/developer-docs/blob/main/docs/webhooks/04-Signatures.md
  pagerduty: { ...usual, header: "x-pagerduty-signature", prefix: "v1=", separator: "," },
  // https://docs.sentry.io/product/integrations/integration-platform/webhooks/
  sentry: { ...usual, header: "sentry-hook-signature" },
  // https://docs.fastly.com/en/ngwaf/generic-webhooks
  "signal-sciences": { ...usual, header: "x-sigsci-signature" },
  // https://api.slack.com/authentication/verifying-requests-from-slack
  slack: {
    ...usual,
    header: "x-slack-signature",
    prefix: "v0=",
    signed: "v0:{timestamp}:{body}",
    timestamp_header: "x-slack-request-timestamp",
  },
} as const satisfies Record<string, SignatureScheme>;

const HeaderName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "the name of an HTTP header")
  .transform((name) => name.toLowerCase());

const Known = z.strictObject({
  scheme: enumOf(SIGNATURE_SCHEMES),
  secret: SecretSource,
  /** Grafana's optional header of that name: the signature then covers the time too. */
  timestamp_header: HeaderName.optional(),
});

const Custom = z.strictObject({
  scheme: z.literal("custom"),
  secret: SecretSource,
  header: HeaderName,
  algorithm: z.enum(["sha1", "sha256", "sha512"]).default("sha256"),
  encoding: z.enum(["hex", "base64"]).default("hex"),
  prefix: z.string().default(""),
  /** What is signed, with `{body}` once and `{timestamp}` when a header tells it. */
  signed: z
    .string()
    .default("{body}")
    .refine((signed) => signed.split("{body}").length === 2, "must hold {body} once")
    .refine(
      (signed) => !signed.includes("{id}"),
      "no header of this scheme tells an {id}; take standard-webhooks",
    ),
  timestamp_header: HeaderName.optional(),
  tolerance_seconds: z.int().min(1).max(86_400).default(300),
});

/** How the bodies of a source are signed: HMAC with a shared secret. */
export const Signature = z.discriminatedUnion("scheme", [Known, Custom]).superRefine((given, context) => {
  const tell = (message: string) => context.addIssue({ code: "custom", path: ["timestamp_header"], message });
  if (given.scheme === "custom") {
    // A time that is not signed proves nothing: anyone could write a fresh one.
    if (given.signed.includes("{timestamp}") !== (given.timestamp_header !== undefined))
      tell("timestamp_header goes with {timestamp} in signed, and the other way round");
  } else if (given.timestamp_header !== undefined && given.scheme !== "grafana") {
    tell(`the scheme ${given.scheme} says itself which header tells the time`);
  }
});
export type Signature = z.infer<typeof Signature>;

/** The scheme that a configuration asks for. */
export function schemeOf(signature: Signature): SignatureScheme {
  if (signature.scheme === "custom") {
    const { scheme: _, secret: __, ...own } = signature;
    return { ...own, secret: "text" };
  }
  const known: SignatureScheme = SIGNATURE_SCHEMES[signature.scheme];
  const { timestamp_header } = signature;
  return timestamp_header === undefined
    ? known
    : { ...known, timestamp_header, signed: "{timestamp}:{body}" };
}
