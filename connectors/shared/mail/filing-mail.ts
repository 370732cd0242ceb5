import { messageOf } from "../../../agent/core/errors.ts";
import type { Attempt, AttemptContext, Filing, Kept, OpenWayOut, Reveal } from "../../contract.ts";
import { oneLine, shorten } from "../notify/words.ts";
import { composeMail, messageIdOf } from "./compose-mail.ts";
import type { FilingMail } from "./filing-mail-settings.ts";
import { readProtection } from "./protection.ts";
import { type OpenRelay, type Posted, probeRelay, sendMail } from "./send-mail.ts";
import { protectMail } from "./smime/protect-mail.ts";

/** What one way out writes to its authority. */
export interface Letter {
  subject: string;
  text: string;
  attachments: readonly Kept[];
  /** What a person must know of it beside its outcome, in French. */
  remark?: string | undefined;
}

/** What makes a way out by mail: whom it writes to, and what. */
export interface FilingLetters {
  /** The receiver with its article, as in « réception par l'ARS ». */
  receiver: string;
  /** Why a filing is not for this way; undefined when it is. */
  refuses(filing: Filing): string | undefined;
  /** Writes the letter; throws when a part of it cannot be made. */
  write(filing: Filing): Promise<Letter>;
}

/** Longest subject, characters. */
const SUBJECT = 150;

/** Opens a way out that hands an approved text to an authority by mail; what a relay accepts is not yet received. */
export function openFilingMail(config: FilingMail, reveal: Reveal, letters: FilingLetters): OpenWayOut {
  const relay = relayOf(config, reveal);
  return {
    async send(filing, context): Promise<Attempt> {
      if (filing.exercise)
        return { outcome: "refused", because: "EXERCICE : rien n'est envoyé à une autorité." };
      const refusal = letters.refuses(filing);
      if (refusal !== undefined) return { outcome: "refused", because: refusal };
      const made = await make(filing, { config, reveal, letters, context });
      if ("outcome" in made) return made;
      const { raw, remark } = made;
      const { from, bounces_to = from, to } = config;
      const posting = { from: bounces_to, to, raw, report: true, signal: context.signal };
      const posted = await sendMail(relay, posting);
      const sent: Kept = { name: `${nameOf(filing)}.eml`, type: "message/rfc822", bytes: raw };
      const because = [sayPosted(posted, letters.receiver), remark].filter(Boolean).join(" ");
      return { outcome: posted.outcome, because, ...(posted.left && { sent }) };
    },
    async probe({ now, signal }) {
      const read = await readProtection(config, reveal, new Date(now / 1000));
      if (read.because !== undefined) return { reachable: false, because: read.because };
      const { reachable, because } = await probeRelay(relay, signal);
      return { reachable, because: [because, read.soon].filter(Boolean).join(" ") };
    },
  };
}

/** What a letter's files and its copy are called: ASCII, whatever the reference holds. */
export function nameOf({ reference, declaration }: Filing): string {
  const plain = reference.replace(/[^A-Za-z0-9-]+/g, "-").slice(0, 40);
  return `declaration-${plain}-v${declaration.version}`;
}

function relayOf(config: FilingMail, reveal: Reveal): OpenRelay {
  const { host, port, security, authority, timeout_seconds, username, client } = config;
  return {
    host,
    port,
    security,
    authority,
    timeout_seconds,
    login: username === undefined ? undefined : { username, password: reveal("password") },
    client: client && { certificate: reveal("client.certificate"), key: reveal("client.key") },
  };
}

/** The whole message, made once: these bytes leave and are kept. */
async function make(
  filing: Filing,
  {
    config,
    reveal,
    letters,
    context,
  }: { config: FilingMail; reveal: Reveal; letters: FilingLetters; context: AttemptContext },
): Promise<{ raw: Buffer; remark: string | undefined } | Attempt> {
  const now = new Date(context.now / 1000);
  const read = await readProtection(config, reveal, now);
  if (read.because !== undefined) return { outcome: "refused", because: `${read.because} Rien n'est parti.` };
  try {
    const { subject, text, attachments, remark } = await letters.write(filing);
    const raw = await composeMail({
      from: { name: shorten(oneLine(filing.facility.name), SUBJECT), address: config.from },
      to: config.to.map((address) => ({ name: "", address })),
      replyTo: config.reply_to,
      subject: shorten(oneLine(subject), SUBJECT),
      messageId: messageIdOf(filing.key, config.from),
      date: now,
      text,
      attachments,
      // A line that a relay changes on its way (« From », a lone dot, a last space) breaks the signature.
      textEncoding: config.sign === undefined ? "quoted-printable" : "base64",
    });
    return { raw: await protectMail(raw, read.protection), remark };
  } catch (error) {
    const because = `Le message n'a pas pu être préparé (${oneLine(messageOf(error)).slice(0, 200)}). Rien n'est parti.`;
    return { outcome: "unreachable", because };
  }
}

function sayPosted({ outcome, because, refused }: Posted, receiver: string): string {
  const others = refused.length === 0 ? "" : ` Refusé pour ${refused.join(", ")}.`;
  switch (outcome) {
    case "delivered":
      return `« ${because} » : accepté par le serveur de messagerie, réception par ${receiver} non prouvée.${others}`;
    case "refused":
      return `Refusé par le serveur de messagerie : « ${because} ».`;
    case "unreachable":
      return `Pas pris par le serveur de messagerie : ${because}.`;
    case "uncertain":
      return `Message remis en entier, puis plus de réponse du serveur de messagerie (${because}) : il a pu partir.`;
  }
}
