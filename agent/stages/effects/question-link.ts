import type { Contact } from "../../../connectors/contract.ts";
import type { Effect } from "../../core/effect.ts";
import { type LinkExpiry, type LinkSending, linkMessage, linkOf } from "../links/link-effects.ts";
import { touchedBy } from "../roster/touched.ts";
import { absent, type Courier, NO_LONGER, noteOf } from "./courier.ts";

/** Sends a link to who is asked, by one channel; one that depends on what is touched is passed over, and that is said. */
export async function sendLink(courier: Courier, effect: Effect, payload: LinkSending): Promise<void> {
  const { store, pipeline, setup, clock, channels, codes, commit, claim, settle } = courier;
  const { channel } = payload;
  const stored = await store.reads.record(setup.facility.id, "question_link", payload.link);
  const incident = effect.incident === null ? undefined : await pipeline.standing(effect.incident);
  const work = incident === undefined ? undefined : await pipeline.view(incident);
  const depends = setup.notify.find(({ id }) => id === channel)?.depends_on;
  const touched = touchedBy(depends, courier.reach.touched(work));
  if (touched !== undefined) {
    const because = `non utilisé : ${touched}`;
    const { key, fence } = effect;
    const content = { channel, because, event: payload.event, link: payload.link };
    await commit([
      { write: "note", what: "channel_skipped", incident: effect.incident, content },
      { write: "settle", key, fence, state: "cancelled", because },
    ]);
    return courier.events?.settled?.(effect, "cancelled", because);
  }
  if (!(await claim(effect))) return;
  const open = channels.get(channel);
  if (open === undefined) return settle(effect, "failed", absent(channel));
  const link = stored?.content;
  const now = clock.now();
  if (link === undefined || codes === undefined || link.state !== "open" || now >= link.expires)
    return settle(effect, "done", NO_LONGER);
  const code = codes.codeOf(link);
  const message = linkMessage(link, {
    key: effect.key,
    setup,
    now,
    link: courier.page(`question/${code}`),
  });
  const { name, email, phone } = link.to;
  const to: Contact = { name, email, phone };
  const attempt = await courier.send(open, message, to);
  // What a receiver answers is kept, and may repeat what it was given.
  const because = attempt.because.replaceAll(code, "…");
  const { state, due } = courier.after(effect, attempt, open.repeatable);
  const note = noteOf({ ...message, link: courier.page("question") }, channel, { ...attempt, because });
  await commit([{ ...note, incident: effect.incident } as typeof note]);
  await settle(effect, state, because, due);
}

/** The time of a link is over: nobody can answer by it any more, and the record says so. */
export async function expireLink(courier: Courier, effect: Effect, { link: id }: LinkExpiry): Promise<void> {
  const { store, setup, commit, settle } = courier;
  const stored = await store.reads.record(setup.facility.id, "question_link", id);
  if (stored?.content.state === "open") {
    const expired = linkOf({ ...stored.content, state: "expired" }, stored.revision + 1);
    // Answered or revoked in this very instant: that stands.
    await commit([expired]);
  }
  await settle(effect, "done", "délai écoulé");
}
