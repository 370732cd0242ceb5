import { writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { LoadedConfig } from "../../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { passingMasks } from "../setup.ts";
import { formatInstant } from "../stages/french.ts";
import { type Year, yearIn } from "../stages/register/calendar.ts";
import {
  asExercise,
  eachRegisterLine,
  registerCsv,
  registerJson,
} from "../stages/register/export-register.ts";
import { findEntries } from "../stages/register/find-entries.ts";
import { gatherReport } from "../stages/register/gather-report.ts";
import { openRegister } from "../stages/register/open-register.ts";
import { tellReport } from "../stages/register/tell-report.ts";
import type { Reads } from "../store/store.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalledReads } from "./config-option.ts";

interface Options {
  year?: string;
  config: string;
  output?: string;
}

/** Registers `register`: what an auditor takes away, read beside the daemon without writing anything. */
export function registerCommand(program: Command): void {
  const register = program
    .command("register")
    .description("the register of incidents and declarations, read beside the daemon: export, report");
  const common = (command: Command) =>
    command
      .option("--year <year>", "the year in which incidents began (Default: the one that runs)", yearOption)
      .option("--output <file>", "write there instead of standard output")
      .option("--config <file>", "configuration", DEFAULT_CONFIG);

  common(register.command("export"))
    .description("every incident of a year, and every declaration made outside Tocsin")
    .addOption(new Option("--format <format>", "how it is written").choices(["csv", "json"]).default("csv"))
    .option("--bom", "begin CSV with a byte order mark, so that spreadsheets read UTF-8")
    .action((options: Options & { format: "csv" | "json"; bom?: boolean }) =>
      withRegister(options, async ({ opened, loaded, year, masks }) => {
        const { entries, outside } = { entries: opened.entries(), outside: opened.outside() };
        const names = new Map(loaded.config.systems.map(({ id, name }) => [id, name]));
        const found = findEntries(entries, { from: year.from, before: year.to });
        const declared = outside.filter(({ revisions }) => {
          const at = revisions.at(-1);
          const began = at === undefined ? 0 : (at.occurred ?? at.declared);
          return began >= year.from && began < year.to;
        });
        const all = eachRegisterLine(found, masks.every(declared, { incident: null }), names);
        const lines = loaded.config.mode === "exercise" ? asExercise(all) : all;
        const rows =
          options.format === "json" ? registerJson(lines) : registerCsv(lines, { bom: options.bom === true });
        return [...rows].join("");
      }),
    );

  common(register.command("report"))
    .description("the auditor's report of a year, in French: each line with its entry in the journal")
    .option("--json", "print the report as JSON")
    .action((options: Options & { json?: boolean }) =>
      withRegister(options, async ({ opened, loaded, year, masks, reads }) => {
        const { config } = loaded;
        const made = await gatherReport({
          reads,
          register: opened,
          facility: config.facility.id,
          systems: config.systems,
          year,
          now: systemClock.now(),
        });
        const report = masks.every(made, { incident: null });
        return options.json === true
          ? `${JSON.stringify(report)}\n`
          : tellReport(report, config.facility.time_zone);
      }),
    );
}

type Parts = {
  opened: ReturnType<typeof openRegister>;
  loaded: LoadedConfig;
  year: Year;
  masks: ReturnType<typeof passingMasks>;
  reads: Reads;
};

async function withRegister(options: Options, make: (parts: Parts) => Promise<string>): Promise<void> {
  const loaded = configOrExplain(options.config);
  if (loaded === undefined) return;
  const { facility, systems } = loaded.config;
  const zone = facility.time_zone;
  const running = formatInstant(systemClock.now(), zone).slice(6, 10);
  const year = yearIn(Number(options.year ?? running), zone);
  if (year === undefined) throw new Error("no such year");
  const masks = passingMasks(loaded);
  const reads = await openInstalledReads(loaded);
  try {
    const described = new Map(systems.map((each) => [each.id, each]));
    const opened = openRegister({ reads, facility: facility.id, systems: described, masks });
    await opened.whole();
    const text = await make({ opened, loaded, year, masks, reads });
    if (options.output === undefined) process.stdout.write(text);
    else writeFileSync(options.output, text, { mode: 0o600 });
  } finally {
    await reads.close();
  }
}

function yearOption(text: string): string {
  if (yearIn(Number(text), "UTC") === undefined) throw new InvalidArgumentError("write a year such as 2026.");
  return text;
}
