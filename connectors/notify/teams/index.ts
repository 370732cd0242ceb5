import type { Message, Notifier } from "../../contract.ts";
import { type ChatConfig, chat } from "../../shared/notify/chat.ts";
import { isUrgent, markOf, oneLine, shorten } from "../../shared/notify/words.ts";

/** A Teams channel, by a workflow "when a webhook request is received", as an Adaptive Card. */
export const teams: Notifier<ChatConfig> = chat({
  name: "teams",
  summary: "Teams channel, by a workflow's webhook (Adaptive Card)",
  payload: (message: Message) => ({
    type: "message",
    summary: shorten(oneLine(message.subject), 150),
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [
            {
              type: "RichTextBlock",
              inlines: [
                {
                  type: "TextRun",
                  text: shorten(oneLine(message.subject), 150),
                  weight: "bolder",
                  size: "large",
                  color: isUrgent(message) ? "attention" : "default",
                },
              ],
            },
            // A text run, unlike a text block, has no Markdown in it.
            { type: "RichTextBlock", inlines: [{ type: "TextRun", text: shorten(message.text, 5000) }] },
            {
              type: "RichTextBlock",
              inlines: [{ type: "TextRun", text: `réf. ${markOf(message)}`, isSubtle: true }],
            },
          ],
          actions: [{ type: "Action.OpenUrl", title: "Ouvrir dans Tocsin", url: message.link }],
        },
      },
    ],
  }),
});
