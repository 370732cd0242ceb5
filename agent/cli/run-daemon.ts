import type { Worker } from "node:worker_threads";
import type { LoadedConfig } from "../../config/load.ts";
import { type App, type AppOptions, startApp } from "../app.ts";
import { messageOf } from "../core/errors.ts";
import { liveMasks } from "../core/identities/live-masks.ts";
import type { Role } from "../roles.ts";
import { serviceManager } from "../service-manager.ts";
import { passingMasks } from "../setup.ts";
import { type Level, type Log, openLog } from "../telemetry/log.ts";
import { settle } from "../threads/settle.ts";
import { configOrExplain } from "./config-option.ts";

type Running = Pick<App, "reload" | "refusedSettings" | "causes" | "answers" | "stop">;

/** How long a stop may take in all, ms. */
const LONGEST_STOP = 10_000;

/** Runs the daemon until SIGTERM or SIGINT; sets the exit code. `intake` is its launched thread. */
export async function runDaemon(options: {
  config: string;
  logLevel: Level;
  role: Role;
  intake: Worker;
}): Promise<void> {
  const { intake } = options;
  const loaded = configOrExplain(options.config);
  if (loaded === undefined) {
    await intake.terminate();
    return;
  }
  const masks = liveMasks(passingMasks(loaded));
  const log = openLog(options.logLevel, { facility: loaded.config.facility.id }, masks);
  const ended = Promise.withResolvers<string>();
  const stop = new AbortController();
  let asked = false;
  // Listened to before the start, so that a stop asked meanwhile is heard.
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      if (asked) endAtOnce(log, signal);
      asked = true;
      stop.abort();
      ended.resolve(signal);
    });
  const manager = serviceManager({ environment: process.env, log });
  let reload: (() => void) | undefined;
  process.on("SIGHUP", () => reload?.());
  try {
    const app = await start(loaded, {
      log,
      intake,
      role: options.role,
      signal: stop.signal,
      standing: () => manager.ready({ status: () => "standing by", answers: async () => undefined }),
      onDead: (why) => ended.resolve(why),
      onSettings: (next) => masks.use(passingMasks(next)),
    });
    reload = () => manager.reloading(app.reload("SIGHUP"));
    manager.ready({
      status: () => statusOf(loaded.config.mode, app),
      answers: app.answers,
    });
    settle();
    const why = await ended.promise;
    log.info("stopping", { why });
    reload = undefined;
    manager.stopping();
    // Should the end of a part that hangs, or what none of them knows of, take longer still.
    setTimeout(() => endWithout(["everything"], log), LONGEST_STOP).unref();
    const late = await app.stop();
    if (late.length > 0) endWithout(late, log);
    if (why !== "SIGTERM" && why !== "SIGINT") process.exitCode = 1;
  } catch (error) {
    if (stop.signal.aborted) return log.info("stopped before it had started", { why: await ended.promise });
    log.error("the daemon could not start", { error: messageOf(error) });
    process.exitCode = 1;
  }
}

/** Parts that are threads: Node waits for them at its end, however deep in a call of the system they hang. */
const THREADS = ["store", "intake", "everything"];

/** The process that a role makes; a receiver has neither record nor pages. */
async function start(
  loaded: LoadedConfig,
  { role, ...options }: Omit<AppOptions, "role"> & { role: Role; intake: Worker },
): Promise<Running> {
  if (role !== "receiver") return startApp(loaded, { ...options, role });
  const { startReceiver } = await import("../receiver.ts");
  return startReceiver(loaded, options);
}

/** What was acknowledged is on the disk: nothing is lost by an end that waits for nobody. */
function endWithout(parts: readonly string[], log: Pick<Log, "error">): void {
  log.error("ended without waiting for what did not stop", { parts: parts.join(", ") });
  if (parts.some((part) => THREADS.includes(part))) process.kill(process.pid, "SIGKILL");
  else process.exit(1);
}

/** By the signal itself, as if nobody had listened to it. */
function endAtOnce(log: Pick<Log, "warn">, signal: NodeJS.Signals): void {
  log.warn("asked twice to stop: ended at once", { signal });
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function statusOf(mode: string, app: Pick<Running, "causes" | "refusedSettings">): string {
  const causes = app.causes();
  const refused =
    app.refusedSettings() === null ? "" : "; the configuration is refused, the last good one in force";
  return `${causes.length === 0 ? `ready, in the mode ${mode}` : `not ready: ${causes.join(", ")}`}${refused}`;
}
