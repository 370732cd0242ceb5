import { readFileSync } from "node:fs";
import type { LoadedConfig } from "../config/load.ts";
import { databaseOf } from "../config/store.ts";
import { keyRingOf } from "./key-ring.ts";
import { stateFiles } from "./setup.ts";
import { checkpointsFileOf } from "./store/checkpoints.ts";
import type { RecordPlace } from "./store/record-place.ts";

/** Where the record of a configuration is, with what opens it. */
export function recordOf(loaded: Pick<LoadedConfig, "config" | "secrets" | "stateDirectory">): RecordPlace {
  const { config, secrets, stateDirectory } = loaded;
  const { database: file } = stateFiles(stateDirectory);
  if (config.store === undefined) return { engine: "sqlite", file, ring: keyRingOf(loaded) };
  const { encrypted, ...address } = databaseOf(config.store);
  const { authority, certificate, key } = config.store.tls ?? {};
  const tls = encrypted
    ? { ca: textOf(authority), certificate: textOf(certificate), key: textOf(key) }
    : undefined;
  const password = secrets.get("store.password")?.reveal();
  return {
    engine: "postgres",
    place: { ...address, password, tls },
    checkpointsFile: checkpointsFileOf(file),
  };
}

const textOf = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, "utf8"));
