import { type Command, InvalidArgumentError } from "commander";
import { systemClock } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import { passingMasks, setupOf } from "../setup.ts";
import { reportWeek } from "../stages/observe/report-week.ts";
import { tellWeek } from "../stages/observe/tell-week.ts";
import { lastWeek, weekOf } from "../stages/observe/weeks.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalledReads } from "./config-option.ts";

/** Registers `report`: what a week would have been, had the facility been live. */
export function reportCommand(program: Command): void {
  program
    .command("report")
    .description(
      "tell, in French, what of a week would have been declared, who would have been called, and what made noise",
    )
    .option(
      "--week [date]",
      "the week of this day, such as 2026-11-18 (Default: the last one that is over)",
      dayOption,
    )
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--json", "print the report as JSON")
    .action(async (options: { week?: string | true; config: string; json?: boolean }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const zone = loaded.config.facility.time_zone;
      const now = systemClock.now();
      const week = typeof options.week === "string" ? weekOf(options.week, zone) : lastWeek(now, zone);
      if (week === undefined) throw new Error("no such week");
      const setup = setupOf(loaded, uuidv7(systemClock), passingMasks(loaded));
      const reads = await openInstalledReads(loaded);
      try {
        const report = await reportWeek(reads, setup, week);
        process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : tellWeek(report, zone));
      } finally {
        await reads.close();
      }
    });
}

function dayOption(text: string): string {
  if (weekOf(text, "UTC") === undefined) throw new InvalidArgumentError("write a day such as 2026-11-18.");
  return text;
}
