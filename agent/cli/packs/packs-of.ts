import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { type LoadedConfig, loadConfig } from "../../../config/load.ts";
import { openPacks, type PackSettings, type Packs } from "../../../rules/regimes/open-packs.ts";
import { problemSentence, TocsinError } from "../../core/errors.ts";
import { DEFAULT_CONFIG } from "../config-option.ts";

/** The packs of an installation, or those of the program alone where none is. */
export interface PacksOf extends Packs {
  settings: PackSettings;
  /** Ids that the configuration enables; none without one. */
  enabled: readonly string[];
  loaded: Pick<LoadedConfig, "config"> | undefined;
}

/** Opens the packs of a configuration; with none named and none at the usual place, those of the program. */
export function packsOf(file: string | undefined): PacksOf {
  const path = file ?? DEFAULT_CONFIG;
  if (file === undefined && !existsSync(path)) {
    const settings: PackSettings = {
      folder: join(dirname(path), "law-packs"),
      signers: [],
      unsigned: "refuse",
    };
    return { ...openPacks(settings), settings, enabled: [], loaded: undefined };
  }
  const { loaded, problems } = loadConfig(path, null);
  if (loaded === undefined)
    throw new TocsinError({
      code: "config_invalid",
      message: problems.map(problemSentence).join("\n"),
    });
  const { packs: settings, regimes: enabled } = loaded.config;
  return { ...openPacks(settings), settings, enabled, loaded };
}
