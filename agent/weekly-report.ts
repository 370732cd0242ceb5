import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { schedule as cron } from "node-cron";
import type { Clock } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import { reportWeek } from "./stages/observe/report-week.ts";
import { tellWeek } from "./stages/observe/tell-week.ts";
import { lastWeek } from "./stages/observe/weeks.ts";
import type { Setup } from "./stages/work.ts";
import type { Reads } from "./store/store.ts";
import type { Log } from "./telemetry/log.ts";

interface Parts {
  reads: Reads;
  setup: Setup;
  clock: Clock;
  log: Log;
  /** Where the reports are kept, one file a week. */
  folder: string;
}

/**
 * Writes the report of the last week that is over, unless it stands already; the file itself says that it is done,
 * so that a daemon that was down on Monday morning makes up for it once. Returns the file written.
 */
export async function writeWeeklyReport({
  reads,
  setup,
  clock,
  log,
  folder,
}: Parts): Promise<string | undefined> {
  const zone = setup.facility.time_zone;
  const week = lastWeek(clock.now(), zone);
  const file = week && join(folder, `bilan-${week.monday}.txt`);
  if (week === undefined || file === undefined || existsSync(file)) return undefined;
  const report = await reportWeek(reads, setup, week);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Whole or not at all: half a report would stand for the week.
  await writeFile(`${file}.new`, tellWeek(report, zone), { mode: 0o600, flush: true });
  await rename(`${file}.new`, file);
  log.info("weekly report", {
    file,
    week: week.monday,
    incidents: report.incidents.length,
    to_declare: report.incidents.filter(({ verdict }) => verdict === "declare").length,
    calls: report.incidents.flatMap(({ calls, sent }): unknown[] => (setup.mode === "observe" ? calls : sent))
      .length,
    closed_by_machine: report.closed.length,
    detections: report.detections,
  });
  return file;
}

/** Writes the report every Monday at 08:00 in the facility's zone, and now when it is missing. */
export function scheduleWeeklyReport(parts: Parts): { stop(): Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  const write = () => {
    running = running.then(() =>
      writeWeeklyReport(parts).catch((error: unknown) =>
        parts.log.error("weekly report not written; tried again at the next start or on Monday", {
          error: messageOf(error),
        }),
      ),
    );
  };
  const task = cron("0 8 * * 1", write, {
    timezone: parts.setup.facility.time_zone,
    suppressMissedWarning: true,
  });
  write();
  return {
    async stop() {
      await task.destroy();
      await running;
    },
  };
}
