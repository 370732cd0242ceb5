import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import { printKit } from "../crisis/kit-record.ts";
import { passingMasks, setupOf } from "../setup.ts";
import { crisisKit } from "../stages/documents/crisis-kit.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalledReads } from "./config-option.ts";

/** Registers `kit`: what to print for the day on which nothing works. */
export function kitCommand(program: Command): void {
  program
    .command("kit")
    .description(
      "write the dated crisis kit to print: roster with numbers, call sheets, empty form, how to go on",
    )
    .requiredOption("--to <folder>", "where to write it")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async (options: { to: string; config: string }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const reads = await openInstalledReads(loaded);
      try {
        const setup = setupOf(loaded, uuidv7(systemClock), passingMasks(loaded));
        const kit = await crisisKit({ reads, setup, now: systemClock.now() });
        process.stdout.write(`${await printKit(kit, options.to, loaded.stateDirectory)}\n`);
        process.stderr.write("Imprimez-le en deux exemplaires ; il contient des numéros personnels.\n");
      } finally {
        await reads.close();
      }
    });
}
