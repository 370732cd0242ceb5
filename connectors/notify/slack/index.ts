import type { Message, Notifier } from "../../contract.ts";
import { type ChatConfig, chat } from "../../shared/notify/chat.ts";
import { markOf, oneLine, shorten } from "../../shared/notify/words.ts";

/** A room that takes Slack's incoming webhooks (Slack, Rocket.Chat, Zulip…): no mention, no preview. */
export const slack: Notifier<ChatConfig> = chat({
  name: "slack",
  summary: "Room that takes Slack's incoming webhooks (Slack, Rocket.Chat…)",
  payload: (message: Message) => {
    const subject = shorten(oneLine(message.subject), 150);
    return {
      text: `${escaped(subject)} ${message.link}`,
      blocks: [
        { type: "header", text: { type: "plain_text", text: subject, emoji: false } },
        { type: "section", text: { type: "plain_text", text: shorten(message.text, 2900), emoji: false } },
        { type: "section", text: { type: "mrkdwn", text: `<${message.link}|Ouvrir dans Tocsin>` } },
        {
          type: "context",
          elements: [{ type: "plain_text", text: `réf. ${markOf(message)}`, emoji: false }],
        },
      ],
      unfurl_links: false,
      unfurl_media: false,
    };
  },
});

/** The three signs that make a mention, a link or a command of a text. */
const escaped = (text: string) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
