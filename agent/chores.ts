import { join } from "node:path";
import type { LoadedConfig } from "../config/load.ts";
import type { Clock } from "./core/clock.ts";
import { requalifyWhenDue } from "./requalify-when-due.ts";
import { notedSettings } from "./setup.ts";
import type { Pipeline } from "./stages/pipeline.ts";
import { noteSettings } from "./stages/register/note-settings.ts";
import type { Register } from "./stages/register/open-register.ts";
import type { Setup } from "./stages/work.ts";
import type { Store } from "./store/store.ts";
import type { Log } from "./telemetry/log.ts";
import { scheduleWeeklyReport } from "./weekly-report.ts";

/** Between two looks at what changed for the register, ms. */
const REGISTER_EVERY = 5000;

/** What the chores of a daemon work with. */
export interface ChoreParts {
  loaded: LoadedConfig;
  store: Store;
  setup: Setup;
  pipeline: Pipeline;
  register: Register;
  clock: Clock;
  log: Log;
  /** Called when there may be effects to carry out. */
  woken: () => void;
}

/** Begins what a daemon does by the clock beside its pipeline; the journal has which settings are in force first. */
export async function startChores(parts: ChoreParts): Promise<{ stop(): Promise<void> }> {
  const { loaded, store, setup, clock, log } = parts;
  const facility = setup.facility.id;
  const settings = await noteSettings(notedSettings(loaded.config), { store, facility, now: clock.now() });
  if (settings !== undefined) log.info("other settings in force", { ...settings });
  const chores = [refreshRegister(parts.register), await requalifyWhenDue(parts.pipeline, parts)];
  if (setup.mode === "observe") {
    const folder = join(loaded.stateDirectory, "bilans");
    chores.push(scheduleWeeklyReport({ reads: store.reads, setup, clock, log, folder }));
  }
  return {
    async stop() {
      await Promise.all(chores.map((chore) => chore.stop()));
    },
  };
}

/** Has the register read what changed, so that who opens a list after a quiet night does not wait for it. */
function refreshRegister(register: Register): { stop(): Promise<void> } {
  const refreshing = setInterval(() => void register.refresh().catch(() => undefined), REGISTER_EVERY);
  return {
    async stop() {
      clearInterval(refreshing);
    },
  };
}
