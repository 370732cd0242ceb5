import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import type { App } from "../../agent/app.ts";
import { startApp } from "../../agent/app.ts";
import { systemClock } from "../../agent/core/clock.ts";
import { passingMasks } from "../../agent/setup.ts";
import type { Debrief } from "../../agent/stages/debrief/debrief.ts";
import { debriefOfRun } from "../../agent/stages/debrief/gather-debrief.ts";
import { exerciseRuns } from "../../agent/stages/exercise/exercise-runs.ts";
import { openLog } from "../../agent/telemetry/log.ts";
import { loadConfig } from "../../config/load.ts";
import { type House, MAIN, makeHouse } from "./daemon.ts";
import { freePorts } from "./free-ports.ts";
import { gatewayServer } from "./gateway-server.ts";

/** A facility in exercise mode with its daemon, on ports that its configuration names, and telephones that answer. */
export interface ExerciseHouse {
  house: House;
  app: App;
  /** What people were sent, as it came. */
  told: () => { body: string }[];
  /** Runs a command of ours on its configuration; resolves with its code and what it said. */
  command: (...args: string[]) => Promise<{ code: number | null; said: string }>;
  /** The debrief of the last playing. */
  debrief: () => Promise<Debrief>;
  stop: () => Promise<void>;
}

export async function startExerciseHouse(mode: "exercise" | "observe" = "exercise"): Promise<ExerciseHouse> {
  const phone = await gatewayServer();
  const house = await makeHouse({ mode, webhook: `${phone.url}/crochet` });
  await namePorts(house.config);
  const { loaded, problems } = loadConfig(house.config);
  if (loaded === undefined) throw new Error(JSON.stringify(problems));
  const masks = passingMasks(loaded);
  const app = await startApp(loaded, { log: openLog("error", {}, masks) });
  const { reads } = app.store;
  const { facility } = app.desk;
  return {
    house,
    app,
    told: () => phone.asked,
    command: (...args) => command([...args, "--config", house.config]),
    async debrief() {
      const [run] = await exerciseRuns(reads, facility.id);
      if (run === undefined) throw new Error("nothing was played");
      return debriefOfRun(run, {
        reads,
        facility,
        exercise: true,
        dossier: (incident) => app.desk.dossier(incident),
        masks,
        systemName: (id) => id,
        now: systemClock.now(),
      });
    },
    async stop() {
      await app.stop();
      phone.close();
      house.remove();
    },
  };
}

/** Gives every listener of a configuration a port of its own: a player reads them there. */
export async function namePorts(config: string): Promise<void> {
  const text = readFileSync(config, "utf8");
  const ports = await freePorts(text.split("port: 0").length - 1);
  writeFileSync(
    config,
    text.replace(/port: 0/g, () => `port: ${ports.shift()}`),
  );
}

/** Runs a command of ours to its end. */
export async function command(args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, said };
}
