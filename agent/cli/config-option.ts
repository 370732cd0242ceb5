import { existsSync } from "node:fs";
import { INSTALLATION } from "../../config/installation.ts";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { problemSentence } from "../core/errors.ts";
import { refuseFenced } from "../crisis/keep-copies.ts";
import { keyRingOf } from "../key-ring.ts";
import { stateFiles } from "../setup.ts";
import { loadSigningKey, type SigningKey } from "../store/keys.ts";
import { openSqliteReads, type SqliteReads } from "../store/sqlite/reads.ts";
import { openSqlite } from "../store/sqlite.ts";
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

/** Completes what to verify with the installed database and key, when neither a bundle nor a database is named. */
export function installedStore(given: VerifyInput): VerifyInput {
  if (given.bundle !== undefined || given.database !== undefined || !existsSync(DEFAULT_CONFIG)) return given;
  const { loaded } = loadConfig(DEFAULT_CONFIG);
  if (loaded === undefined) return given;
  const files = stateFiles(loaded.stateDirectory);
  return { database: files.database, key: given.key ?? files.signingKey, ring: keyRingOf(loaded) };
}

/** Opens the installed record to be read, beside a daemon that may be running; the caller closes it. */
export function openInstalledReads(loaded: LoadedConfig): SqliteReads {
  return openSqliteReads(stateFiles(loaded.stateDirectory).database, keyRingOf(loaded));
}

/** Opens the installed store beside a daemon that may be running; the caller closes it. */
export function openInstalled(loaded: LoadedConfig): { store: Store; key: SigningKey } {
  const files = stateFiles(loaded.stateDirectory);
  const key = loadSigningKey(files.signingKey);
  refuseFenced(loaded);
  const ring = keyRingOf(loaded);
  return { store: openSqlite({ file: files.database, signingKey: key, clock: systemClock, ring }), key };
}
