import { setImmediate } from "node:timers/promises";

/** Longest stretch of work between two turns of the event loop, ms. */
const STRETCH = 4;

/** Makes what lets others have their turn once work has gone on for a while. */
export function breather(): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < STRETCH) return undefined;
    return setImmediate().then(() => {
      since = performance.now();
    });
  };
}
