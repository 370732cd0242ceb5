import type { Clock } from "../core/clock.ts";
import type { Effect } from "../core/effect.ts";
import type { Store, Write } from "../store/store.ts";

const MOST = 20_000;
/** Writes of one unit at most. */
const GROUP = 500;

/**
 * Takes what was due as begun by a process that is no more: after the copy it may have left. At the next start what a
 * receiver recognises is sent again, and the rest is `uncertain`, for a person to check: never blindly resent.
 */
export async function doubtEffects(store: Store, facility: string, clock: Clock): Promise<number> {
  const due = await store.reads.effectsDue(facility, clock.now(), MOST, ["notify", "deliver"]);
  let writes: Write[] = [];
  const flush = async () => {
    if (writes.length > 0) await store.commit({ facility, at: clock.now(), writes });
    writes = [];
  };
  for (const effect of due) {
    writes.push(...(await sending(store, facility, effect)));
    writes.push({ write: "claim", key: effect.key, fence: effect.fence, owner: "restored" });
    if (writes.length >= GROUP) await flush();
  }
  await flush();
  return due.length;
}

/** A delivery whose sending is in doubt is on its way, as its effect is. */
async function sending(store: Store, facility: string, { kind, payload }: Effect): Promise<Write[]> {
  if (kind !== "deliver") return [];
  const { delivery: id, ask = false } = payload as { delivery: string; ask?: boolean };
  const stored = ask ? undefined : await store.reads.record(facility, "delivery", id);
  if (stored?.content.state !== "planned") return [];
  const content = { ...stored.content, state: "sending" as const };
  const { incident } = content;
  return [
    {
      write: "record",
      kind: "delivery",
      id,
      revision: stored.revision + 1,
      incident,
      state: "sending",
      content,
    },
  ];
}
