import { setImmediate } from "node:timers/promises";

/** Longest stretch of work between two turns of the event loop, ms. */
const STRETCH = 2;

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

/** Of a long list, how many are taken before the time is looked at. */
const SLICE = 16;

/** Takes each of a long list in order; others have their turn in between. */
export async function eachInTurn<T>(all: readonly T[], take: (each: T) => void): Promise<void> {
  const breathe = breather();
  for (let at = 0; at < all.length; at += SLICE) {
    for (const each of all.slice(at, at + SLICE)) take(each);
    await breathe();
  }
}
