import type { Attempt } from "../../../connectors/contract.ts";
import type { Effect } from "../../core/effect.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Write } from "../../store/store.ts";
import {
  asHeard,
  type CallPayload,
  escalate,
  isPersonal,
  nextChannel,
  type PersonalPayload,
} from "../escalate.ts";
import { isTogether, messageOf, messageOfSeveral, type NotifyPayload, planNag } from "../notify.ts";
import { hasContact } from "../roster/people-to-call.ts";
import { absent, type Courier, NO_LONGER, noteOf } from "./courier.ts";

/** Carries out what tells people of an incident. */
export interface Teller {
  /** Tells one channel, or one person by it. */
  tell(effect: Effect): Promise<void>;
  /** Tells of several incidents in one message; each keeps its own row, and what became of it. */
  tellSeveral(channel: string, effects: readonly Effect[]): Promise<void>;
  /** One turn of a call; done twice, it plans nothing twice. */
  callOn(effect: Effect, payload: CallPayload): Promise<void>;
}

export function openTeller(courier: Courier): Teller {
  const { store, pipeline, setup, clock, channels, reach, commit, claim, settle, after } = courier;
  const facility = setup.facility.id;
  const pageOf = (incident: string) => courier.page(`incidents/${incident}`);

  /** The message of a planned call, and of which incident; undefined when it is no longer true. */
  async function messageFor(effect: Effect) {
    const { event } = effect.payload as NotifyPayload;
    // What was planned for an incident that went into another is told of the one that stands.
    const incident = effect.incident === null ? null : await pipeline.standing(effect.incident);
    const work = incident === null ? undefined : await pipeline.view(incident);
    const message = work && messageOf(effect.key, event, work, setup, pageOf);
    return message && { effect, message, work, reference: work.incident.reference };
  }

  /** Another channel is sound: this one is left out, and the record says so. */
  async function skip(effect: Effect, because: string): Promise<void> {
    const { channel, event } = effect.payload as NotifyPayload;
    const { key, fence, incident } = effect;
    const skipped = await commit([
      { write: "note", what: "channel_skipped", incident, content: { channel, because, event } },
      { write: "settle", key, fence, state: "cancelled", because },
    ]);
    if (!skipped) return;
    courier.events?.settled?.(effect, "cancelled", because);
    return nagOn(effect);
  }

  /** One reminder that nobody received is not the last: the next one is planned all the same. */
  async function nagOn(effect: Effect): Promise<void> {
    if (effect.kind !== "reminder" || effect.incident === null) return;
    const turn = Number(effect.key.split(":").at(-1)) + 1;
    await pipeline.act(
      effect.incident,
      (each, now) => planNag(each, setup, now, turn),
      (planned) => planned,
      false,
    );
  }

  /** Plans the same for each director who has the contact of this channel. */
  async function eachDirector(effect: Effect, payload: NotifyPayload): Promise<void> {
    if (!(await claim(effect))) return;
    const reaches = setup.notify.find(({ id }) => id === payload.channel)?.reaches;
    const reached = (await reach.accounts()).filter(
      (account) => account.active && account.role === "director" && hasContact(account, reaches),
    );
    const writes = reached.map(({ id }): Write => {
      const { kind, incident, due } = effect;
      const key = effect.key.replace(":directors:", `:directors:to:${id}:`);
      return { write: "plan", effect: { key, kind, incident, due, payload: { ...payload, to: id } } };
    });
    if (writes.length > 0) await commit(writes);
    await settle(
      effect,
      "done",
      reached.length === 0 ? "aucun directeur joignable par ce canal" : "directeurs appelés",
    );
    await nagOn(effect);
  }

  /** By which other channel a person was reached since this one failed; undefined while none did. */
  async function otherReached(effect: Effect, payload: PersonalPayload, incident: string) {
    if (effect.attempt === 0) return undefined;
    const effects = await store.reads.effectsOf(facility, incident);
    const done = effects.find(
      (each) =>
        each.state === "done" &&
        isPersonal(each.payload) &&
        each.payload.turn === payload.turn &&
        each.payload.to === payload.to,
    );
    return done && `joint par ${(done.payload as PersonalPayload).channel}`;
  }

  return {
    async tell(effect) {
      const payload = effect.payload as NotifyPayload & { to?: string };
      const { channel, event, to } = payload;
      const personal = isPersonal(payload) ? payload : undefined;
      const { message: told, work } = (await messageFor(effect)) ?? {};
      if (payload.directors && to === undefined && told !== undefined) return eachDirector(effect, payload);
      const anyRole = payload.directors === true;
      const about = { event, to, work, always: personal !== undefined, anyRole };
      const way = told === undefined ? undefined : await reach.wayOf(channel, about);
      if (way?.way === "skipped") return skip(effect, way.because);
      if (!(await claim(effect))) return;
      const open = channels.get(channel);
      if (open === undefined) return settle(effect, "failed", absent(channel));
      if (told === undefined || way === undefined) return settle(effect, "done", NO_LONGER);
      if (personal !== undefined && work !== undefined) {
        const reached = await otherReached(effect, personal, work.incident.id);
        if (reached !== undefined) return settle(effect, "done", reached);
      }
      const message = personal === undefined ? told : asHeard(told, personal, setup);
      const attempt: Attempt =
        way.way === "nobody"
          ? { outcome: "refused", because: way.because }
          : await courier.send(open, message, way.to);
      const despite = personal?.despite ?? (way.way === "open" ? way.despite : undefined);
      const because = [attempt.because, despite].filter(Boolean).join(" – ");
      const { state, due } = after(effect, attempt, open.repeatable);
      const other =
        attempt.outcome === "delivered" || personal === undefined || work === undefined
          ? undefined
          : nextChannel(effect, personal, { setup, incident: work.incident.id, now: clock.now() });
      const note = noteOf(message, channel, { ...attempt, because });
      await commit([note, ...(other === undefined ? [] : [{ write: "plan", effect: other } as const])]);
      await settle(effect, state, because, due);
      if (state === "done" || state === "failed") await nagOn(effect);
    },

    async tellSeveral(channel, effects) {
      if (!(await claim(...effects))) return;
      const open = channels.get(channel);
      if (open === undefined) return settle(effects, "failed", absent(channel));
      const told = [];
      for (const effect of effects) told.push((await messageFor(effect)) ?? []);
      const standing = told.flat();
      const stand = new Set(standing.map(({ effect }) => effect));
      const gone = effects.filter((effect) => !stand.has(effect));
      await settle(gone, "done", NO_LONGER);
      const [only] = standing;
      if (only === undefined) return;
      const key = `notify:${facility}:${channel}:several:${sha256Hex([...stand].map((each) => each.key).join("\n"))}`;
      const link = courier.page("incidents?etat=in_review");
      const message =
        standing.length === 1
          ? only.message
          : messageOfSeveral(standing, { key, setup, link, late: !isTogether(only.effect) });
      const attempt = await courier.sendBy(channel, open, message);
      const { state, due } = after(only.effect, attempt, open.repeatable);
      const { text: _, ...brief } = message;
      await commit([
        noteOf(message, channel, attempt),
        ...(standing.length === 1 ? [] : standing).map(({ message: { incident } }): Write => {
          return { write: "note", what: "told", incident, content: { channel, message: brief, attempt } };
        }),
      ]);
      await settle([...stand], state, attempt.because, due);
      if (state === "done" || state === "failed") await Promise.all([...stand].map(nagOn));
    },

    async callOn(effect, { call }) {
      if (effect.incident === null) return settle(effect, "done", NO_LONGER);
      const incident = await pipeline.standing(effect.incident);
      const known = await pipeline.view(incident);
      // The key of the first turn tells whether a later call made it needless.
      const needed = call.turn > 0 || (known && messageOf(effect.key, call.event, known, setup, pageOf));
      if (known === undefined || !needed) return settle(effect, "done", NO_LONGER);
      const [accounts, touched] = [await reach.accounts(), reach.touched(known)];
      const because = await pipeline.act(incident, (work, now) =>
        escalate(work, setup, { call, accounts, touched, now }),
      );
      await settle(effect, "done", because ?? NO_LONGER);
    },
  };
}
