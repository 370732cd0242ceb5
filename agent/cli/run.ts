import { flushCompileCache } from "node:module";
import type { Command } from "commander";
import { startApp } from "../app.ts";
import { messageOf } from "../core/errors.ts";
import { serviceManager } from "../service-manager.ts";
import { passingMasks } from "../setup.ts";
import { type Level, openLog } from "../telemetry/log.ts";
import { configOrExplain, DEFAULT_CONFIG } from "./config-option.ts";

/** Registers `run`: the daemon, until SIGTERM or SIGINT. */
export function runCommand(program: Command): void {
  program
    .command("run")
    .description("run the daemon")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--log-level <level>", "error, warn, info or debug", "info")
    .action(async (options: { config: string; logLevel: Level }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const log = openLog(options.logLevel, { facility: loaded.config.facility.id }, passingMasks(loaded));
      const ended = Promise.withResolvers<string>();
      // Listened to before the start, so that a stop asked meanwhile is heard.
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ended.resolve(signal));
      const manager = serviceManager({ environment: process.env, log });
      let reload: (() => void) | undefined;
      process.on("SIGHUP", () => reload?.());
      try {
        const app = await startApp(loaded, { log, onDead: (why) => ended.resolve(why) });
        reload = () => manager.reloading(app.reloadRules("SIGHUP"));
        manager.ready({
          status: () => statusOf(loaded.config.mode, app.causes()),
          answers: app.answers,
        });
        // Else it is written at the end, which a power cut or a kill does not wait for.
        flushCompileCache();
        const why = await ended.promise;
        log.info("stopping", { why });
        manager.stopping();
        await app.stop();
        if (why !== "SIGTERM" && why !== "SIGINT") process.exitCode = 1;
      } catch (error) {
        log.error("the daemon could not start", { error: messageOf(error) });
        process.exitCode = 1;
      }
    });
}

function statusOf(mode: string, causes: readonly string[]): string {
  return causes.length === 0 ? `ready, in the mode ${mode}` : `not ready: ${causes.join(", ")}`;
}
