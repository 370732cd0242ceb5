import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { schedule as cron } from "node-cron";
import type { LoadedConfig } from "../config/load.ts";
import { Retention } from "../config/retention.ts";
import { type Clock, type Instant, instantFromIso } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import type { RetentionRules } from "./core/retention.ts";
import { stateFiles } from "./setup.ts";
import { CURSOR } from "./stages/open-pipeline.ts";
import { archiveDossier } from "./stages/retention/archive-dossier.ts";
import { type PurgeReport, purge } from "./stages/retention/purge.ts";
import { loadSigningKey } from "./store/keys.ts";
import type { Store } from "./store/store.ts";
import type { Log } from "./telemetry/log.ts";

/** When the day's purge is done, in the facility's zone: people sleep, and backups of the night are over. */
const EVERY_NIGHT = "40 4 * * *";

/** The rules of conservation of a configuration; those proposed when it has none. */
export function rulesOf({ config }: Pick<LoadedConfig, "config">): RetentionRules {
  return config.retention ?? Retention.parse({});
}

/** Purges once by the rules of a configuration, or only looks; `archive` replaces the folder of the configuration. */
export async function runRetention(
  loaded: LoadedConfig,
  parts: {
    store: Store;
    now: Instant;
    apply: boolean;
    archive?: string | undefined;
    stopped?: (() => boolean) | undefined;
  },
): Promise<PurgeReport> {
  const { store, now, apply, stopped } = parts;
  const { config, stateDirectory } = loaded;
  const facility = config.facility.id;
  const rules = rulesOf(loaded);
  const folder = parts.archive ?? rules.archive;
  const key = loadSigningKey(stateFiles(stateDirectory).signingKey);
  const exercise = config.mode === "exercise";
  return purge({
    ...{ store, facility, rules, now, apply, stopped, zone: config.facility.time_zone },
    sorted: await store.reads.cursor(facility, CURSOR),
    ...(folder !== undefined && {
      archive: (dossier, kind) =>
        archiveDossier(dossier, kind, { store, facility, key, exercise, folder, now }),
    }),
    reports: weeklyReports(reportsFolder(stateDirectory)),
  });
}

/** Where the weekly reports of the observation are kept. */
export function reportsFolder(stateDirectory: string): string {
  return join(stateDirectory, "bilans");
}

function weeklyReports(folder: string) {
  return {
    before: (instant: Instant) =>
      (existsSync(folder) ? readdirSync(folder) : []).flatMap((name) => {
        const monday = /^bilan-(\d{4}-\d\d-\d\d)\.txt$/.exec(name)?.[1];
        const at = monday === undefined ? undefined : instantFromIso(`${monday}T00:00:00Z`);
        return at === undefined || at >= instant ? [] : [{ name, at }];
      }),
    remove: (name: string) => rmSync(join(folder, name), { force: true }),
  };
}

/** Purges every night while the configuration says how long things are kept, and once at the start. */
export function scheduleRetention(parts: {
  loaded: LoadedConfig;
  store: Store;
  clock: Clock;
  log: Log;
  /** Has what is held of incidents that were set aside read again. */
  reread: () => Promise<void>;
}): { stop(): Promise<void> } {
  const { loaded, store, clock, log, reread } = parts;
  let stopping = false;
  let running: Promise<unknown> = Promise.resolve();
  const run = async () => {
    try {
      const now = clock.now();
      const report = await runRetention(loaded, { store, now, apply: true, stopped: () => stopping });
      if (report.setAside > 0) await reread();
      const gone = report.lines.filter(({ count }) => count > 0);
      if (gone.length > 0)
        log.info("erased by the rules of conservation", {
          ...Object.fromEntries(gone.map(({ kind, count }) => [kind, count])),
        });
      if (report.unarchived.length > 0)
        log.error("dossiers not archived, so not erased", { dossiers: report.unarchived });
    } catch (error) {
      log.error("purge not finished; the next one goes on", { error: messageOf(error) });
    }
  };
  const turn = () => {
    running = running.then(run);
  };
  const task = cron(EVERY_NIGHT, turn, {
    timezone: loaded.config.facility.time_zone,
    suppressMissedWarning: true,
  });
  turn();
  return {
    async stop() {
      stopping = true;
      await task.destroy();
      await running;
    },
  };
}
