import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { LoadedConfig } from "../../../config/load.ts";
import { messageOf } from "../../core/errors.ts";
import { stateFiles } from "../../setup.ts";
import type { Finding, Looked } from "./finding.ts";

const MIB = 1024 * 1024;
/** Free space below which nothing more is taken in soon, and below which somebody looks at it in time. */
const TOO_LITTLE = 100 * MIB;
const LITTLE = 1024 * MIB;
const FEW_FILES = 1000;

/** Says whether the disk of the state directory has room. */
export function checkDisk({ stateDirectory }: Pick<LoadedConfig, "stateDirectory">): Looked {
  if (!existsSync(stateDirectory)) return { findings: [], unknown: "there is no state directory yet" };
  const { bavail, bsize, ffree, files } = statfsSync(stateDirectory);
  const free = bavail * bsize;
  const findings: Finding[] = [];
  const where = stateDirectory;
  const remedy = "make room, or move state_directory to a larger disk";
  if (free < LITTLE)
    findings.push({
      level: free < TOO_LITTLE ? "problem" : "advice",
      code: "disk_nearly_full",
      where,
      message: `${Math.floor(free / MIB)} MiB are free; when none are, alerts are refused until there is room`,
      remedy,
    });
  // Some file systems have no such count, and say 0 of 0.
  if (files > 0 && ffree < FEW_FILES)
    findings.push({
      level: "advice",
      code: "disk_nearly_full",
      where,
      message: `${ffree} more files fit`,
      remedy,
    });
  return { findings };
}

/** Says whether the state belongs to one user alone, who can write it. */
export function checkOwners({
  stateDirectory,
  config,
}: Pick<LoadedConfig, "stateDirectory" | "config">): Looked {
  const folder = statSync(stateDirectory, { throwIfNoEntry: false });
  if (folder === undefined) return { findings: [], unknown: "there is no state directory yet" };
  const findings: Finding[] = [];
  const { database, signingKey, sessionSecret, maskSecret } = stateFiles(stateDirectory);
  const kept = [database, `${database}-wal`, signingKey, sessionSecret, maskSecret].flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? [] : [{ path, found }];
  });
  const strangers = kept.filter(({ found }) => found.uid !== folder.uid);
  if (strangers.length > 0)
    findings.push({
      level: "problem",
      code: "state_owner",
      where: stateDirectory,
      message: `user ${folder.uid} owns it, but not ${strangers.map(({ path }) => path).join(", ")}`,
      remedy: `chown -R ${folder.uid}:${folder.gid} ${stateDirectory}; run commands as that user`,
    });
  if ((folder.mode & 0o077) !== 0)
    findings.push({
      level: "advice",
      code: "state_open",
      where: stateDirectory,
      message: "others of this machine may look into it",
      remedy: `chmod 0700 ${stateDirectory}`,
    });
  for (const { path, found } of kept)
    if (path !== database && !path.endsWith("-wal") && (found.mode & 0o077) !== 0)
      findings.push({
        level: "problem",
        code: "key_open",
        where: path,
        message: "others than its owner may read it",
        remedy: `chmod 0600 ${path}`,
      });
  if (process.getuid?.() !== 0)
    for (const path of [stateDirectory, ...kept.map((each) => each.path)])
      try {
        accessSync(path, constants.W_OK);
      } catch (error) {
        findings.push({
          level: "problem",
          code: "state_not_writable",
          where: path,
          message: messageOf(error),
          remedy: `run this as the user of the service (uid ${folder.uid}), or give it to who runs it`,
        });
        break;
      }
  for (const [name, { tls }] of Object.entries(config.listeners))
    if (tls !== undefined && ((statSync(tls.key, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0)
      findings.push({
        level: "advice",
        code: "key_open",
        where: join(tls.key),
        message: `anyone on this machine may read the key of listeners.${name}`,
        remedy: `chmod o= ${tls.key}`,
      });
  return { findings };
}
