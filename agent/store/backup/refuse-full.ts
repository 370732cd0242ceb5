import { statfsSync } from "node:fs";
import { messageOf, TocsinError } from "../../core/errors.ts";

/** Left free wherever a copy goes: the daemon beside it goes on writing. */
export const RESERVE = 64 * 1024 * 1024;

/** Throws `disk_short` when a folder has no room for so many bytes; `folder_missing` when there is none. */
export function refuseFull(folder: string, bytes: number): void {
  let free: number;
  try {
    const { bavail, bsize } = statfsSync(folder);
    free = bavail * bsize;
  } catch (error) {
    const remedy = "mount it, or make the folder: it is not made here, lest it be on the wrong disk";
    throw new TocsinError(
      { code: "folder_missing", where: folder, message: messageOf(error), remedy },
      { cause: error },
    );
  }
  if (free >= bytes + RESERVE) return;
  const message = `${megabytes(bytes)} are needed and ${megabytes(free)} are free; nothing was written`;
  const remedy = "free space there, or give another disk";
  throw new TocsinError({ code: "disk_short", where: folder, message, remedy });
}

/** A size in words. */
export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000)} MB`;
}
