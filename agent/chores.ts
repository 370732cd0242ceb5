import type { Registry } from "prom-client";
import type { LoadedConfig } from "../config/load.ts";
import { anchorCheckpoints } from "./anchor/anchor-checkpoints.ts";
import { type CanaryParts, flyCanaries } from "./canary/fly-canaries.ts";
import type { Clock } from "./core/clock.ts";
import { keepCopies } from "./crisis/keep-copies.ts";
import { kitPart } from "./crisis/kit-record.ts";
import type { openHouseView } from "./house-view.ts";
import { requalifyWhenDue } from "./requalify-when-due.ts";
import type { Duties } from "./roles.ts";
import { reportsFolder, scheduleRetention } from "./run-retention.ts";
import { notedSettings } from "./setup.ts";
import type { Pipeline } from "./stages/pipeline.ts";
import { noteSettings } from "./stages/register/note-settings.ts";
import type { Register } from "./stages/register/open-register.ts";
import type { Setup } from "./stages/work.ts";
import type { Store } from "./store/store.ts";
import type { Log } from "./telemetry/log.ts";
import { tellGroupLinks } from "./tell-group-links.ts";
import { watchOpenFiles } from "./watch-open-files.ts";
import { scheduleWeeklyReport } from "./weekly-report.ts";

/** Between two looks at what changed for the register, ms. */
const REGISTER_EVERY = 5000;

/** What the chores of a daemon work with. */
export interface ChoreParts {
  /** The settings in force. */
  loaded: () => LoadedConfig;
  duties: Duties;
  store: Store;
  setup: Setup;
  pipeline: Pipeline;
  register: Register;
  clock: Clock;
  log: Log;
  /** Called when there may be effects to carry out. */
  woken: () => void;
  house: ReturnType<typeof openHouseView>;
  /** What canaries fly through, and the token that they carry. */
  canary: Pick<CanaryParts, "listening" | "token">;
  /** Told when this daemon must not go on. */
  died: (why: string) => void;
  /** What keeps it from being ready. */
  causes: Set<string>;
  registry: Registry;
}

/** What goes on beside the pipeline. */
export interface Chores {
  /** Begins anew what depends on settings, as they are now. */
  follow(): Promise<void>;
  stop(): Promise<void>;
}

/** Begins what a daemon does by the clock beside its pipeline; the journal has which settings are in force first. */
export async function startChores(parts: ChoreParts): Promise<Chores> {
  const { loaded, store, setup, clock, log, house, died } = parts;
  const facility = setup.facility.id;
  if (!parts.duties.correlates) return everywhere(parts);
  const settings = await noteSettings(notedSettings(loaded().config), { store, facility, now: clock.now() });
  if (settings !== undefined) log.info("other settings in force", { ...settings });
  const copies = keepCopies({
    ...{ loaded, status: house.copyStatus, version: house.version, clock, log, died },
    more: async () => [await kitPart(loaded(), { reads: store.reads, setup, now: clock.now() })],
  });
  const chores = [refreshRegister(parts.register), copies];
  let requalifying = await requalifyWhenDue(parts.pipeline, parts);
  const folder = reportsFolder(loaded().stateDirectory);
  chores.push(watchOpenFiles(parts), anchorCheckpoints(parts), tellGroupLinks(parts));
  chores.push(scheduleWeeklyReport({ reads: store.reads, setup, clock, log, folder }));
  const keep = () =>
    loaded().config.retention === undefined
      ? undefined
      : scheduleRetention({ loaded: loaded(), store, clock, log, reread: parts.pipeline.reread });
  let keeping = keep();
  const canaries = await flyCanaries({ ...parts, ...parts.canary, status: house.canaryStatus });
  chores.push(canaries);
  return {
    async follow() {
      await canaries.follow();
      await keeping?.stop();
      keeping = keep();
      await requalifying.stop();
      requalifying = await requalifyWhenDue(parts.pipeline, parts);
    },
    async stop() {
      await Promise.all([...chores, requalifying, keeping].map((chore) => chore?.stop()));
    },
  };
}

/** What every process does that serves people. */
function everywhere(parts: ChoreParts): Chores {
  const chores = [refreshRegister(parts.register), watchOpenFiles(parts)];
  return {
    follow: async () => undefined,
    async stop() {
      await Promise.all(chores.map(({ stop }) => stop()));
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
