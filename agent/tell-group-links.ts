import type { LoadedConfig } from "../config/load.ts";
import type { Clock } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import { planLinkNews } from "./stages/group/tell-links.ts";
import type { Setup } from "./stages/work.ts";
import type { Store } from "./store/store.ts";
import type { Log } from "./telemetry/log.ts";

/** Between two looks at what other facilities of the group linked, ms. */
const LOOK_EVERY = 60_000;

/** Looks by the clock for links that other facilities of a group declared with dossiers of ours, and plans to tell them. */
export function tellGroupLinks(parts: {
  loaded: () => Pick<LoadedConfig, "config">;
  store: Store;
  setup: Setup;
  clock: Clock;
  log: Pick<Log, "warn">;
  /** Called when something was planned. */
  woken: () => void;
}): { stop(): Promise<void> } {
  const { loaded, store, setup, clock, log, woken } = parts;
  let looking = Promise.resolve();
  let told = "";

  async function look(): Promise<void> {
    const { group } = loaded().config;
    if (group === undefined) return;
    try {
      const now = clock.now();
      const writes = await planLinkNews({ reads: store.reads, setup, group, now });
      if (writes.length > 0) {
        await store.commit({ facility: setup.facility.id, at: now, writes });
        woken();
      }
      told = "";
    } catch (error) {
      const because = messageOf(error);
      if (because !== told) log.warn("links of the group were not looked for", { error: because });
      told = because;
    }
  }

  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_EVERY);
  looking = look();
  return {
    async stop() {
      clearInterval(timer);
      await looking;
    },
  };
}
