import { z } from "zod";
import type { Attempt, Message, Notifier, Reveal } from "../../contract.ts";
import { SecretSource } from "../../contract.ts";
import { httpWay, openHttpWay, outcomeOf, sendHttp } from "./send-http.ts";
import { isWebAddress } from "./web-address.ts";

/** Settings of a room that takes messages at an address of its own: who knows the address may write, so it is secret. */
export const ChatConfig = z.strictObject({
  url: SecretSource,
  ...httpWay(10),
});
export type ChatConfig = z.infer<typeof ChatConfig>;

/** A room that is told by a POST to its incoming webhook. */
export function chat(parts: {
  name: string;
  summary: string;
  payload(message: Message): unknown;
  /** What of the answer's text says that it was not taken, although the status says so. */
  refuses?(body: string): boolean;
}): Notifier<ChatConfig> {
  return {
    name: parts.name,
    summary: parts.summary,
    config: ChatConfig,
    repeatable: false,
    open(config, reveal: Reveal) {
      const url = reveal("url");
      const way = openHttpWay(config, reveal);
      return {
        async send(message, { signal }): Promise<Attempt> {
          if (!isWebAddress(url))
            return { outcome: "refused", because: "l'adresse du salon n'est pas une adresse http(s)" };
          const answer = await sendHttp({
            method: "POST",
            url,
            headers: { "content-type": "application/json" },
            body: JSON.stringify(parts.payload(message)),
            ...way,
            signal,
          });
          if (answer.failed !== undefined) return answer.failed;
          const outcome = outcomeOf(answer.status);
          if (outcome.outcome !== "delivered" || parts.refuses?.(answer.body) !== true) return outcome;
          return { outcome: "refused", because: `${outcome.because}, mais le salon ne l'a pas pris` };
        },
      };
    },
  };
}
