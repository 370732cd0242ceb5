import { accessSync, constants, mkdirSync, readdirSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { TocsinError } from "../core/errors.ts";

/**
 * Makes a state directory when there is none; throws `state_not_ours` when this account may not write it or a file in
 * it, with whose it is.
 */
export function ownState(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const paths = [directory, ...namesIn(directory).map((name) => join(directory, name))];
  for (const path of paths) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EACCES") continue;
      const us = ourName();
      throw new TocsinError(
        {
          code: "state_not_ours",
          where: path,
          message: `it belongs to uid ${ownerOf(path)}, and this is run by ${us}, who may not write it`,
          remedy: `as root: chown -R ${us} ${directory}; run every command as ${us} from then on`,
        },
        { cause: error },
      );
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // What may not be listed is told by the access to the directory itself.
    return [];
  }
}

function ownerOf(path: string): string {
  return String(statSync(path, { throwIfNoEntry: false })?.uid ?? "unknown");
}

/** An account without a name is a number to chown as well. */
function ourName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "");
  }
}
