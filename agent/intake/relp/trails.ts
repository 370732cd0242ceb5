import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Write } from "../../store/store.ts";
import type { Mark, Past } from "./repeats.ts";

/** Frames back from the last stored message in which messages are remembered: the largest window that is covered. */
const REMEMBERED = 2048;
/** Senders remembered of one listener beside those that are connected. */
const TRAILS = 256;

/** What was last stored of one sender, and the session that goes on with it. */
export interface Trail extends Past {
  readonly slot: number;
  readonly peer: string;
  marks: readonly Mark[];
  owner: Owner | undefined;
}

/** A session as the others see it: what it may still store is not theirs to judge. */
export interface Owner {
  readonly peer: string;
  /** It has had something to store. */
  relevant: boolean;
  /** Its connection is gone; it stays until what it handed to the store is decided. */
  lost: boolean;
  /** Told that another session of its address has left. */
  readonly wake: () => void;
}

/** Remembers, across restarts, what was last stored of each sender, in as many bookmarks as there are senders. */
export interface Trails {
  /** A session begins. */
  join(peer: string, wake: () => void): Owner;
  /** Sessions of the same address that began before and have had something to store. */
  before(owner: Owner): Owner[];
  /** A session is over and has nothing on its way to the store: its trail is free. */
  leave(owner: Owner): void;
  /** Trails of an address that no session owns. */
  free(peer: string): Trail[];
  /** A trail for a session that goes on with none; the one used longest ago gives way when there are many. */
  begin(owner: Owner): Trail;
  /** What to write in the unit that stores these messages, and what to call once it is durable. */
  extend(trail: Trail, marks: readonly Mark[]): { write: Write; stored: () => void };
  /** Forgets a trail whose sender has nothing left to repeat; returns what to write. */
  forget(trail: Trail): Write;
}

const Content = z.strictObject({
  peer: z.string(),
  /** When it was last extended. */
  used: z.int(),
  /** The number of the first, then of each other how much higher it is than the one before. */
  steps: z.array(z.int()),
  /** One after the other, `DIGEST` characters each. */
  digests: z.string(),
});

/** Characters of a digest. */
export const DIGEST = 12;

/** Reads what a listener remembers; `name` is that of its bookmarks, to which the number of each is added. */
export async function openTrails(parts: {
  name: string;
  bookmark: (name: string) => Promise<string | undefined>;
  clock: Clock;
}): Promise<Trails> {
  const { name, clock } = parts;
  /** By slot; none where a trail was forgotten. */
  const trails: ((Trail & { used: number }) | undefined)[] = [];
  /** By address, in the order in which they began. */
  const owners = new Map<string, Set<Owner>>();
  const bookmarkOf = (slot: number) => `${name}:${slot}`;

  for (let slot = 0; ; slot++) {
    const content = await parts.bookmark(bookmarkOf(slot));
    // One that was begun may not have been stored, while the next was.
    if (content === undefined && slot >= TRAILS) break;
    trails.push(trailIn(slot, content ?? ""));
  }

  function freeSlot(): number {
    const free = trails.indexOf(undefined);
    if (free >= 0) return free;
    let oldest: (typeof trails)[number];
    for (const trail of trails)
      if (trail !== undefined && trail.owner === undefined && trail.used < (oldest?.used ?? Infinity))
        oldest = trail;
    return oldest?.slot ?? trails.length;
  }

  return {
    join(peer, wake) {
      const owner = { peer, relevant: false, lost: false, wake };
      const group = owners.get(peer) ?? new Set();
      owners.set(peer, group.add(owner));
      return owner;
    },
    before(owner) {
      const group = [...(owners.get(owner.peer) ?? [])];
      return group.slice(0, group.indexOf(owner)).filter(({ relevant }) => relevant);
    },
    leave(owner) {
      const group = owners.get(owner.peer);
      if (group?.delete(owner) !== true) return;
      if (group.size === 0) owners.delete(owner.peer);
      for (const trail of trails) if (trail?.owner === owner) trail.owner = undefined;
      for (const { wake } of [...group]) wake();
    },
    free: (peer) =>
      trails.filter(
        (trail) => trail !== undefined && trail.peer === peer && trail.owner === undefined,
      ) as Trail[],
    begin(owner) {
      const slot = freeSlot();
      const trail = { slot, peer: owner.peer, marks: [], owner, used: clock.now() };
      trails[slot] = trail;
      return trail;
    },
    extend(trail, more) {
      const after = (more.at(-1)?.number ?? 0) - REMEMBERED;
      const marks = [...trail.marks, ...more].filter(({ number }) => number > after);
      const used = clock.now();
      const content = {
        peer: trail.peer,
        used,
        steps: marks.map(({ number }, i) => number - (marks[i - 1]?.number ?? 0)),
        digests: marks.map(({ digest }) => digest).join(""),
      } satisfies z.infer<typeof Content>;
      return {
        write: { write: "bookmark", name: bookmarkOf(trail.slot), content: JSON.stringify(content) },
        stored: () => Object.assign(trail, { marks, used }),
      };
    },
    forget(trail) {
      if (trails[trail.slot] === trail) trails[trail.slot] = undefined;
      return { write: "bookmark", name: bookmarkOf(trail.slot), content: "" };
    },
  };
}

/** The trail that a bookmark holds; undefined when it holds none. */
function trailIn(slot: number, content: string): (Trail & { used: number }) | undefined {
  const read = Content.safeParse(content === "" ? undefined : JSON.parse(content));
  if (!read.success) return undefined;
  const { peer, used, steps, digests } = read.data;
  let number = 0;
  const marks = steps.map((step, i) => {
    number += step;
    return { number, digest: digests.slice(i * DIGEST, (i + 1) * DIGEST) };
  });
  return { slot, peer, marks, owner: undefined, used };
}
