import type { Instant } from "../../core/clock.ts";
import type { Mute } from "../../core/mute.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Setup, Work } from "../work.ts";
import { covers } from "./covers.ts";
import { mayWait } from "./weigh.ts";

/** Brings a silence or a window of works to its end if its time is up, then looks again at all that it covers. */
export async function turnMute(
  pipeline: Pipeline,
  setup: Setup,
  { mute: id, due }: { mute: string; due: Instant },
): Promise<void> {
  const mute = await pipeline.mute(id, (before, now): Mute | { outcome: "refused" } => {
    if (before === undefined) return { outcome: "refused" };
    // A clock set back meanwhile does not undo that the time had come.
    const isUp = before.state === "stands" && before.until <= Math.max(now, due);
    return isUp ? { ...before, state: "over" } : before;
  });
  if ("outcome" in mute) return;
  for (const incident of pipeline.incidents())
    if (isCovered(pipeline.known(incident), mute, setup)) await pipeline.act(incident, () => undefined);
}

function isCovered(work: Work | undefined, mute: Mute, { mutes }: Pick<Setup, "mutes">): boolean {
  if (work === undefined || !mayWait(work)) return false;
  return work.facts.some((fact) => fact.withdrawn === null && covers(mute, fact, mutes.dependencies));
}
