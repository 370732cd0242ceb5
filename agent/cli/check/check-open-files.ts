import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadedConfig } from "../../../config/load.ts";
import { connectionsWithin, openFilesLimit } from "../../intake/open-files.ts";
import type { Looked } from "./finding.ts";

/** Says whether the daemon, or what this account starts while none runs, may open as many connections as are allowed. */
export function checkOpenFiles(
  { config, stateDirectory }: Pick<LoadedConfig, "config" | "stateDirectory">,
  limitOf: typeof openFilesLimit = openFilesLimit,
): Looked {
  const pid = pidIn(stateDirectory);
  const running = pid === undefined ? undefined : limitOf(pid);
  const limit = running ?? limitOf();
  if (limit === undefined)
    return { findings: [], unknown: "this system does not tell how many files may be open" };
  const { connections } = config.limits;
  const most = connectionsWithin(limit);
  if (most >= connections) return { findings: [] };
  const who = running === undefined ? "a process of this account" : `the daemon (process ${pid})`;
  return {
    findings: [
      {
        level: "advice",
        code: "open_files_few",
        where: "limits.connections",
        message: `${connections} connections a listener are allowed, but ${who} may open ${limit} files: all listeners together take ${most}`,
        remedy: "raise LimitNOFILE of the service (ulimit -n), or lower limits.connections",
      },
    ],
  };
}

function pidIn(stateDirectory: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(stateDirectory, "daemon.pid"), "utf8"));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
