import { basename, join, resolve } from "node:path";
import type { LoadedConfig } from "../../config/load.ts";
import type { Instant } from "../core/clock.ts";
import { stampOf } from "../core/stamp-of.ts";
import { stateFiles } from "../setup.ts";
import type { Manifest, PartSource } from "../store/backup/manifest.ts";
import type { BackupOrder } from "../store/backup/write-backup.ts";
import { loadSigningKey } from "../store/keys.ts";
import { backupParts } from "./backup-parts.ts";

/** Bytes of an archive that nobody bounded otherwise. */
const LARGEST = 200 * 1024 ** 3;

/** Says what goes into an archive of an installation, and under which name. */
export function backupOrder(
  loaded: LoadedConfig,
  given: {
    kind: Manifest["kind"];
    now: Instant;
    version: string;
    /** An archive, or the folder where it gets a name with the date. */
    to: { folder: string } | { file: string };
    recipients: readonly string[];
    withSecrets: boolean;
    limit?: number | undefined;
    more?: readonly PartSource[];
  },
): { order: BackupOrder; without: string[] } {
  const { config, stateDirectory, file } = loaded;
  const { kind, now, to, recipients, withSecrets, more = [] } = given;
  const files = stateFiles(stateDirectory);
  const { parts, moved, without } = backupParts(loaded, withSecrets);
  const name = `${prefixOf(kind, config.facility.id)}${stampOf(now)}${ENDINGS[recipients.length === 0 ? "clear" : "sealed"]}`;
  const order: BackupOrder = {
    ...{ kind, made: now, version: given.version, mode: config.mode },
    facility: { id: config.facility.id, name: config.facility.name },
    key: loadSigningKey(files.signingKey).fingerprint,
    stateDirectory,
    database: basename(files.database),
    configuration: basename(resolve(file)),
    parts: [...parts, ...more],
    moved,
    secrets: withSecrets,
    to: "file" in to ? resolve(to.file) : join(resolve(to.folder), name),
    recipients: [...recipients],
    limit: given.limit ?? LARGEST,
  };
  return { order, without };
}

const ENDINGS = { clear: ".tocsin", sealed: ".tocsin.age" } as const;
const WORDS = { backup: "sauvegarde", crisis: "valise" } as const;

/** How the archives of a facility begin, of each kind. */
export function prefixOf(kind: Manifest["kind"], facility: string): string {
  return `${WORDS[kind]}-${facility}-`;
}

/** Whether a name is that of an archive with the date: those that are kept in a number. */
export function isArchiveName(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && /^\d{8}T\d{6}Z\.tocsin(\.age)?$/.test(name.slice(prefix.length));
}
