import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Listening } from "../../agent/intake/thread.ts";
import { type Daemon, type House, makeHouse, startDaemon } from "../support/daemon.ts";

/** The processes and the folder of a measure, which are gone at its end. */
export interface Scene {
  /** Makes a folder. */
  folder(name: string): string;
  /** Starts the real daemon in a house of its own, made as asked and furnished before, with these variables beside. */
  daemon(
    asked?: Parameters<typeof makeHouse>[0],
    furnish?: (house: House) => Promise<void>,
    environment?: Record<string, string>,
  ): Promise<BenchDaemon>;
  /** Starts another program. */
  start(command: string, parts: readonly string[]): ChildProcess;
  /** Does this at the end, before what was asked earlier. */
  after(undo: () => unknown): void;
}

/** A real daemon, and what its house holds. */
export interface BenchDaemon extends Daemon {
  house: House;
  port(transport: Listening["transport"]): number;
}

/** Plays a measure and takes everything away, whether it ends, fails or is interrupted. */
export async function inScene<T>(play: (scene: Scene) => Promise<T>): Promise<T> {
  const undos: (() => unknown)[] = [];
  const after = (undo: () => unknown) => void undos.push(undo);
  let over = false;
  const begin = () => {
    if (over) throw new Error("the measure is over");
  };
  const interrupted = Promise.withResolvers<never>();
  const interrupt = (signal: NodeJS.Signals) => interrupted.reject(new Error(`interrupted by ${signal}`));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, interrupt);
    after(() => process.removeListener(signal, interrupt));
  }
  // Who is interrupted before it listens for that would leave it.
  const root = mkdtempSync(join(tmpdir(), "tocsin-bench-"));
  after(() => rmSync(root, { recursive: true, force: true }));
  const scene: Scene = {
    after,
    folder(name) {
      begin();
      const folder = join(root, name);
      mkdirSync(folder);
      return folder;
    },
    async daemon(asked, furnish, environment) {
      begin();
      // What is being made is waited for, so that it is taken away too.
      const making = makeHouse(asked);
      after(() => making.then((made) => made.remove()));
      const house = await making;
      await furnish?.(house);
      begin();
      const starting = startDaemon(house, environment);
      after(() => starting.then(({ process }) => end(process)));
      const daemon = await starting;
      const { listening } = daemon.log.find(({ message }) => message === "ready") as {
        listening: Listening[];
      };
      const port = (transport: Listening["transport"]) =>
        listening.find((each) => each.transport === transport)?.port ?? 0;
      return { ...daemon, house, port };
    },
    start(command, parts) {
      begin();
      const child = spawn(command, parts, { stdio: "ignore" });
      after(() => end(child));
      return child;
    },
  };
  try {
    return await Promise.race([play(scene), interrupted.promise]);
  } finally {
    over = true;
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop())
      await Promise.resolve()
        .then(undo)
        .catch(() => undefined);
  }
}

/** Nothing that it holds is kept, so it is not asked politely. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
