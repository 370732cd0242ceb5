import { z } from "zod";
import type { Attempt, AttemptContext, Message, Notifier } from "../../contract.ts";
import { SecretSource } from "../../contract.ts";
import {
  type HttpAnswer,
  type HttpWay,
  httpWay,
  openHttpWay,
  outcomeOf,
  sendHttp,
  unmade,
} from "../../shared/notify/send-http.ts";
import { isUrgent, oneLine, shorten, ticketMark } from "../../shared/notify/words.ts";

const GlpiConfig = z.strictObject({
  /** Address of the REST API, such as https://glpi.ch.example/apirest.php. */
  url: z.url({ protocol: /^https?$/ }),
  user_token: SecretSource,
  /** Of the API client, when GLPI asks for one. */
  app_token: SecretSource.optional(),
  /** Entity that the ticket is made in. (Default: that of the user.) */
  entity: z.int().min(0).optional(),
  ...httpWay(15),
});
type GlpiConfig = z.infer<typeof GlpiConfig>;

const Session = z.object({ session_token: z.string().min(1).max(200) });
const Found = z.object({ totalcount: z.int() });
const Made = z.object({ id: z.int() });

/** Search option of a ticket's title. */
const TITLE = "1";

/** A ticket by GLPI's REST API; the message's mark ends its title, and is looked for before one is made. */
export const glpi = {
  name: "glpi",
  summary: "Ticket in GLPI (REST API)",
  config: GlpiConfig,
  repeatable: true,
  open(config, reveal) {
    const way = openHttpWay(config, reveal);
    const base = config.url.replace(/\/+$/, "");
    const client: Record<string, string> = { "content-type": "application/json" };
    if (config.app_token !== undefined) client["app-token"] = reveal("app_token");
    const user = reveal("user_token");
    return {
      async send(message: Message, { signal }: AttemptContext): Promise<Attempt> {
        const call = { ...way, signal };
        const opened = await sendHttp({
          ...call,
          method: "GET",
          url: `${base}/initSession`,
          headers: { ...client, authorization: `user_token ${user}` },
        });
        const session = Session.safeParse(bodyOf(opened)).data?.session_token;
        if (session === undefined) return early(opened, "GLPI n'a pas ouvert de session");
        const headers = { ...client, "session-token": session };
        try {
          return await makeTicket(message, config, { ...call, base, headers });
        } finally {
          await sendHttp({ ...call, method: "GET", url: `${base}/killSession`, headers });
        }
      },
    };
  },
} satisfies Notifier<GlpiConfig>;

async function makeTicket(
  message: Message,
  config: GlpiConfig,
  at: HttpWay & { base: string; headers: Record<string, string>; signal: AbortSignal },
): Promise<Attempt> {
  const { base, ...call } = at;
  const mark = ticketMark(message);
  const query = new URLSearchParams({
    "criteria[0][field]": TITLE,
    "criteria[0][searchtype]": "contains",
    "criteria[0][value]": mark,
    range: "0-0",
  });
  const looked = await sendHttp({ ...call, method: "GET", url: `${base}/search/Ticket?${query}` });
  const found = Found.safeParse(bodyOf(looked)).data;
  if (found === undefined) return early(looked, "la réponse de GLPI à la recherche du ticket est illisible");
  if (found.totalcount > 0) return { outcome: "delivered", because: "ticket déjà ouvert" };
  const answer = await sendHttp({
    ...call,
    method: "POST",
    url: `${base}/Ticket`,
    body: JSON.stringify({
      input: {
        name: `${shorten(oneLine(message.subject), 180)} [${mark}]`,
        // GLPI shows the content as HTML.
        content: html(`${shorten(message.text, 3000)}\n\n${message.link}`),
        urgency: isUrgent(message) ? 5 : 3,
        ...(config.entity !== undefined && { entities_id: config.entity }),
      },
    }),
  });
  if (answer.failed !== undefined) return answer.failed;
  const made = outcomeOf(answer.status);
  if (made.outcome !== "delivered") return made;
  const id = Made.safeParse(bodyOf(answer)).data?.id;
  return id === undefined ? made : { ...made, reference: String(id) };
}

/** What became of an attempt that ended before a ticket was asked for: nothing was made. */
function early(answer: HttpAnswer, otherwise: string): Attempt {
  if (answer.failed !== undefined) return unmade(answer.failed);
  const seen = outcomeOf(answer.status);
  return seen.outcome === "delivered" ? { outcome: "refused", because: otherwise } : seen;
}

function bodyOf(answer: HttpAnswer): unknown {
  if (answer.failed !== undefined || answer.status >= 300) return undefined;
  try {
    return JSON.parse(answer.body);
  } catch {
    return undefined;
  }
}

const html = (text: string) =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").split("\n").join("<br>");
