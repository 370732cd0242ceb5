import { z } from "zod";
import type { Attempt, AttemptContext, Message, Notifier } from "../../contract.ts";
import { SecretSource } from "../../contract.ts";
import { httpWay, openHttpWay, outcomeOf, sendHttp, unmade } from "../../shared/notify/send-http.ts";
import { isUrgent, oneLine, shorten, ticketMark } from "../../shared/notify/words.ts";

const ServiceNowConfig = z.strictObject({
  /** Address of the instance, such as https://ch.service-now.com. */
  url: z.url({ protocol: /^https?$/ }),
  username: z.string().min(1),
  password: SecretSource,
  /** (Default: incident.) */
  table: z
    .string()
    .regex(/^[a-z0-9_]{1,80}$/)
    .default("incident"),
  /** Fields of every ticket, such as `assignment_group`. */
  fields: z.record(z.string().regex(/^[a-z0-9_]{1,80}$/), z.string().max(1000)).default({}),
  ...httpWay(15),
});
type ServiceNowConfig = z.infer<typeof ServiceNowConfig>;

/** What the Table API answers with. */
const Rows = z.object({ result: z.array(z.object({ number: z.string().optional() })) });
const Row = z.object({ result: z.object({ number: z.string().optional() }) });

/** A ticket by ServiceNow's Table API; the message's mark is its `correlation_id`, looked for before one is made. */
export const servicenow = {
  name: "servicenow",
  summary: "Ticket in ServiceNow (Table API)",
  config: ServiceNowConfig,
  repeatable: true,
  open(config, reveal) {
    const credentials = Buffer.from(`${config.username}:${reveal("password")}`).toString("base64");
    const way = openHttpWay(config, reveal);
    const table = `${config.url.replace(/\/+$/, "")}/api/now/table/${config.table}`;
    const headers = {
      accept: "application/json",
      "content-type": "application/json",
      authorization: `Basic ${credentials}`,
    };
    return {
      async send(message: Message, { signal }: AttemptContext): Promise<Attempt> {
        const mark = ticketMark(message);
        const call = { ...way, headers, signal };
        const query = new URLSearchParams({
          sysparm_query: `correlation_id=${mark}`,
          sysparm_fields: "number",
          sysparm_limit: "1",
        });
        const looked = await sendHttp({ ...call, method: "GET", url: `${table}?${query}` });
        if (looked.failed !== undefined) return unmade(looked.failed);
        const seen = outcomeOf(looked.status);
        if (seen.outcome !== "delivered") return seen;
        const found = Rows.safeParse(json(looked.body)).data?.result[0];
        if (found !== undefined)
          return { outcome: "delivered", because: "ticket déjà ouvert", reference: found.number };
        const answer = await sendHttp({
          ...call,
          method: "POST",
          url: table,
          body: JSON.stringify({
            urgency: isUrgent(message) ? "1" : "3",
            ...config.fields,
            short_description: shorten(oneLine(message.subject), 160),
            description: `${shorten(message.text, 3000)}\n\n${message.link}`,
            correlation_id: mark,
            correlation_display: "Tocsin",
          }),
        });
        if (answer.failed !== undefined) return answer.failed;
        const made = outcomeOf(answer.status);
        if (made.outcome !== "delivered") return made;
        return { ...made, reference: Row.safeParse(json(answer.body)).data?.result.number };
      },
    };
  },
} satisfies Notifier<ServiceNowConfig>;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
