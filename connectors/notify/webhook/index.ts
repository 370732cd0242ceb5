import type { AxiosError } from "axios";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import type { Attempt, AttemptContext, Message, Notifier } from "../../contract.ts";
import { SecretSource } from "../../contract.ts";

const WebhookConfig = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Standard Webhooks secret, `whsec_` and base64. */
  secret: SecretSource,
  /** (Default: 10.) */
  timeout_seconds: z.number().min(1).max(60).default(10),
});
type WebhookConfig = z.infer<typeof WebhookConfig>;

/** Errors after which nothing can have been received. */
const NEVER_ARRIVED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_INVALID_URL",
]);

/** A signed webhook (Standard Webhooks): the message key is its `webhook-id`, by which receivers know a repeat. */
export const webhook = {
  name: "webhook",
  summary: "Signed HTTP POST (Standard Webhooks) to the delegate's or the on-call tool",
  config: WebhookConfig,
  repeatable: true,
  open(config, reveal) {
    const signer = new Webhook(reveal("secret"));
    return {
      async send(message: Message, { now, signal }: AttemptContext): Promise<Attempt> {
        // Loaded when first needed: the threads that only read the registry do without it.
        const { default: axios } = await import("axios");
        const body = JSON.stringify({
          type: `tocsin.${message.event}`,
          timestamp: new Date(now / 1000).toISOString(),
          data: message,
        });
        const timestamp = new Date(now / 1000);
        try {
          const response = await axios.post(config.url, body, {
            headers: {
              "content-type": "application/json",
              "user-agent": "tocsin",
              "webhook-id": message.key,
              "webhook-timestamp": String(Math.floor(now / 1_000_000)),
              "webhook-signature": signer.sign(message.key, timestamp, body),
            },
            timeout: config.timeout_seconds * 1000,
            signal,
            // A redirect would carry the message to a place nobody configured.
            maxRedirects: 0,
            maxContentLength: 64 * 1024,
            proxy: false,
            responseType: "text",
            validateStatus: () => true,
          });
          return outcomeOf(response.status);
        } catch (error) {
          const { code, message: why } = error as AxiosError;
          if (code !== undefined && NEVER_ARRIVED.has(code)) return { outcome: "unreachable", because: code };
          return { outcome: "uncertain", because: code ?? why };
        }
      },
    };
  },
} satisfies Notifier<WebhookConfig>;

function outcomeOf(status: number): Attempt {
  const because = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { outcome: "delivered", because };
  if (status === 408 || status === 429 || status >= 500) return { outcome: "unreachable", because };
  return { outcome: "refused", because };
}
