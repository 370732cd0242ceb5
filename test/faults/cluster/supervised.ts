import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

/** A program that is started again when it ends, as a service manager does. */
export interface Supervised {
  name: string;
  /** Its log records since its last start, and those before them. */
  log: Record<string, unknown>[];
  /** How often it was started. */
  starts(): number;
  /** How it ended by itself: exit codes, in order. */
  ends: (number | null)[];
  start(): void;
  /** Ends it, all of its processes, and starts it again unless told. */
  kill(options?: { again?: boolean }): Promise<void>;
  /** Asks it to end in order, and starts it again unless told. */
  stop(options?: { again?: boolean; signal?: NodeJS.Signals }): Promise<void>;
  /** Stops all of its processes where they are. */
  pause(): void;
  resume(): void;
}

/** Between an end and the next start, ms. */
const RESTART_MS = 500;

/** Keeps a program running; command and environment are asked anew at each start. */
export function supervise(
  name: string,
  command: () => readonly string[],
  environment: () => NodeJS.ProcessEnv = () => process.env,
): Supervised {
  const log: Record<string, unknown>[] = [];
  const ends: (number | null)[] = [];
  let child: ChildProcess | undefined;
  let wanted = false;
  let starts = 0;

  function start(): void {
    wanted = true;
    if (child !== undefined) return;
    const [program = "", ...given] = command();
    const started = spawn(program, given, {
      stdio: ["ignore", "ignore", "pipe"],
      cwd: "/",
      env: environment(),
    });
    child = started;
    starts += 1;
    createInterface({ input: started.stderr as NodeJS.ReadableStream }).on("line", (line) => {
      log.push(recordOf(line));
    });
    started.once("exit", (code) => {
      if (child === started) child = undefined;
      ends.push(code);
      if (!wanted) return;
      void setTimeout(RESTART_MS).then(() => wanted && start());
    });
  }

  const processes = () => (child?.pid === undefined ? [] : [child.pid, ...descendantsOf(child.pid)]);
  function signalAll(signal: NodeJS.Signals): void {
    for (const pid of processes())
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended meanwhile.
      }
  }
  async function end(signal: () => void, again: boolean): Promise<void> {
    wanted = again;
    const ending = child;
    if (ending === undefined) return;
    const ended = once(ending, "exit");
    signal();
    await ended;
  }

  return {
    name,
    log,
    ends,
    starts: () => starts,
    start,
    kill: ({ again = true } = {}) => end(() => signalAll("SIGKILL"), again),
    stop: ({ again = true, signal = "SIGTERM" } = {}) => end(() => child?.kill(signal), again),
    pause: () => signalAll("SIGSTOP"),
    resume: () => signalAll("SIGCONT"),
  };
}

function recordOf(line: string): Record<string, unknown> {
  try {
    return line.startsWith("{") ? JSON.parse(line) : { message: line };
  } catch {
    // Killed in the middle of a line.
    return { message: line };
  }
}

function descendantsOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  const own = readFileSync(file, "utf8").split(" ").filter(Boolean).map(Number);
  return own.flatMap((each) => [each, ...descendantsOf(each)]);
}
