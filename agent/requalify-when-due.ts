import { type Clock, MICROSECONDS } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import { notePacks, packsDone, settingsMark } from "./stages/law/packs-in-force.ts";
import { requalify } from "./stages/law/requalify.ts";
import type { Pipeline } from "./stages/pipeline.ts";
import type { Setup } from "./stages/work.ts";
import type { Store } from "./store/store.ts";
import type { Log } from "./telemetry/log.ts";

/**
 * Notes which law packs are in force and, when they, the systems or the facility are others, has every dossier evaluated
 * anew beside the rest.
 */
export async function requalifyWhenDue(
  pipeline: Pipeline,
  parts: {
    store: Store;
    setup: Pick<Setup, "facility" | "regimes" | "systems">;
    clock: Clock;
    log: Log;
    /** Called when it is done: some may have to be told. */
    woken: () => void;
  },
): Promise<{ stop(): Promise<void> }> {
  const { store, setup, clock, log } = parts;
  const { regimes } = setup;
  const packs = { store, facility: setup.facility.id, regimes, settings: settingsMark(setup), clock };
  const { change, due } = await notePacks(packs);
  if (change !== undefined) log.info("other law packs in force", { ...change });
  if (!due) return { stop: async () => undefined };
  if (change === undefined)
    log.info("dossiers to be evaluated anew: systems or facility changed, or a stop came before the end");

  /** Says how far it is, at most once a second. */
  const told = (message: string) => {
    let logged = clock.now();
    return (done: number, total: number) => {
      if (done < total && clock.now() - logged < MICROSECONDS.second) return;
      logged = clock.now();
      log.info(message, { done, total });
    };
  };
  const stopping = new AbortController();
  const requalifying = requalify(pipeline, {
    signal: stopping.signal,
    progress: told("dossiers evaluated anew"),
    written: told("texts written anew"),
  })
    .then(async ({ stopped, total, differing }) => {
      if (stopped) return;
      await packsDone(packs);
      const message = "every dossier evaluated under the law packs in force";
      log.info(message, { total, differing: differing.length });
      parts.woken();
    })
    .catch((error: unknown) =>
      log.error("dossiers not all evaluated anew; tried again at the next start", {
        error: messageOf(error),
      }),
    );
  return {
    stop() {
      stopping.abort();
      return requalifying;
    },
  };
}
