import type { Command } from "commander";
import { isoFromInstant } from "../../core/clock.ts";
import { passingMasks } from "../../setup.ts";
import { locator } from "../../stages/locate.ts";
import { unknownAssets } from "../../stages/note-unknown.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalledReads } from "../config-option.ts";

/** Registers `assets unknown`: the hosts that alerts speak of and that no system claims. */
export function unknownCommand(assets: Command): void {
  assets
    .command("unknown")
    .description("show the hosts that alerts speak of and that no system claims, the longest known first")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--json", "one JSON line each")
    .action(async (options: { config: string; json?: boolean }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const { config, assets } = loaded;
      const reads = await openInstalledReads(loaded);
      try {
        const found = await unknownAssets({
          reads,
          facility: config.facility.id,
          locate: locator(config.systems, assets),
          assets,
        });
        const { hosts, forgotten } = passingMasks(loaded).every(found, { incident: null });
        if (hosts.length === 0 && options.json !== true)
          process.stderr.write("none: every host that alerts spoke of belongs to a system\n");
        for (const { host, first, last, alerts, source, inventory } of hosts) {
          const [since, until] = [isoFromInstant(first), isoFromInstant(last)];
          const known = inventory === null ? null : (inventory.location ?? inventory.groups[0] ?? "yes");
          // A name comes from outside: JSON shows its controls instead of obeying them.
          const line = options.json
            ? JSON.stringify({ host, first: since, last: until, alerts, source, inventory: known })
            : `${since}  ${until}  ${alerts} alert(s)  ${JSON.stringify(host)} from ${source}${known === null ? "" : `; inventory: ${known}`}`;
          process.stdout.write(`${line}\n`);
        }
        if (forgotten.hosts > 0 && options.json !== true)
          process.stdout.write(
            `and ${forgotten.alerts} alert(s) on hosts that gave their place to more frequent ones\n`,
          );
      } finally {
        await reads.close();
      }
    });
}
