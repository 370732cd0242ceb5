import type { Command } from "commander";
import { isoFromInstant } from "../core/clock.ts";
import { passingMasks } from "../setup.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalledReads } from "./config-option.ts";

/** Registers `quarantine`: what arrived and could not be read, with the reason. */
export function quarantineCommand(program: Command): void {
  program
    .command("quarantine")
    .description(
      "show the latest records that could not be read or that no format recognises, with the reason",
    )
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--limit <n>", "how many", "50")
    .option("--json", "one JSON line each")
    .action(async (options: { config: string; limit: string; json?: boolean }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const reads = await openInstalledReads(loaded);
      try {
        const entries = await reads.quarantine(loaded.config.facility.id, Number(options.limit));
        if (entries.length === 0 && !options.json)
          process.stderr.write("nothing: all that was read so far was understood\n");
        const { config } = loaded;
        const masked = passingMasks({ config }).every(entries, { incident: null });
        for (const { received, source, code, message, sample } of masked) {
          const at = isoFromInstant(received);
          // A sample comes from outside: JSON shows its controls instead of obeying them.
          const line = options.json
            ? JSON.stringify({ received: at, source, code, message, sample })
            : `${at}  ${source}  ${code}: ${JSON.stringify(message)}  ${JSON.stringify(sample.slice(0, 200))}`;
          process.stdout.write(`${line}\n`);
        }
      } finally {
        await reads.close();
      }
    });
}
