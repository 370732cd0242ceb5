import type { Attempt, Contact, Message } from "../../../connectors/contract.ts";
import { type Clock, type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Declaration } from "../../core/declaration.ts";
import type { Delivery } from "../../core/delivery.ts";
import type { Effect, EffectState } from "../../core/effect.ts";
import { messageOf as errorMessage } from "../../core/errors.ts";
import type { Store, Write } from "../../store/store.ts";
import type { LinkCodes } from "../links/link-codes.ts";
import type { OpenChannel } from "../notify.ts";
import type { Pipeline } from "../pipeline.ts";
import { openReach, type Reach } from "../roster/open-reach.ts";
import type { OpenOutbound } from "../transmit.ts";
import type { Setup } from "../work.ts";

const ATTEMPTS = 12;
/** Longest wait before an attempt is made again, µs, before chance draws it out. */
export const LONGEST_WAIT = 15 * MICROSECONDS.minute;

export interface SweepEvents {
  settled?(effect: Effect, state: EffectState, because: string): void;
}

/** What the carrying out of an effect is given. */
export interface CourierParts {
  store: Store;
  pipeline: Pipeline;
  setup: Setup;
  clock: Clock;
  /** Name of this process among those that claim. */
  owner: string;
  channels: ReadonlyMap<string, OpenChannel>;
  outbounds: ReadonlyMap<string, OpenOutbound>;
  /** The printable form (PDF) of an approved text, and of what leaves in place of the portal. */
  print?: ((declaration: Declaration, leaves: Delivery) => Promise<Uint8Array>) | undefined;
  /** Address of a page of the facility, by its path: `incidents/<id>`, `clotures?mois=2026-11`. */
  page: (path: string) => string;
  /** Makes the codes of links again; without it no link is sent. */
  codes?: LinkCodes | undefined;
  random: () => number;
  signal: AbortSignal;
  events?: SweepEvents;
  /** Runs the carrying out of effects of one kind, for who watches it. (Default: only runs it.) */
  around?: ((effects: readonly Effect[], carry: () => Promise<void>) => Promise<void>) | undefined;
}

/** Where an attempt leads: again at `due`, or nowhere any more. */
interface Outcome {
  state: EffectState;
  due?: Instant;
}

/** What every effect is carried out with: intent first, then the call, then the receipt. */
export interface Courier extends CourierParts {
  reach: Reach;
  commit(writes: Write[]): Promise<boolean>;
  /** Takes the effects; false when someone else did. */
  claim(...effects: Effect[]): Promise<boolean>;
  settle(
    effects: Effect | readonly Effect[],
    state: EffectState,
    because: string,
    due?: Instant,
  ): Promise<void>;
  /** Again later while that is safe and there are attempts left. */
  after(effect: Effect, attempt: Attempt, repeatable: boolean): Outcome;
  send(open: OpenChannel, message: Message, to?: Contact): Promise<Attempt>;
  /** Sends by a channel whatever it depends on, to its own target or to who is on call. */
  sendBy(channel: string, open: OpenChannel, message: Message): Promise<Attempt>;
}

export const NO_LONGER = "devenu sans objet";

export const absent = (channel: string) => `canal ${channel} absent de la configuration`;

/** Who was told what is part of the record. */
export function noteOf(message: Message, channel: string, attempt: Attempt): Write {
  return { write: "note", what: "told", incident: message.incident, content: { channel, message, attempt } };
}

export function openCourier(parts: CourierParts): Courier {
  const { store, setup, clock } = parts;
  const facility = setup.facility.id;
  const reach = openReach(parts);

  const commit = async (writes: Write[]) =>
    (await store.commit({ facility, at: clock.now(), writes })).outcome === "committed";

  const send = (open: OpenChannel, message: Message, to?: Contact) =>
    safely(() => open.send(message, { now: clock.now(), signal: parts.signal, to }));

  return {
    ...parts,
    reach,
    commit,
    send,

    claim: (...effects) =>
      commit(effects.map(({ key, fence }) => ({ write: "claim", key, fence, owner: parts.owner }))),

    async settle(effects, state, because, due) {
      const all = [effects].flat();
      const writes = all.map(({ key, fence }): Write => {
        const settled = { write: "settle" as const, key, fence: fence + 1, state, because };
        return due === undefined ? settled : { ...settled, due };
      });
      if (all.length === 0 || !(await commit(writes))) return;
      for (const effect of all) parts.events?.settled?.(effect, state, because);
    },

    after(effect, attempt, repeatable) {
      if (attempt.outcome === "delivered") return { state: "done" };
      if (attempt.outcome === "refused") return { state: "failed" };
      if (attempt.outcome === "uncertain" && !repeatable) return { state: "uncertain" };
      if (effect.attempt + 1 >= ATTEMPTS) return { state: "failed" };
      const wait = Math.min(2 ** effect.attempt * MICROSECONDS.second, LONGEST_WAIT);
      return { state: "planned", due: clock.now() + Math.round(wait * (0.75 + parts.random() / 2)) };
    },

    async sendBy(channel, open, message) {
      const way = await reach.wayOf(channel, { event: message.event, always: true });
      if (way.way !== "open") return { outcome: "refused", because: way.because };
      return send(open, message, way.to);
    },
  };
}

/** A connector that throws leaves nobody knowing whether it sent. */
export async function safely(send: () => Promise<Attempt>): Promise<Attempt> {
  try {
    return await send();
  } catch (error) {
    return { outcome: "uncertain", because: errorMessage(error) };
  }
}
