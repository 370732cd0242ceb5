import { z } from "zod";
import type { Attempt, AttemptContext, Message, Notifier } from "../../contract.ts";
import { composeMail, messageIdOf } from "../../shared/mail/compose-mail.ts";
import { checkRelay, MailAddress, RELAY } from "../../shared/mail/relay.ts";
import { type Posted, sendMail } from "../../shared/mail/send-mail.ts";
import { isUrgent, mailAddress, oneLine, shorten } from "../../shared/notify/words.ts";
import { mailHtml } from "./mail-html.ts";

const EmailConfig = z
  .strictObject({
    ...RELAY,
    from: MailAddress,
    /** Fixed addressees; without them the person on call is written to. */
    to: z.array(MailAddress).min(1).max(50).optional(),
  })
  .superRefine(checkRelay);
type EmailConfig = z.infer<typeof EmailConfig>;

/** Longest subject, characters. */
const SUBJECT = 150;

/** A mail by the facility's own relay: what happened in a sentence and the page's link, no evidence and no tracking. */
export const email = {
  name: "email",
  summary: "E-mail by the facility's own SMTP relay",
  config: EmailConfig,
  // The Message-ID is made of the key: a repeat has the same.
  repeatable: true,
  reaches: "email",
  open(config, reveal) {
    const login =
      config.username === undefined ? undefined : { username: config.username, password: reveal("password") };
    return {
      async send(message: Message, { now, signal, to }: AttemptContext): Promise<Attempt> {
        const addresses = config.to ?? [mailAddress(to?.email ?? "")].flatMap((each) => each ?? []);
        if (addresses.length === 0)
          return {
            outcome: "refused",
            because: `${to?.name ?? "personne"} : aucune adresse électronique valable`,
          };
        const subject = shorten(oneLine(message.subject), SUBJECT);
        const text = plain(message.text);
        const raw = await composeMail({
          from: { name: "Tocsin", address: config.from },
          to: addresses.map((address) => ({
            name: config.to === undefined ? oneLine(to?.name ?? "") : "",
            address,
          })),
          subject,
          messageId: messageIdOf(message.key, config.from),
          date: new Date(now / 1000),
          text: `${subject}\n\n${text}\n\n${message.link}\n\n${FOOT}\n`,
          html: mailHtml({ ...message, subject, text, foot: FOOT }),
          headers: {
            // RFC 3834: no holiday answer is wanted, and no loop.
            "Auto-Submitted": "auto-generated",
            ...(isUrgent(message) && { Importance: "high" }),
          },
        });
        const posted = await sendMail(
          { ...config, login },
          { from: config.from, to: addresses, raw, signal },
        );
        const { outcome, refused } = posted;
        const others = refused.length === 0 ? "" : `, refusé pour ${refused.join(", ")}`;
        return { outcome, because: `${sayPosted(posted)}${others}` };
      },
    };
  },
} satisfies Notifier<EmailConfig>;

function sayPosted({ outcome, because }: Posted): string {
  switch (outcome) {
    case "delivered":
      return `pris par le serveur de messagerie (${because})`;
    case "refused":
      return `refusé par le serveur de messagerie (${because})`;
    case "unreachable":
      return `pas pris par le serveur de messagerie : ${because}`;
    case "uncertain":
      return `remis en entier, puis plus de réponse du serveur de messagerie : ${because}`;
  }
}

const FOOT =
  "Message de Tocsin. Le lien ouvre une page : il ne connecte personne et ne décide de rien. Ne répondez pas ici.";

/** Lines stand, everything else that is not seen does not. */
const plain = (text: string) => text.split("\n").map(oneLine).join("\n");
