import { readFileSync } from "node:fs";
import type { LoadedConfig } from "../config/load.ts";
import { readYaml } from "../connectors/shared/read-yaml.ts";
import type { Problem } from "./core/errors.ts";
import { sameJson } from "./core/same-json.ts";

/** What holds for as long as the process lives: the record, the addresses of pages, what was promised to connections. */
const LASTING: readonly (readonly string[])[] = [
  ["facility", "id"],
  ["facility", "time_zone"],
  ["mode"],
  ["state_directory"],
  ["listeners", "people", "address"],
  ["listeners", "people", "port"],
  ["listeners", "people", "tls"],
  ["listeners", "operations"],
  ["limits"],
  ["retention"],
  ["encryption"],
  ["traces"],
];

/** Names each setting that differs and that only a restart changes; nothing when a reload can take all of it. */
export function needsRestart(before: LoadedConfig, after: LoadedConfig): Problem[] {
  const changed = LASTING.filter((path) => !sameJson(at(before.config, path), at(after.config, path)));
  if (changed.length === 0) return [];
  const { read } = readYaml(readFileSync(after.file, "utf8"), after.file, "config_not_yaml");
  return changed.map((path) => ({
    code: "needs_restart",
    where: read?.whereOf(path) ?? after.file,
    message: `${path.join(".")}: it is not changed while the daemon runs`,
    remedy: "restart the daemon (systemctl restart tocsin), or put the old value back",
  }));
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((found, name) => (found as Record<string, unknown> | undefined)?.[name], value);
}
