import { accessSync, constants, statfsSync, statSync } from "node:fs";
import type { LoadedConfig } from "../../../config/load.ts";
import { messageOf } from "../../core/errors.ts";
import { prefixOf } from "../../crisis/backup-order.ts";
import { copiesIn } from "../../crisis/copy-status.ts";
import { stateFiles } from "../../setup.ts";
import { megabytes, RESERVE } from "../../store/backup/refuse-full.ts";
import type { Finding, Looked } from "./finding.ts";

/** What is asked of the disks of folders that exist. */
export interface Disks {
  deviceOf(folder: string): number;
  /** Bytes. */
  freeOf(folder: string): number;
  /** Throws when this account may not. */
  mayWrite(folder: string): void;
}

const DISKS: Disks = {
  deviceOf: (folder) => statSync(folder).dev,
  freeOf(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
  mayWrite: (folder) => accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK),
};

const MISSING = {
  message: "the folder does not exist",
  remedy: "mount it, or make the folder: it is not made here, lest it be on the wrong disk",
};

/** Says whether the folder of one kind of regular copies takes them, is elsewhere than the record, and has room. */
export function checkCopies(
  { config, stateDirectory }: Pick<LoadedConfig, "config" | "stateDirectory">,
  kind: "backup" | "crisis",
  disks: Disks = DISKS,
): Looked {
  const given = config[kind];
  if (given === undefined) return { findings: [] };
  const { folder, keep } = given;
  const where = `${kind}.folder`;
  const refused = refusalOf(folder, disks);
  if (refused !== undefined) {
    const { code, message, remedy } = refused;
    return { findings: [{ level: "problem", code, where, message: `${folder}: ${message}`, remedy }] };
  }
  const findings: Finding[] = [];
  if (statSync(stateDirectory, { throwIfNoEntry: false }) === undefined)
    return { findings, unknown: "there is no state directory yet" };
  if (disks.deviceOf(folder) === disks.deviceOf(stateDirectory))
    findings.push({
      level: "advice",
      code: "copies_beside_record",
      where,
      message: `${folder} is on the disk of the state directory: what ends one ends both`,
      remedy: kind === "backup" ? "give a folder of another machine" : "give a mounted share, or a USB key",
    });
  const { database } = stateFiles(stateDirectory);
  const size = statSync(database, { throwIfNoEntry: false })?.size ?? 0;
  // The oldest leaves once the one that takes its place is whole.
  const more = Math.max(1, keep + 1 - copiesIn(folder, prefixOf(kind, config.facility.id)).length);
  const [needed, free] = [size * more + RESERVE, disks.freeOf(folder)];
  if (free < needed)
    findings.push({
      level: "advice",
      code: "copies_short_of_room",
      where,
      message: `${megabytes(free)} are free, and ${more} more cop${more === 1 ? "y" : "ies"} of ${megabytes(size)} need ${megabytes(needed)}`,
      remedy: `make room there, lower ${kind}.keep, or give a larger disk`,
    });
  return { findings };
}

function refusalOf(
  folder: string,
  disks: Disks,
): { code: string; message: string; remedy: string } | undefined {
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found === undefined) return { code: "copies_folder_missing", ...MISSING };
    if (!found.isDirectory())
      return { code: "copies_no_folder", message: "it is no folder", remedy: "name the folder they go to" };
    disks.mayWrite(folder);
    return undefined;
  } catch (error) {
    const message = messageOf(error);
    const remedy =
      "let the account of the service read and write there (chown; under systemd ReadWritePaths too), run this as that account";
    return { code: "copies_not_writable", message, remedy };
  }
}
