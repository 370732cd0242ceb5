import type { NatsConnection, Subscription } from "@nats-io/transport-node";
import { z } from "zod";
import { type Clock, type Instant, MICROSECONDS, systemClock } from "../core/clock.ts";
import { busNames } from "./bus.ts";
import type { BusLink } from "./connect.ts";

/** What is announced is said anew so often, in ms, and at once when somebody asks. */
const ANNOUNCE_MS = 5000;
/** A receiver that has said nothing for so long is not there any more. */
const GONE_AFTER = 20 * MICROSECONDS.second;
const MOST_BYTES = 512 * 1024;
const MOST_RECEIVERS = 1000;

const Name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);
const Hash = z.string().regex(/^[0-9a-f]{1,64}$/);
const At = z.int().min(0);

/** What a receiver has heard: the last record of each source, matched or not. */
export const Heard = z.strictObject({
  receiver: Name,
  at: At,
  sources: z.record(z.string().max(200), At),
});
export type Heard = z.infer<typeof Heard>;

/** The rule sets of a receiver, by hash: the one that matches now, and the one it could use at once. */
export const RuleSets = z.strictObject({ receiver: Name, at: At, active: Hash, ready: Hash.nullable() });
export type RuleSets = z.infer<typeof RuleSets>;

/** The rule set that all receivers shall use; `token` is of the correlator that says so: whoever took over has a higher one. */
export const Receiving = z.strictObject({ at: At, rules: Hash, token: z.int().min(0) });
export type Receiving = z.infer<typeof Receiving>;

/** Says something over and over, while the connection stands; the newest `say` replaces what was said. */
export interface Announcer<T> {
  say(what: T): void;
  stop(): void;
}

/** What a correlator knows of the facility's receivers. */
export interface Presence {
  heard(): Heard[];
  rules(): RuleSets[];
  /** The last record of each source, whoever heard it. */
  lastHeard(): Map<string, Instant>;
  /** Receivers that are there and have not confirmed a rule set yet; with none left, it may become active. */
  unconfirmed(hash: string): string[];
  /** Says which rule set all shall use, from now on. */
  activate(hash: string): void;
  stop(): void;
}

/** Announces what this receiver has heard. */
export const announceHeard = (link: BusLink, facility: string): Announcer<Heard> =>
  announce(link, facility, (heard) => `${busNames(facility).heard}.${heard.receiver}`);

/** Announces the rule sets of this receiver. */
export const announceRules = (link: BusLink, facility: string): Announcer<RuleSets> =>
  announce(link, facility, (sets) => `${busNames(facility).rules}.${sets.receiver}`);

/** Tells which rule set shall be used, whenever it is another; stops by what it returns. */
export function followActive(link: BusLink, facility: string, told: (active: Receiving) => void): () => void {
  let last: Receiving | undefined;
  return follow(link, busNames(facility).active, Receiving, (active) => {
    // Clocks of two correlators may differ by minutes: their order is that of their leases.
    if (last !== undefined && (active.token - last.token || active.at - last.at) < 0) return;
    const same = active.rules === last?.rules;
    last = active;
    if (!same) told(active);
  });
}

/** Follows the receivers of a facility; `changed` is called when one says something new, or is gone. */
export function followReceivers(parts: {
  link: BusLink;
  facility: string;
  /** The fencing token of the lease. */
  token: number;
  changed?: (() => void) | undefined;
  clock?: Clock | undefined;
}): Presence {
  const { link, facility, token, changed = () => {}, clock = systemClock } = parts;
  const names = busNames(facility);
  const heard = new Map<string, { said: Heard; came: Instant }>();
  const rules = new Map<string, { said: RuleSets; came: Instant }>();
  const ask = (nats: NatsConnection) => nats.publish(names.ask);

  function note<T extends Heard | RuleSets>(into: Map<string, { said: T; came: Instant }>, said: T): void {
    const before = into.get(said.receiver)?.said;
    if (before === undefined && into.size >= MOST_RECEIVERS) return;
    if (before !== undefined && before.at > said.at) return;
    into.set(said.receiver, { said, came: clock.now() });
    if (before?.at !== said.at) changed();
  }
  function present<T>(of: Map<string, { said: T; came: Instant }>): T[] {
    for (const [name, { came }] of of) if (clock.now() - came > GONE_AFTER) of.delete(name);
    return [...of.values()].map(({ said }) => said);
  }

  const active = announce<Receiving>(link, facility, () => names.active);
  const stops = [
    follow(link, `${names.heard}.*`, Heard, (said) => note(heard, said), ask),
    follow(link, `${names.rules}.*`, RuleSets, (said) => note(rules, said)),
  ];
  return {
    heard: () => present(heard),
    rules: () => present(rules),
    lastHeard() {
      const last = new Map<string, Instant>();
      for (const { sources } of present(heard))
        for (const [source, at] of Object.entries(sources))
          last.set(source, Math.max(at, last.get(source) ?? 0));
      return last;
    },
    unconfirmed: (hash) =>
      present(rules)
        .filter((sets) => sets.ready !== hash && sets.active !== hash)
        .map(({ receiver }) => receiver)
        .sort(),
    activate: (hash) => active.say({ at: clock.now(), rules: hash, token }),
    stop() {
      active.stop();
      for (const stop of stops) stop();
    },
  };
}

function announce<T>(link: BusLink, facility: string, subject: (what: T) => string): Announcer<T> {
  let said: T | undefined;
  const say = () => {
    if (said === undefined) return;
    const text = JSON.stringify(said);
    if (text.length <= MOST_BYTES) link.nats()?.publish(subject(said), text);
  };
  const timer = setInterval(say, ANNOUNCE_MS);
  timer.unref();
  const unask = onEach(link, busNames(facility).ask, say, say);
  return {
    say(what) {
      said = what;
      say();
    },
    stop() {
      clearInterval(timer);
      unask();
    },
  };
}

function follow<T>(
  link: BusLink,
  subject: string,
  schema: z.ZodType<T>,
  said: (what: T) => void,
  begun: (nats: NatsConnection) => void = () => {},
): () => void {
  return onEach(
    link,
    subject,
    (data) => {
      if (data.length > MOST_BYTES) return;
      const read = schema.safeParse(jsonOf(data));
      if (read.success) said(read.data);
    },
    begun,
  );
}

/** Subscribes over all connections to come: the library keeps it over those it makes anew itself. */
function onEach(
  link: BusLink,
  subject: string,
  heard: (data: Uint8Array) => void,
  begun: (nats: NatsConnection) => void,
): () => void {
  let on: { nats: NatsConnection; subscription: Subscription } | undefined;
  let connected = false;
  const subscribe = () => {
    const nats = link.nats();
    const before = connected;
    connected = nats !== undefined;
    if (nats === undefined || before) return;
    if (on?.nats !== nats || on.subscription.isClosed()) {
      const callback = (error: Error | null, message: { data: Uint8Array }) => {
        if (error === null) heard(message.data);
      };
      on = { nats, subscription: nats.subscribe(subject, { callback }) };
    }
    begun(nats);
  };
  const unwatch = link.watch(subscribe);
  subscribe();
  return () => {
    unwatch();
    if (on !== undefined && !on.nats.isClosed()) on.subscription.unsubscribe();
  };
}

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString());
  } catch {
    return undefined;
  }
}
