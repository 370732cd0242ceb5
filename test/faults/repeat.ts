import { setTimeout } from "node:timers/promises";

/** Acts again and again, with a rest of so many ms between, until it is over. */
export async function repeat(
  signal: AbortSignal,
  rest: number,
  act: (turn: number) => Promise<unknown>,
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    await act(turn);
    await setTimeout(rest, undefined, { signal }).catch(() => undefined);
  }
}
