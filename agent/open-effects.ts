import type { LoadedConfig } from "../config/load.ts";
import type { Effect } from "./core/effect.ts";
import { messageOf } from "./core/errors.ts";
import { replace } from "./core/replace.ts";
import { type Schedule, schedule } from "./schedule.ts";
import { openOutbounds } from "./setup.ts";
import { openPrinter } from "./stages/documents/print-declaration.ts";
import type { CourierParts } from "./stages/effects/courier.ts";
import { openReachability, type Reachabilities } from "./stages/effects/reachability.ts";
import { openSweeper, type Sweeper } from "./stages/effects/sweep.ts";
import type { OpenOutbound } from "./stages/transmit.ts";
import type { Log } from "./telemetry/log.ts";
import { within } from "./telemetry/span.ts";

/** Between two looks whether each way out would arrive, ms. */
const LOOKS = 5 * 60_000;

/** What carries effects out, and what is known of the ways by which texts leave. */
export interface Effects {
  sweeper: Sweeper;
  /** Wakes what is due: nothing that is told waits for a storm to be sorted. */
  loop: Schedule;
  reach: Reachabilities;
  /** Has what leaves from now on take these ways; what is on its way goes on by its own. */
  use(outbounds: ReadonlyMap<string, OpenOutbound>): void;
  /** Begins to look at the ways out; nothing that could be an authority is as much as looked at outside of `live`. */
  look(): void;
  /** Gives up a call that hangs: it is tried again, or shown as uncertain, at the next start. */
  stop(): Promise<void>;
}

const trace = (effects: readonly Effect[], carry: () => Promise<void>) =>
  within(`effect ${effects[0]?.kind ?? ""}`, "client", async (span) => {
    const { payload, incident } = effects[0] ?? {};
    const { channel } = (payload ?? {}) as { channel?: string };
    span.set({
      "tocsin.effects": effects.length,
      ...(channel === undefined ? {} : { "tocsin.channel": channel }),
      ...(typeof incident === "string" ? { "tocsin.incident": incident } : {}),
    });
    await carry();
  });

/** Opens what carries the effects of a daemon out. */
export function openEffects(
  loaded: LoadedConfig,
  parts: Omit<CourierParts, "outbounds" | "print" | "signal" | "random"> & { log: Pick<Log, "error"> },
): Effects {
  const { store, setup, clock, page, log } = parts;
  const { id: facility, time_zone: timeZone } = setup.facility;
  const aborter = new AbortController();
  const { signal } = aborter;
  const outbounds = openOutbounds(loaded);
  const reach = openReachability({ store, facility, clock, outbounds, signal });
  const print = openPrinter({ reads: store.reads, facility: { id: facility, timeZone }, clock, page });
  const sweeper = openSweeper({ ...parts, outbounds, print, signal, random: Math.random, around: trace });
  const loop = schedule(async () => {
    void sweeper.sweep().then(
      (count) => {
        if (count > 0) void loop.wake();
      },
      (error: unknown) => log.error("effects not carried out; tried again", { error: messageOf(error) }),
    );
    return "nothing";
  });
  let looking: ReturnType<typeof setInterval> | undefined;
  return {
    sweeper,
    loop,
    reach,
    use: (others) => replace(outbounds, others),
    look() {
      if (setup.mode !== "live") return;
      const look = () =>
        void reach
          .look()
          .catch((error: unknown) => log.error("ways out not looked at", { error: messageOf(error) }));
      looking = setInterval(look, LOOKS);
      look();
    },
    async stop() {
      aborter.abort();
      clearInterval(looking);
      await loop.stop();
      await sweeper.settled();
    },
  };
}
