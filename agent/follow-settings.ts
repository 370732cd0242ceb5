import type { LoadedConfig } from "../config/load.ts";
import { openPacks } from "../rules/regimes/open-packs.ts";
import type { Clock } from "./core/clock.ts";
import type { LiveMasks } from "./core/identities/live-masks.ts";
import { replace } from "./core/replace.ts";
import type { IntakeThread, Listening } from "./intake/thread.ts";
import type { Effects } from "./open-effects.ts";
import type { Duties } from "./roles.ts";
import { intakeData, masksOf, notedSettings, openChannels, openOutbounds, setupOf } from "./setup.ts";
import type { OpenChannel } from "./stages/notify.ts";
import type { Pipeline } from "./stages/pipeline.ts";
import { noteSettings } from "./stages/register/note-settings.ts";
import { checkCalls } from "./stages/roster/start-calls.ts";
import type { Setup } from "./stages/work.ts";
import type { Store } from "./store/store.ts";
import type { Log } from "./telemetry/log.ts";

/**
 * Puts other settings in force in a daemon that runs, all of them or none: rejects with what is wrong with them, having
 * changed nothing. What of them is read once, such as pages, is opened anew by the caller. Resolves with what listens.
 */
export async function followSettings(
  next: LoadedConfig,
  parts: {
    before: LoadedConfig;
    because: string;
    duties: Duties;
    /** Makes the marks of masked identities. */
    secret: string;
    masked: (kind: string) => void;
    store: Store;
    setup: Setup;
    masks: LiveMasks;
    pipeline: Pick<Pipeline, "follow">;
    intake: Pick<IntakeThread, "follow">;
    effects: Pick<Effects, "use">;
    channels: Map<string, OpenChannel>;
    clock: Clock;
    log: Pick<Log, "info" | "warn" | "error">;
  },
): Promise<Listening[]> {
  const { before, because, duties, store, setup, masks, intake, clock, log } = parts;
  // Whatever may refuse comes first: what follows is in force as a whole.
  const masking = masksOf(next.config, parts.secret, parts.masked);
  const wanted = setupOf(next, setup.newId, masks);
  const channels = openChannels(next);
  const outbounds = openOutbounds(next);
  await checkCalls({ store, setup: wanted, clock });
  const listening = await intake.follow(intakeData(next, duties), because);
  try {
    const now = clock.now();
    const noted = { store, facility: setup.facility.id, now };
    const change = duties.correlates ? await noteSettings(notedSettings(next.config), noted) : undefined;
    if (change !== undefined) log.info("other settings in force", { ...change });
  } catch (error) {
    // What no journal has is not in force.
    await intake.follow(intakeData(before, duties), "the change could not be noted");
    throw error;
  }
  await parts.pipeline.follow(() => {
    Object.assign(setup, wanted);
    masks.use(masking);
    replace(parts.channels, channels);
    parts.effects.use(outbounds);
  });
  for (const problem of openPacks(next.config.packs).problems) log.error("law pack refused", { ...problem });
  return listening;
}
