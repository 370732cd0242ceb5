import { setTimeout } from "node:timers/promises";

/** Between two runs that nobody asked for, ms. */
const EVERY = 1000;

export interface Schedule {
  /** Asks for a run now; one asked for during a run makes one more after it. */
  wake(): Promise<void>;
  /** Begins to wake by itself, every second: what is due stays in the store until it is done. */
  start(): void;
  /** Wakes no more and waits for the run under way. */
  stop(): Promise<void>;
}

/** What is left after a run: nothing known, something, or so much that it is not put off. */
export type Left = "nothing" | "some" | "much";

/**
 * Runs work one at a time, when woken and every second; `work` says what is left. Between two runs it rests for so many
 * milliseconds, so that what comes drop by drop is worked on together. (Default: 0.)
 */
export function schedule(work: () => Promise<Left>, rest = 0): Schedule {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let task: ReturnType<typeof setInterval> | undefined;

  async function run(): Promise<void> {
    while (again && !stopped) {
      again = false;
      const left = await work();
      if (left !== "nothing") again = true;
      if (rest > 0 && left !== "much" && !stopped) await setTimeout(rest);
    }
  }

  function wake(): Promise<void> {
    if (stopped) return Promise.resolve();
    again = true;
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    wake,
    start() {
      // Not by a calendar: one that is set back must not stop it, nor one set on make it go through what lies between.
      task = setInterval(() => void wake(), EVERY);
    },
    async stop() {
      stopped = true;
      clearInterval(task);
      await running;
    },
  };
}
