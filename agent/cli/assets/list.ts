import type { Command } from "commander";
import { configOrExplain, DEFAULT_CONFIG } from "../config-option.ts";

const WORDS = {
  care_critical: "care-critical",
  health_data: "health data",
  shared: "shared",
  trusted_by_others: "trusted by others",
} as const;

/** Registers `assets list`: each system with its attributes, those that only its kind gave marked. */
export function listCommand(assets: Command): void {
  assets
    .command("list")
    .description("show the systems, what is known of each, and which attributes are defaults of its kind")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--json", "one JSON line each")
    .action((options: { config: string; json?: boolean }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const counts = Map.groupBy(loaded.assets, ({ system }) => system);
      for (const system of loaded.config.systems) {
        const machines = counts.get(system.id)?.length ?? 0;
        if (options.json === true) {
          process.stdout.write(`${JSON.stringify({ ...system, imported: machines })}\n`);
          continue;
        }
        const marked = (name: (typeof system.by_default)[number], text: string) =>
          system.by_default.includes(name) ? `${text} (by default)` : text;
        const traits = (Object.keys(WORDS) as (keyof typeof WORDS)[])
          .filter((name) => system[name])
          .map((name) => marked(name, WORDS[name]));
        const { degraded_after_minutes: degraded, restore_within_minutes: restored } = system;
        traits.push(
          marked(
            "degraded_after_minutes",
            degraded === 0 ? "never to paper" : `to paper after ${degraded} min`,
          ),
          marked("restore_within_minutes", `restored within ${restored} min`),
        );
        const own = system.hosts.length + system.services.length + system.cidrs.length;
        process.stdout.write(
          `${system.id}  ${system.name} [${system.kind}]: ${traits.join(", ")}; ${own} name(s) or network(s), ${machines} machine(s) imported\n`,
        );
      }
      const without = counts.get(null)?.length ?? 0;
      if (without > 0 && options.json !== true)
        process.stdout.write(`${without} machine(s) imported without a system\n`);
    });
}
