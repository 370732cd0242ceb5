import { type Command, Option } from "commander";
import { INSTALLATION } from "../../config/installation.ts";
import { launchIntake } from "../intake/launch.ts";
import { ROLES, type Role } from "../roles.ts";
import type { Level } from "../telemetry/log.ts";

/** Registers `run`: the daemon, until SIGTERM or SIGINT. */
export function runCommand(program: Command): void {
  program
    .command("run")
    .description("run the daemon")
    .option("--config <file>", "configuration", INSTALLATION.config)
    .addOption(
      new Option("--role <role>", "what this process does, when several share a record")
        .choices(ROLES)
        .default("all"),
    )
    .option("--log-level <level>", "error, warn, info or debug", "info")
    .action(async ({ role, ...options }: { config: string; logLevel: Level; role: Role }) => {
      // Two halves of the program, loaded beside each other.
      const intake = launchIntake();
      const { runDaemon } = await import("./run-daemon.ts");
      await runDaemon({ ...options, role, intake });
    });
}
