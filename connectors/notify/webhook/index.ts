import { Webhook } from "standardwebhooks";
import { z } from "zod";
import type { Attempt, AttemptContext, Message, Notifier } from "../../contract.ts";
import { SecretSource } from "../../contract.ts";
import { httpWay, openHttpWay, outcomeOf, sendHttp } from "../../shared/notify/send-http.ts";

const WebhookConfig = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Standard Webhooks secret, `whsec_` and base64. */
  secret: SecretSource,
  ...httpWay(10),
});
type WebhookConfig = z.infer<typeof WebhookConfig>;

/** A signed webhook (Standard Webhooks): the message key is its `webhook-id`, by which receivers know a repeat. */
export const webhook = {
  name: "webhook",
  summary: "Signed HTTP POST (Standard Webhooks) to the delegate's or the on-call tool",
  config: WebhookConfig,
  repeatable: true,
  open(config, reveal) {
    const way = openHttpWay(config, reveal);
    const signer = new Webhook(reveal("secret"));
    return {
      async send(message: Message, { now, signal }: AttemptContext): Promise<Attempt> {
        const timestamp = new Date(now / 1000);
        const body = JSON.stringify({
          type: `tocsin.${message.event}`,
          timestamp: timestamp.toISOString(),
          data: message,
        });
        const answer = await sendHttp({
          method: "POST",
          url: config.url,
          headers: {
            "content-type": "application/json",
            "webhook-id": message.key,
            "webhook-timestamp": String(Math.floor(now / 1_000_000)),
            "webhook-signature": signer.sign(message.key, timestamp, body),
          },
          body,
          ...way,
          signal,
        });
        return answer.failed ?? outcomeOf(answer.status);
      },
    };
  },
} satisfies Notifier<WebhookConfig>;
