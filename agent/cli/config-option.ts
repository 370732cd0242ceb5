import { existsSync } from "node:fs";
import { INSTALLATION } from "../../config/installation.ts";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { problemSentence, TocsinError } from "../core/errors.ts";
import { refuseFenced } from "../crisis/keep-copies.ts";
import { recordOf } from "../record.ts";
import { stateFiles } from "../setup.ts";
import { loadSigningKey, type SigningKey } from "../store/keys.ts";
import { openStore } from "../store/open-store.ts";
import { type OpenReads, openReads } from "../store/record-place.ts";
import type { Store } from "../store/store.ts";
import type { VerifyInput } from "./verify.ts";

/** Where the configuration stands unless `--config` says otherwise. */
export const DEFAULT_CONFIG = INSTALLATION.config;

/** Loads the configuration for a command; tells every problem on standard error and sets exit code 2. */
export function configOrExplain(file: string): LoadedConfig | undefined {
  if (!existsSync(file)) {
    process.stderr.write(
      `${file}: there is no configuration yet.\nMake one with: ${INSTALLATION.call} init\n`,
    );
    process.exitCode = 2;
    return undefined;
  }
  const { loaded, problems } = loadConfig(file);
  if (loaded !== undefined) return loaded;
  for (const problem of problems) process.stderr.write(`${problemSentence(problem)}\n`);
  process.stderr.write(`${problems.length} problem(s); nothing was started.\n`);
  process.exitCode = 2;
  return undefined;
}

/** Completes what to verify with the record and the key of an installation, unless a bundle or a database is named. */
export function installedStore(given: VerifyInput & { config?: string | undefined }): VerifyInput {
  const { config: file = DEFAULT_CONFIG, ...input } = given;
  if (input.bundle !== undefined || input.database !== undefined) return input;
  if (given.config === undefined && !existsSync(file)) return input;
  const { loaded, problems } = loadConfig(file);
  if (loaded === undefined) {
    if (given.config === undefined) return input;
    throw new TocsinError({ code: "config_invalid", message: problems.map(problemSentence).join("\n") });
  }
  const { signingKey } = stateFiles(loaded.stateDirectory);
  const key = input.key ?? signingKey;
  const record = recordOf(loaded);
  if (record.engine === "sqlite") return { ...input, database: record.file, key, ring: record.ring };
  const { place, checkpointsFile } = record;
  const facility = loaded.config.facility.id;
  return { ...input, key, shared: { place, facility, checkpointsFile, folder: loaded.stateDirectory } };
}

/** Opens the installed record to be read, beside a daemon that may be running; the caller closes it. */
export function openInstalledReads(loaded: LoadedConfig): Promise<OpenReads> {
  return openReads(recordOf(loaded));
}

/** Opens the installed store beside a daemon that may be running; the caller closes it. */
export async function openInstalled(loaded: LoadedConfig): Promise<{ store: Store; key: SigningKey }> {
  const key = loadSigningKey(stateFiles(loaded.stateDirectory).signingKey);
  refuseFenced(loaded);
  return { store: await openStore(recordOf(loaded), { signingKey: key, clock: systemClock }), key };
}

/** Refuses what works on the SQLite file itself when the record is in PostgreSQL: `store_not_sqlite`. */
export function refuseShared({ config, file }: LoadedConfig, message: string, remedy: string): void {
  if (config.store === undefined) return;
  throw new TocsinError({ code: "store_not_sqlite", where: file, message, remedy });
}
