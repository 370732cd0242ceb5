import { createHash } from "node:crypto";
import { z } from "zod";
import type { Attempt, AttemptContext, Message, Notifier } from "../../contract.ts";
import { SecretSource } from "../../contract.ts";
import { httpWay, openHttpWay, outcomeOf, sendHttp } from "../../shared/notify/send-http.ts";
import { isUrgent, oneLine, shorten } from "../../shared/notify/words.ts";

const NtfyConfig = z.strictObject({
  /** Address of the server, without the topic. */
  url: z.url({ protocol: /^https?$/ }),
  topic: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, _ or -"),
  token: SecretSource.optional(),
  ...httpWay(10),
});
type NtfyConfig = z.infer<typeof NtfyConfig>;

/** A push by an ntfy server; a repeat takes the place of the first where the server knows sequences (2.16). */
export const ntfy = {
  name: "ntfy",
  summary: "Push by an ntfy server, the facility's own for preference",
  config: NtfyConfig,
  repeatable: true,
  open(config, reveal) {
    const way = openHttpWay(config, reveal);
    const token = config.token === undefined ? undefined : reveal("token");
    return {
      async send(message: Message, { signal }: AttemptContext): Promise<Attempt> {
        const answer = await sendHttp({
          method: "POST",
          url: config.url,
          headers: {
            "content-type": "application/json",
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          },
          body: JSON.stringify({
            topic: config.topic,
            sequence_id: createHash("sha256").update(message.key).digest("hex").slice(0, 32),
            title: shorten(oneLine(message.subject), 150),
            // A message over 4,096 bytes would become a file.
            message: shorten(message.text, 1000),
            priority: isUrgent(message) ? 5 : 3,
            click: message.link,
            actions: [{ action: "view", label: "Ouvrir dans Tocsin", url: message.link }],
          }),
          ...way,
          signal,
        });
        return answer.failed ?? outcomeOf(answer.status);
      },
    };
  },
} satisfies Notifier<NtfyConfig>;
