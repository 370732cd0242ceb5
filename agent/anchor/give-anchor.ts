import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
import type { Anchors } from "../../config/anchors.ts";
import { callOut } from "../../connectors/shared/egress/call-out.ts";
import { ANYWHERE } from "../../connectors/shared/egress/policy.ts";
import { composeMail, messageIdOf } from "../../connectors/shared/mail/compose-mail.ts";
import { sendMail } from "../../connectors/shared/mail/send-mail.ts";
import { type Instant, isoFromInstant } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Checkpoint } from "../core/journal.ts";
import { type Anchor, anchoredBytes } from "./anchors-file.ts";
import { requestTimestamp } from "./request-timestamp.ts";

/** The ways in which a third party is given one. */
export const ANCHOR_WAYS = ["webhook", "mail", "timestamp"] as const;
export type AnchorWay = (typeof ANCHOR_WAYS)[number];

/** Whom a checkpoint was not given to, and why. */
export interface NotGiven {
  to: AnchorWay;
  because: string;
}

const LIMITS = { connectSeconds: 10, answerSeconds: 30, answerBytes: 64 * 1024 };

/** Gives one signed head to third parties of the configuration; it says nothing of any incident. */
export async function giveAnchor(
  checkpoint: Checkpoint,
  parts: {
    anchors: Anchors;
    /** To whom, of those in it. */
    to: readonly AnchorWay[];
    /** By the setting's place: `webhook.secret`, `mail.password`. */
    reveal: (setting: string) => string;
    now: Instant;
    signal: AbortSignal;
  },
): Promise<{ anchor: Anchor; failed: NotGiven[] }> {
  const { anchors, reveal, now, signal } = parts;
  const given: string[] = [];
  const failed: NotGiven[] = [];
  const bytes = anchoredBytes(checkpoint);
  const key = `checkpoint-${checkpoint.facility}-${checkpoint.seq}`;
  const told = (to: AnchorWay, because: string | undefined) =>
    because === undefined ? given.push(to) : failed.push({ to, because });
  let token: string | undefined;

  async function byWebhook({ url, secret: _ }: NonNullable<Anchors["webhook"]>): Promise<string | undefined> {
    const at = new Date(now / 1000);
    const body = JSON.stringify({ type: "tocsin.checkpoint", timestamp: at.toISOString(), data: checkpoint });
    const headers = {
      "content-type": "application/json",
      "webhook-id": key,
      "webhook-timestamp": String(Math.floor(now / 1_000_000)),
      "webhook-signature": new Webhook(reveal("webhook.secret")).sign(key, at, body),
    };
    const call = { method: "POST", url, headers, body: Buffer.from(body), limits: LIMITS, signal } as const;
    const answer = await callOut(call, ANYWHERE);
    if (answer.failed !== undefined) return answer.failed.because;
    return answer.status >= 200 && answer.status < 300 ? undefined : `HTTP ${answer.status}`;
  }

  async function byMail({ from, to, ...relay }: NonNullable<Anchors["mail"]>): Promise<string | undefined> {
    const { facility, seq } = checkpoint;
    const raw = await composeMail({
      from: { name: "Tocsin", address: from },
      to: to.map((address) => ({ name: "", address })),
      subject: `Point de contrôle du journal ${facility}, n° ${seq}`,
      messageId: messageIdOf(key, from),
      date: new Date(now / 1000),
      text: `Gardez ce message : il prouve, avec la clé publique de l'établissement, que le journal ${facility} finissait ainsi le ${isoFromInstant(checkpoint.at)}. Il ne dit rien de ce que le journal contient. La ligne jointe se vérifie par : tocsin anchors.`,
      attachments: [
        {
          name: `${key}.jsonl`,
          type: "application/x-ndjson",
          bytes: Buffer.concat([bytes, Buffer.from("\n")]),
        },
      ],
      headers: { "Auto-Submitted": "auto-generated" },
    });
    const login =
      relay.username === undefined
        ? undefined
        : { username: relay.username, password: reveal("mail.password") };
    const posted = await sendMail({ ...relay, login }, { from, to, raw, signal });
    return posted.outcome === "delivered" ? undefined : posted.because;
  }

  async function byTimestamp({
    url,
    authority,
  }: NonNullable<Anchors["timestamp"]>): Promise<string | undefined> {
    const pem = readFileSync(authority, "utf8");
    const stamped = await requestTimestamp(bytes, { url, authority: pem, signal });
    if (stamped.outcome !== "stamped") return stamped.because;
    token = stamped.token.toString("base64");
    return undefined;
  }

  const { webhook, mail, timestamp } = anchors;
  const ways: Record<AnchorWay, (() => Promise<string | undefined>) | undefined> = {
    webhook: webhook && (() => byWebhook(webhook)),
    mail: mail && (() => byMail(mail)),
    timestamp: timestamp && (() => byTimestamp(timestamp)),
  };
  await Promise.all(
    parts.to.map(async (to) => {
      const give = ways[to];
      if (give !== undefined) told(to, await give().catch(messageOf));
    }),
  );
  return { anchor: { checkpoint, given: given.toSorted(), ...(token !== undefined && { token }) }, failed };
}
