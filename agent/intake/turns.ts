import { setImmediate as nextTurn } from "node:timers/promises";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import { type Backlog, openBacklog } from "./backlog.ts";

/** How long one turn of the event loop reads what came before it looks at who else is there, µs. */
const TURN = MICROSECONDS.second / 50;
/** Bytes that may wait for their turn; beyond them the oldest are read at once. */
const WAITING_BYTES = 16 * 1024 * 1024;

/** Shares the time of a thread among those that send: one that sends much, or over many connections, gets one share. */
export interface Turns {
  /** Does some work of a group: at once while this turn has time, else when the turn of its group comes, in order. */
  take(group: string, bytes: number, work: () => void): void;
  /** Opens a long work; it awaits what it is given here between its steps, and lets others in when it has lasted. */
  pauses(): () => Promise<void>;
}

/** Opens the turns of one thread; nobody has a turn while too much waits for the disk. */
export function openTurns({
  clock,
  backlog = openBacklog(),
  lasting = TURN,
}: {
  clock: Clock;
  backlog?: Backlog | undefined;
  /** How long one turn of the event loop does such work, µs. (Default: 20 ms.) */
  lasting?: number;
}): Turns {
  /** By group; the first is the next to have its turn. */
  const queues = new Map<string, { bytes: number; work: () => void }[]>();
  let waiting = 0;
  /** Time used since others were last looked at. */
  let spent = 0;
  let scheduled = false;

  function run(work: () => void): void {
    const began = clock.now();
    try {
      work();
    } finally {
      spent += Math.max(0, clock.now() - began);
    }
  }

  function runNext(): void {
    const [[group, queue] = ["", []]] = queues;
    const next = queue.shift();
    queues.delete(group);
    if (queue.length > 0) queues.set(group, queue);
    if (next === undefined) return;
    waiting -= next.bytes;
    run(next.work);
  }

  function turn(): void {
    scheduled = false;
    spent = 0;
    while (queues.size > 0 && spent < lasting && !backlog.full()) runNext();
    if (queues.size === 0) spent = 0;
    // While there is no room, `onRoom` goes on.
    else if (!backlog.full()) schedule();
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(turn);
  }

  backlog.onRoom(schedule);
  return {
    take(group, bytes, work) {
      schedule();
      const queue = queues.get(group);
      if (queue === undefined && spent < lasting && !backlog.full()) return run(work);
      if (queue === undefined) queues.set(group, [{ bytes, work }]);
      else queue.push({ bytes, work });
      waiting += bytes;
      while (waiting > WAITING_BYTES && !backlog.full()) runNext();
    },
    pauses() {
      let since = clock.now();
      return async () => {
        const passed = clock.now() - since;
        if (passed >= 0 && passed < lasting) return;
        await nextTurn();
        since = clock.now();
      };
    },
  };
}
