import { z } from "zod";
import type { Attempt, Message, Notifier } from "../../contract.ts";
import { SecretSource } from "../../contract.ts";
import { type HttpWay, httpWay, openHttpWay, outcomeOf, sendHttp } from "./send-http.ts";
import { type Escape, fill, PLACEHOLDERS, type Placeholder, unknownPlaceholders } from "./template.ts";
import { dialled, markOf, oneLine, phoneNumber, shorten } from "./words.ts";

const Template = z.string().superRefine((text, context) => {
  const [unknown] = unknownPlaceholders(text);
  if (unknown !== undefined)
    context.addIssue(`nothing fills {{${unknown}}}; one of: ${PLACEHOLDERS.join(", ")}`);
});
const Url = Template.refine(
  (text) => /^https?:\/\/[^/{}\s]+/.test(text) && URL.canParse(text.replace(/[{}]/g, "")),
  "not an http(s) address with its host written out",
);
const Number_ = z
  .string()
  .refine((text) => phoneNumber(text) !== undefined, "not a telephone number, such as +33612345678");

export const GatewayConfig = z
  .strictObject({
    url: Url,
    /** (Default: POST.) */
    method: z.enum(["GET", "POST", "PUT", "PATCH"]).default("POST"),
    /** Values are templates too. */
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, "not the name of a header"),
        Template.refine((text) => !/[\r\n]/.test(text), "one line"),
      )
      .default({}),
    /** (Default: none.) */
    body: Template.optional(),
    /** How values are written in the body: as JSON strings, as form values, as XML text, or as they are. */
    body_escape: z.enum(["json", "form", "xml", "text"]).default("json"),
    secret: SecretSource.optional(),
    /** Fixed numbers; without them the person on call is reached. */
    to: z.array(Number_).min(1).max(20).optional(),
    /** Written in place of the leading 0 of a national number: `33` makes +33612345678 of 0612345678. */
    country_code: z
      .string()
      .regex(/^[1-9][0-9]{0,2}$/)
      .optional(),
    /** What of an answer counts as taken. (Default: any 2xx.) */
    accepted: z
      .strictObject({
        status: z.array(z.int().min(100).max(599)).min(1).optional(),
        /** Text that the answer must hold. */
        contains: z.string().min(1).optional(),
        /** Text that says it was not taken, whatever the status says. */
        lacks: z.string().min(1).optional(),
      })
      .prefault({}),
    /** (Default: 320, two SMS.) */
    characters: z.int().min(70).max(2000).default(320),
    /** True when the gateway takes two calls with one `{{key}}` for one. (Default: false.) */
    repeatable: z.boolean().default(false),
    ...httpWay(15),
  })
  .refine(({ method, body }) => method !== "GET" || body === undefined, {
    path: ["body"],
    error: "a GET has no body: put the placeholders in url",
  })
  .refine(({ secret, ...rest }) => secret !== undefined || !JSON.stringify(rest).includes("{{secret}}"), {
    path: ["secret"],
    error: "a template names {{secret}} and there is none",
  })
  .refine(({ repeatable, ...rest }) => !repeatable || JSON.stringify(rest).includes("{{key}}"), {
    path: ["repeatable"],
    error: "no template names {{key}}: the gateway could not know a repeat",
  });
export type GatewayConfig = z.infer<typeof GatewayConfig>;

/** A telephone reached through a gateway that is told how by templates; `speaks` leaves out what no voice can say. */
export function gateway(parts: { name: string; summary: string; speaks: boolean }): Notifier<GatewayConfig> {
  return {
    name: parts.name,
    summary: parts.summary,
    config: GatewayConfig,
    repeatable: false,
    reaches: "phone",
    open(config, reveal) {
      const way = openHttpWay(config, reveal);
      const secret = config.secret === undefined ? "" : reveal("secret");
      return {
        repeatable: config.repeatable,
        async send(message, { signal, to }) {
          const numbers = (config.to ?? [to?.phone ?? ""]).flatMap(
            (each) => dialled(each, config.country_code) ?? [],
          );
          if (numbers.length === 0)
            return { outcome: "refused", because: `${to?.name ?? "personne"} : aucun numéro valable` };
          const attempts: Attempt[] = [];
          for (const number of numbers)
            attempts.push(await call({ number, message, config, secret, speaks: parts.speaks, way, signal }));
          // Of several numbers one that was reached is enough; else the best that is known.
          return best(attempts);
        },
      };
    },
  };
}

const ORDER = ["delivered", "uncertain", "unreachable", "refused"] as const;

function best(attempts: readonly Attempt[]): Attempt {
  const [first] = attempts.toSorted((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  return first ?? { outcome: "refused", because: "aucun numéro" };
}

async function call(parts: {
  number: string;
  message: Message;
  config: GatewayConfig;
  secret: string;
  speaks: boolean;
  way: HttpWay;
  signal: AbortSignal;
}): Promise<Attempt> {
  const { config, message, way, signal } = parts;
  const values = valuesOf(parts);
  const text = (template: string, how: Escape) => fill(template, values, how);
  const answer = await sendHttp({
    method: config.method,
    url: text(config.url, "form"),
    headers: headersOf(config, values),
    body: config.body === undefined ? undefined : text(config.body, config.body_escape),
    ...way,
    signal,
  });
  if (answer.failed !== undefined) return answer.failed;
  const { status, body } = answer;
  const { accepted } = config;
  const seen = outcomeOf(status);
  const taken = accepted.status?.includes(status) ?? seen.outcome === "delivered";
  const refused = (why: string): Attempt => ({ outcome: "refused", because: `${why} (réponse ${status})` });
  if (!taken) return seen.outcome === "delivered" ? refused("le service n'a pas confirmé l'envoi") : seen;
  // What a gateway says may repeat the number or the key it was given: it is not kept.
  if (accepted.lacks !== undefined && body.includes(accepted.lacks))
    return refused(`le service a refusé l'envoi, il répond « ${accepted.lacks} »`);
  if (accepted.contains !== undefined && !body.includes(accepted.contains))
    return refused(`le service n'a pas confirmé l'envoi, il répond sans « ${accepted.contains} »`);
  return {
    outcome: "delivered",
    because: `le service a pris l'envoi (réponse ${status}), n° ${maskedNumber(parts.number)}, réf. ${markOf(message)}`,
  };
}

function valuesOf({
  number,
  message,
  config,
  secret,
  speaks,
}: Parameters<typeof call>[0]): Record<Placeholder, string> {
  const reference = markOf(message);
  const subject = oneLine(message.subject);
  const said = oneLine(message.text);
  const tail = ` ${message.link} (réf. ${reference})`;
  const whole = shorten(`${subject}. ${said}`, Math.max(40, config.characters - tail.length));
  const spoken = shorten(`${subject}. ${said} Ouvrez Tocsin pour répondre.`, config.characters);
  return {
    to: number,
    subject,
    text: speaks ? spoken : `${whole}${tail}`,
    spoken,
    link: message.link,
    key: message.key,
    reference,
    secret,
  };
}

function headersOf(config: GatewayConfig, values: Record<Placeholder, string>): Record<string, string> {
  const type = {
    json: "application/json",
    form: "application/x-www-form-urlencoded",
    xml: "application/xml; charset=utf-8",
    text: "text/plain; charset=utf-8",
  }[config.body_escape];
  const headers: Record<string, string> = config.body === undefined ? {} : { "content-type": type };
  for (const [name, template] of Object.entries(config.headers)) {
    const key = name.toLowerCase();
    const value = oneLine(fill(template, values, "text"));
    // A header holds Latin-1; what is beyond is written as a URL would.
    headers[key] = /^[\u0020-\u007e\u00a0-\u00ff]*$/.test(value)
      ? value
      : encodeURIComponent(value.toWellFormed());
  }
  return headers;
}

const maskedNumber = (number: string) => `…${number.slice(-2)}`;
