import { z } from "zod";
import { SecretSource } from "../../contract.ts";
import { PrivateNetworks, ProxySettings } from "../../shared/egress/policy.ts";
import { isPointer } from "../../shared/json-pointer.ts";
import { BodyTemplate } from "./body-template.ts";

const Pointer = z.string().refine(isPointer, "not a JSON pointer, such as /id");

function isPlace(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return protocol === "https:" && username === "" && password === "" && hash === "";
}
const PLACE = "give an https:// address, without a user, a password or what follows #";
const Place = z.string().max(2000).refine(isPlace, PLACE);

/** What stands in `{…}` in `status.url`. */
export const PLACEHOLDERS = ["key", "reference", "declaration", "version", "sha256"] as const;
const NAMED = /\{([^{}]*)\}/g;
const StatusPlace = z
  .string()
  .max(2000)
  .refine((text) => isPlace(text.replace(NAMED, "x")) && /^https:\/\/[^{}/]+(?:\/|$)/.test(text), {
    error: `${PLACE}; its host is written out`,
  })
  .refine(
    (text) => [...text.matchAll(NAMED)].every(([, name]) => PLACEHOLDERS.some((each) => each === name)),
    `only ${PLACEHOLDERS.map((name) => `{${name}}`).join(", ")} are filled`,
  )
  .refine((text) => /\{(?:key|reference|declaration|sha256)\}/.test(text), "it names no filing: put {key}");

const HeaderName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "not the name of a header")
  .refine(
    (name) => !/^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect)$/i.test(name),
    "this header is not for settings",
  );

const Authentication = z.discriminatedUnion("by", [
  z.strictObject({
    by: z.literal("oauth2"),
    token_url: Place,
    client_id: z.string().min(1).max(500),
    client_secret: SecretSource.optional(),
    scope: z.string().min(1).max(1000).optional(),
    /** Asked for by some servers beside the scope. */
    audience: z.string().min(1).max(1000).optional(),
    /** How the client says who it is: RFC 6749 §2.3.1, or by `tls.certificate` (RFC 8705 §2). (Default: basic.) */
    client_authentication: z.enum(["basic", "post", "mtls"]).default("basic"),
  }),
  /** By `tls.certificate` alone. */
  z.strictObject({ by: z.literal("mtls") }),
  z.strictObject({ by: z.literal("api_key"), header: HeaderName, key: SecretSource }),
  z.strictObject({ by: z.literal("bearer"), token: SecretSource }),
]);
export type Authentication = z.infer<typeof Authentication>;

const Words = z.array(z.string().min(1).max(200)).max(50).default([]);
const Statuses = z.array(z.int().min(200).max(599)).max(50).default([]);

/** Where an answer says what became of a filing, and by which words. */
const Receipt = z.strictObject({
  /** Where the receiver's own reference stands: without one nothing counts as delivered. */
  reference: Pointer.default("/reference"),
  /** Where its state stands. (Default: the status of HTTP says it.) */
  state: Pointer.optional(),
  /** Where its date stands, shown as it is. */
  date: Pointer.optional(),
  /** Where its words for people stand. (Default: the usual places.) */
  message: Pointer.optional(),
  /** What the values of `state` mean; one that is not listed is uncertain. */
  states: z.strictObject({ delivered: Words, refused: Words, uncertain: Words }).prefault({}),
  /** What statuses of HTTP mean here, before what they mean everywhere. */
  statuses: z.strictObject({ delivered: Statuses, refused: Statuses, uncertain: Statuses }).prefault({}),
});
export type Receipt = z.infer<typeof Receipt>;

export const PortalHttpConfig = z
  .strictObject({
    /** Whom it reaches, as people call it. (Default: the host.) */
    to: z.string().min(1).max(200).optional(),
    url: Place,
    /** (Default: POST.) */
    method: z.enum(["POST", "PUT"]).default("POST"),
    authentication: Authentication,
    /** PEM: an own authority, and our certificate with its key. */
    tls: z
      .strictObject({
        authority: SecretSource.optional(),
        certificate: SecretSource.optional(),
        key: SecretSource.optional(),
      })
      .prefault({}),
    /** Further headers, each the same for every call; a secret has no place here. */
    headers: z
      .record(
        HeaderName,
        z
          .string()
          .max(1000)
          .regex(/^[\u0020-\u007e]*$/, "one line of plain characters"),
      )
      .default({}),
    idempotency: z
      .strictObject({
        /** Carries the key of the filing, the same for each attempt. */
        header: HeaderName.default("Idempotency-Key"),
        /** True when the receiver takes two calls of one key for one, so that it may be called again. */
        recognised: z.boolean().default(false),
      })
      .prefault({}),
    /** (Default: the approved text's own canonical JSON.) */
    body: z.union([z.literal("canonical"), z.strictObject({ json: BodyTemplate })]).default("canonical"),
    receipt: Receipt.prefault({}),
    /** Where the receiver is asked what became of a filing. (Default: it cannot be asked.) */
    status: z
      .strictObject({
        url: StatusPlace,
        /** Where that answer says it. (Default: as `receipt`.) */
        receipt: Receipt.optional(),
        /** By what it says that it never received the filing, which may then be sent again. */
        never_received: z.strictObject({ statuses: Statuses, states: Words }).prefault({}),
      })
      .optional(),
    timeouts: z
      .strictObject({
        /** To be connected. (Default: 10.) */
        connect_seconds: z.number().min(1).max(60).default(10),
        /** To have the whole answer. (Default: 60.) */
        answer_seconds: z.number().min(1).max(300).default(60),
      })
      .prefault({}),
    /** Longest answer. (Default: 256 KiB.) */
    answer_bytes: z
      .int()
      .min(1024)
      .max(5 * 1024 * 1024)
      .default(256 * 1024),
    private_networks: PrivateNetworks,
    /** By which every call leaves, to the token server too. (Default: none.) */
    proxy: ProxySettings.optional(),
  })
  .superRefine((config, { addIssue }) => {
    const { authentication, tls } = config;
    const problem = (path: PropertyKey[], message: string) => addIssue({ code: "custom", path, message });
    if ((tls.certificate === undefined) !== (tls.key === undefined))
      problem(["tls"], "give certificate and key together");
    else if (authentication.by === "mtls" && tls.certificate === undefined)
      problem(["tls"], "authentication by mtls needs tls.certificate and tls.key");
    if (authentication.by === "oauth2") {
      const { client_authentication: how, client_secret } = authentication;
      if ((how === "mtls") !== (client_secret === undefined))
        problem(
          ["authentication", "client_secret"],
          "give a secret, or client_authentication: mtls without one",
        );
      if (how === "mtls" && tls.certificate === undefined)
        problem(["tls"], "client_authentication by mtls needs tls.certificate and tls.key");
    }
    const own = authentication.by === "api_key" ? authentication.header : "authorization";
    const taken = [own, config.idempotency.header].map((name) => name.toLowerCase());
    for (const name of Object.keys(config.headers))
      if (taken.includes(name.toLowerCase()) || name.toLowerCase() === "authorization")
        problem(["headers", name], "this header is written by authentication or idempotency");
    for (const [path, receipt] of [
      [["receipt"], config.receipt],
      [["status", "receipt"], config.status?.receipt],
    ] as const)
      if (receipt !== undefined)
        checkReceipt(receipt, (tail, message) => problem([...path, ...tail], message));
  });
export type PortalHttpConfig = z.infer<typeof PortalHttpConfig>;

function checkReceipt(receipt: Receipt, tell: (path: PropertyKey[], message: string) => void): void {
  for (const name of ["states", "statuses"] as const) {
    const all = Object.values(receipt[name]).flat();
    const twice = all.find((each, i) => all.indexOf(each) !== i);
    if (twice !== undefined) tell([name], `${twice} cannot mean two things`);
  }
  if (receipt.statuses.delivered.some((status) => status >= 300 && status !== 409))
    tell(["statuses", "delivered"], "only 2xx, or 409 for a repeat, can mean delivered");
  const named = Object.values(receipt.states).flat().length > 0;
  if (named !== (receipt.state !== undefined)) tell(["state"], "give state and states together");
  if (receipt.state !== undefined && receipt.states.delivered.length === 0)
    tell(["states", "delivered"], "no state means delivered");
}
