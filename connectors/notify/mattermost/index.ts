import type { Message, Notifier } from "../../contract.ts";
import { type ChatConfig, chat } from "../../shared/notify/chat.ts";
import { markOf, oneLine, shorten } from "../../shared/notify/words.ts";

/** A Mattermost channel, by its incoming webhook. */
export const mattermost: Notifier<ChatConfig> = chat({
  name: "mattermost",
  summary: "Mattermost channel, by its incoming webhook",
  payload: (message: Message) => {
    const subject = shorten(oneLine(message.subject), 150);
    return {
      username: "Tocsin",
      text: `**${escaped(subject)}**\n\n${message.text.split("\n").map(oneLine).map(escaped).join("\n")}\n\n[Ouvrir dans Tocsin](${message.link}) – réf. ${markOf(message)}`,
    };
  },
});

/** Signs of Markdown, and those that call everyone of a channel. */
const escaped = (text: string) =>
  text.replace(/[\\`*_{}[\]()#+!|<>~@:-]/g, (sign) => (sign === "@" ? "@\u200b" : `\\${sign}`));
