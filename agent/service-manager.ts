import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { messageOf } from "./core/errors.ts";
import type { Log } from "./telemetry/log.ts";

/** Where distributions keep it: PATH is not asked. */
const PROGRAMS = ["/usr/bin/systemd-notify", "/bin/systemd-notify"];
/** For how long a message may be on its way, ms: systemd-notify itself waits for five seconds. */
const PATIENCE = 10_000;
/** How often the state is looked at, ms; more often when the watchdog asks for it. */
const LOOK_EVERY = 30_000;
const STATUS_CHARACTERS = 200;

/** Who started the daemon and wants to know how it is. */
export interface ServiceManager {
  /** Says that the daemon serves; then its status when it changes, and that it lives for as long as its parts answer. */
  ready(state: DaemonState): void;
  /** Says that the daemon reloads, until `done` settles. */
  reloading(done: Promise<unknown>): void;
  /** Says that the daemon stops, and nothing after it. */
  stopping(): void;
}

interface DaemonState {
  /** One line for a person. */
  status(): string;
  /** Resolves once every part has answered. */
  answers(): Promise<unknown>;
}

/**
 * Tells systemd what sd_notify(3) has, by its own program: Node has no datagram socket of the local kind.
 * Without NOTIFY_SOCKET in the environment nothing is told; a message that fails is logged, and holds nothing up.
 */
export function serviceManager(parts: {
  environment: Readonly<Record<string, string | undefined>>;
  log: Pick<Log, "warn" | "error">;
  programs?: readonly string[];
  /** For how long a message may be on its way, ms. (Default: 10 s.) */
  patience?: number;
}): ServiceManager {
  const { environment, log, programs = PROGRAMS, patience = PATIENCE } = parts;
  const socket = environment.NOTIFY_SOCKET ?? "";
  if (socket === "") return { ready() {}, reloading() {}, stopping() {} };

  const program = programs.find((path) => existsSync(path));
  const watchdog = watchdogOf(environment);
  let state: DaemonState | undefined;
  let told = "";
  let failing = false;
  let stopped = false;
  let looking = false;
  let silent = false;
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> = Promise.resolve();

  /** One message after the other, in their order. */
  function tell(...words: string[]): void {
    underWay = underWay.then(async () => {
      const problem =
        program === undefined
          ? "systemd-notify is not installed"
          : await send(program, words, { socket, patience });
      // Once, until it works again.
      if (problem !== undefined && !failing)
        log.warn("the service manager is not told", { words, because: problem });
      failing = problem !== undefined;
    });
  }

  /** The status as a word of a message, when it is not the one told last. */
  function status(text: string): string[] {
    // A message is lines: none may be begun by what a status quotes.
    const line = text.replace(/\p{Cc}+/gu, " ").slice(0, STATUS_CHARACTERS);
    if (line === told) return [];
    told = line;
    return [`STATUS=${line}`];
  }

  async function look({ status: now, answers }: DaemonState): Promise<void> {
    if (looking) {
      // Not asked again: the watchdog hears of the daemon when this part answers, or ends it.
      if (!silent) {
        log.error("a part of the daemon does not answer");
        tell(...status("a part of the daemon does not answer"));
      }
      silent = true;
      return;
    }
    looking = true;
    try {
      await answers();
      silent = false;
      const words = [...(watchdog === undefined ? [] : ["WATCHDOG=1"]), ...status(now())];
      if (!stopped && words.length > 0) tell(...words);
    } catch (error) {
      log.error("the parts of the daemon could not be asked", { error: messageOf(error) });
    } finally {
      looking = false;
    }
  }

  return {
    ready(given) {
      // Again, when a process that stood by serves.
      clearInterval(timer);
      state = given;
      tell("READY=1", ...status(given.status()));
      const every = Math.min(LOOK_EVERY, watchdog === undefined ? LOOK_EVERY : watchdog / 2);
      timer = setInterval(() => void look(given), every).unref();
    },
    reloading(done) {
      if (stopped) return;
      tell("RELOADING=1", ...status("reading the configuration anew"));
      const over = () => {
        if (!stopped) tell("READY=1", ...status(state?.status() ?? ""));
      };
      done.then(over, over);
    },
    stopping() {
      stopped = true;
      clearInterval(timer);
      tell("STOPPING=1", ...status("stopping"));
    },
  };
}

/** Within how many ms the watchdog wants to hear of this very process; undefined when there is none. */
function watchdogOf(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  const { WATCHDOG_USEC = "", WATCHDOG_PID = String(process.pid) } = environment;
  if (WATCHDOG_PID !== String(process.pid) || !/^[1-9]\d{3,14}$/.test(WATCHDOG_USEC)) return undefined;
  return Number(WATCHDOG_USEC) / 1000;
}

/** Resolves with what went wrong, if anything did; the program is given nothing of the environment but the socket. */
function send(
  program: string,
  words: string[],
  { socket, patience }: { socket: string; patience: number },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: "ignore", env: { NOTIFY_SOCKET: socket } });
    // Neither the message nor its deadline keeps a daemon that is done from ending.
    child.unref();
    const late = setTimeout(() => child.kill("SIGKILL"), patience).unref();
    child.once("error", (error) => resolve(messageOf(error)));
    child.once("exit", (code, signal) => {
      clearTimeout(late);
      if (code === 0) resolve(undefined);
      else resolve(signal === null ? `${program} ended with ${code}` : `${program} was ended by ${signal}`);
    });
  });
}
