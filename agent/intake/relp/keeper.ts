import type { Match } from "../../../rules/engine/rule-set.ts";
import type { Alert } from "../../core/alert.ts";
import type { IntakeMetrics } from "../metrics.ts";
import type { Taker } from "../taker.ts";
import { findRepeats, type Mark } from "./repeats.ts";
import type { Trail, Trails } from "./trails.ts";

/** A message that matches a rule. */
export interface Relevant extends Mark {
  alert: Alert;
  matches: readonly Match[];
}

/** Keeps the relevant messages of one session: in their order, each once, whatever its sender repeats. */
export interface Keeper {
  /** Takes the next message; nothing is decided before `turn`. */
  offer(message: Relevant): void;
  /** Goes on after what was received; `seen` is the last frame. */
  turn(seen: number): void;
  /** True while its first messages may be repeats and more frames must tell. */
  unsure(): boolean;
  /** Waits no longer for frames: what is not known to be a repeat is new. */
  insist(): void;
  /** The session is over: what was not handed to the store is left to its sender. */
  close(ended: "lost" | "nothing to repeat"): void;
}

/** Messages in one unit: what is on its way to the disk at once. */
const BATCH = 500;

/** Opens the keeper of a session that begins. */
export function openKeeper(parts: {
  /** The source of its messages: known with the first bytes. */
  source: () => string;
  peer: string;
  trails: Trails;
  taker: Taker;
  metrics: IntakeMetrics;
  /** Told that the oldest messages are decided. */
  decided: (count: number) => void;
  /** Told that the store failed: nothing is decided any more. */
  failed: (error: unknown) => void;
}): Keeper {
  const { source, peer, trails, taker, metrics } = parts;
  const self = trails.join(peer, () => {
    if (!settled) turn(last);
  });
  let waiting: Relevant[] = [];
  let trail: Trail | undefined;
  /** Frame n of the session is frame n + offset of the trail. */
  let offset = 0;
  let settled = false;
  let storing = false;
  let insisted = false;
  let last = 0;
  let ended: "lost" | "nothing to repeat" | "failed" | undefined;

  function turn(seen: number): void {
    last = seen;
    if (ended !== undefined || waiting.length === 0) return;
    if (!settled) settle();
    if (settled && !storing) void store();
  }

  /** Finds out how the session begins: with repeats of a sender that went away, or with something new. */
  function settle(): void {
    // A connection that was cut may not be known to be: what it still stores would be taken for new here.
    if (trails.before(self).some(({ lost }) => lost || !insisted)) return;
    const found = findRepeats(trails.free(peer), waiting, { seen: last, last: insisted });
    if (found.verdict === "wait") return;
    settled = true;
    if (found.verdict === "new") return;
    trail = found.past;
    trail.owner = self;
    offset = found.offset;
    waiting = waiting.slice(found.repeats);
    metrics.repeats.inc({ source: source() }, found.repeats);
    parts.decided(found.repeats);
  }

  async function store(): Promise<void> {
    storing = true;
    while (waiting.length > 0 && ended === undefined) {
      const batch = waiting.slice(0, BATCH);
      waiting = waiting.slice(BATCH);
      trail ??= trails.begin(self);
      const marks = batch.map(({ number, digest }) => ({ number: number + offset, digest }));
      const { write, stored } = trails.extend(trail, marks);
      try {
        await taker.keep(source(), batch, [write]);
      } catch (error) {
        metrics.unanswered.inc({ source: source() }, batch.length + waiting.length);
        ended ??= "failed";
        parts.failed(error);
        break;
      }
      stored();
      if (ended !== "failed") parts.decided(batch.length);
    }
    storing = false;
    if (ended !== undefined) leave();
  }

  function leave(): void {
    waiting = [];
    if (ended === "nothing to repeat" && trail !== undefined)
      void taker.keep(source(), [], [trails.forget(trail)]).catch(() => undefined);
    trail = undefined;
    trails.leave(self);
  }

  return {
    offer(message) {
      self.relevant = true;
      waiting.push(message);
    },
    turn,
    unsure: () => !settled && waiting.length > 0,
    insist() {
      insisted = true;
      turn(last);
    },
    close(how) {
      ended ??= how;
      self.lost = true;
      if (!storing) leave();
    },
  };
}
