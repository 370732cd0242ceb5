import { setTimeout } from "node:timers/promises";

/**
 * Begins an act so many times a second until `over`, whether those before are done or not, so that a slow one delays no
 * other; resolves with how many once all are done, rejects when one failed.
 */
export async function steadily(
  perSecond: number,
  over: AbortSignal,
  act: (number: number) => Promise<unknown>,
): Promise<number> {
  const begin = performance.now();
  const under = new Set<Promise<unknown>>();
  let failed: { error: unknown } | undefined;
  let number = 0;
  while (!over.aborted && failed === undefined) {
    const wait = begin + (number * 1000) / perSecond - performance.now();
    if (wait > 0) await setTimeout(wait, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) break;
    const done = act(number++)
      .catch((error) => {
        failed ??= { error };
      })
      .finally(() => under.delete(done));
    under.add(done);
  }
  await Promise.all(under);
  if (failed !== undefined) throw failed.error;
  return number;
}
