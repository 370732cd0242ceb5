import type { Instant } from "../core/clock.ts";
import type { Receipt } from "../store/store.ts";
import { breather } from "./breather.ts";
import type { Work } from "./work.ts";

/** Acts that are made durable together. */
const TOGETHER = 50;
const ATTEMPTS = 3;

/** An act on one incident. */
export interface Act<T> {
  incident: string;
  act: (work: Work, now: Instant) => T;
  /** Nothing is kept of those for whose result this is false. */
  keep: (result: T) => boolean;
  /** False for what leads to nothing else: the incident is not evaluated anew. */
  carried: boolean;
}

/** How acts reach the incidents that they change. */
export interface ActParts<K> {
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** The incident as committed, written anew where that waited; undefined when there is none. */
  load(incident: string): Promise<Work | undefined>;
  /** Begins a turn: what then works on a copy of one incident. */
  turn(): Promise<(known: Work, act: Act<unknown>) => { result: unknown; kept?: K }>;
  /** Commits one; those that are handed in together are durable together. */
  commit(kept: K): Promise<Receipt>;
  committed(kept: K): void;
  /** Forgets what was worked on an incident, as it was before, and reads it again when it is next needed. */
  undo(known: Work): void;
}

const becauseOf = (receipt: Receipt) => (receipt.outcome === "conflict" ? receipt.because : "");

interface Asked {
  act: Act<unknown>;
  attempt: number;
  done(result: unknown): void;
  fail(error: unknown): void;
}

/**
 * Builds what takes acts in their order: all that wait when their turn comes are one turn, each a unit of its own, and
 * two on the same incident are of two turns.
 */
export function openActs<K>(parts: ActParts<K>): <T>(act: Act<T>) => Promise<T | undefined> {
  let asked: Asked[] = [];

  function ask(each: Asked): void {
    if (asked.push(each) === 1) void parts.exclusive(take);
  }

  /** The first of each incident, in order; the others stay. */
  function next(): Asked[] {
    const taken = new Map<string, Asked>();
    const left: Asked[] = [];
    for (const each of asked) {
      const { incident } = each.act;
      if (taken.size < TOGETHER && !taken.has(incident)) taken.set(incident, each);
      else left.push(each);
    }
    asked = left;
    return [...taken.values()];
  }

  async function take(): Promise<void> {
    const turn = next();
    if (asked.length > 0) void parts.exclusive(take);
    try {
      await takeTurn(turn);
    } catch (error) {
      for (const each of turn) each.fail(error);
    }
  }

  async function takeTurn(turn: readonly Asked[]): Promise<void> {
    const work = await parts.turn();
    const breathe = breather();
    const all: { each: Asked; result: unknown; known: Work; kept: K }[] = [];
    for (const each of turn) {
      try {
        const known = await parts.load(each.act.incident);
        if (known === undefined) {
          each.done(undefined);
          continue;
        }
        const { result, kept } = work(known, each.act);
        if (kept === undefined) each.done(result);
        else all.push({ each, result, known, kept });
        await breathe();
      } catch (error) {
        each.fail(error);
      }
    }
    const receipts = await Promise.allSettled(all.map(({ kept }) => parts.commit(kept)));
    for (const [index, { each, result, known, kept }] of all.entries()) {
      const receipt = receipts[index] as PromiseSettledResult<Receipt>;
      if (receipt.status === "fulfilled" && receipt.value.outcome === "committed") {
        parts.committed(kept);
        each.done(result);
        continue;
      }
      parts.undo(known);
      if (receipt.status === "rejected") each.fail(receipt.reason);
      else if (each.attempt < ATTEMPTS) ask({ ...each, attempt: each.attempt + 1 });
      else
        each.fail(new Error(`incident ${each.act.incident}: ${becauseOf(receipt.value)}, three times over`));
    }
  }

  return <T>(act: Act<T>) =>
    new Promise<T | undefined>((done, fail) =>
      ask({
        act: act as unknown as Act<unknown>,
        attempt: 1,
        done: (result) => done(result as T | undefined),
        fail,
      }),
    );
}
