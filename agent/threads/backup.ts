import { parentPort, workerData } from "node:worker_threads";
import { type BackupOrder, writeBackup } from "../store/backup/write-backup.ts";
import { problemOf } from "../store/messages.ts";

/** What this thread ends with. */
export type BackupReport =
  | { outcome: "done"; file: string; bytes: number }
  | { outcome: "failed"; problem: ReturnType<typeof problemOf> };

/** Copies and seals beside the daemon: no page waits for it. */
function main(): BackupReport {
  try {
    const { file, bytes } = writeBackup(workerData as BackupOrder);
    return { outcome: "done", file, bytes };
  } catch (error) {
    return { outcome: "failed", problem: problemOf(error) };
  }
}

parentPort?.postMessage(main());
