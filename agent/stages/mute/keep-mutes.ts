import type { Clock, Instant } from "../../core/clock.ts";
import type { Mute } from "../../core/mute.ts";
import type { Reads, Store, Write } from "../../store/store.ts";
import type { Setup } from "../work.ts";
import { endOf, type Mutes, REMEMBERED } from "./mutes.ts";

const PAGE = 500;
/** Of those that are over, as many are read again as one page holds a few times over. */
const MOST_OVER = 2000;

/** What a `clock` effect carries that belongs to a silence or a window of works: it begins, or comes to its end. */
export interface MutePayload {
  mute: string;
}

export function isMuteTurn(payload: unknown): payload is MutePayload {
  return typeof (payload as Partial<MutePayload> | null)?.mute === "string";
}

/** Takes in all that the record knows of silences and windows of works, those long over apart. */
export async function loadMutes(
  mutes: Mutes,
  { reads, facility, now }: { reads: Reads; facility: string; now: Instant },
): Promise<void> {
  mutes.clear();
  for (const [state, most] of [
    ["stands", Number.POSITIVE_INFINITY],
    ["over", MOST_OVER],
  ] as const) {
    let after: string | undefined;
    for (let read = 0; read < most; read += PAGE) {
      const page = await reads.byState(facility, "mute", [state], { limit: PAGE, after });
      for (const { content } of page)
        if (content.state === "stands" || endOf(content) > now - REMEMBERED) mutes.put(content);
      after = page.at(-1)?.content.id;
      if (page.length < PAGE) break;
    }
  }
}

/** What changes a silence or a window of works, or refuses to. */
export type ChangeMute<T> = (before: Mute | undefined, now: Instant) => Mute | T;

/** Writes a silence or a window of works as a person or time changes it, with the moments at which to look again. */
export async function changeMute<T extends { outcome: "refused" }>(
  {
    store,
    setup,
    clock,
    told,
  }: {
    store: Store;
    setup: Pick<Setup, "facility" | "mutes">;
    clock: Clock;
    told?: ((mute: Mute, before: Mute | undefined) => void) | undefined;
  },
  id: string,
  change: ChangeMute<T>,
): Promise<Mute | T> {
  const facility = setup.facility.id;
  for (let attempt = 1; ; attempt++) {
    const stored = await store.reads.record(facility, "mute", id);
    const now = clock.now();
    const mute = change(stored?.content, now);
    if ("outcome" in mute || mute === stored?.content) return mute;
    const revision = (stored?.revision ?? 0) + 1;
    const record: Write = {
      ...{ write: "record", kind: "mute", id, revision },
      ...{ incident: null, state: mute.state, content: mute },
    };
    const turns = turnsOf(mute, now).map((due): Write => {
      const payload: MutePayload = { mute: id };
      const key = `clock:${facility}:mute:${id}:${revision}:${due}`;
      return { write: "plan", effect: { key, kind: "clock", incident: null, due, payload } };
    });
    const receipt = await store.commit({ facility, at: now, writes: [record, ...turns] });
    if (receipt.outcome === "committed") {
      setup.mutes.put(mute);
      told?.(mute, stored?.content);
      return mute;
    }
    if (attempt === 3) throw new Error(`mute ${id}: ${receipt.because}, three times over`);
  }
}

/** When what it covers is to be looked at: as it is made, begins and ends. Its end by itself is such a moment already. */
function turnsOf({ state, ended, from, until }: Mute, now: Instant): Instant[] {
  if (state === "over") return ended === null ? [] : [now];
  return [...new Set([now, Math.max(now, from), Math.max(now, until)])];
}
