import { existsSync, readFileSync } from "node:fs";
import { Agent } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { confirm, isCancel } from "@clack/prompts";
import axios from "axios";
import type { Command } from "commander";
import type { LoadedConfig } from "../../../config/load.ts";
import { MICROSECONDS, systemClock } from "../../core/clock.ts";
import { messageOf, problemSentence } from "../../core/errors.ts";
import { uuidv7 } from "../../core/id.ts";
import { recordOf } from "../../record.ts";
import { exerciseWrite } from "../../stages/exercise/exercise-runs.ts";
import { hostsOf } from "../../stages/exercise/fill-record.ts";
import { unfitRecord } from "../../stages/exercise/fit-to-play.ts";
import { lengthOf, type ReadScenario } from "../../stages/exercise/scenario.ts";
import { duration } from "../../stages/french.ts";
import { placeName } from "../../store/postgres/connection.ts";
import { openReads } from "../../store/record-place.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "../config-option.ts";
import { openScreen, type Screen } from "../demo/screen.ts";
import { findScenario, unknownTo } from "./find-scenario.ts";
import { believing, openSender } from "./open-sender.ts";
import { planRoutes, reachable } from "./plan-routes.ts";
import { playScenario } from "./play-scenario.ts";

interface PlayOptions {
  config: string;
  speed: string;
  atOnce?: boolean;
  yes?: boolean;
}

const SPEED = /^\d{1,4}(?:\.\d{1,2})?$/;

/** Registers `exercise play`: a scenario through the sockets of the running daemon, for real people. */
export function playCommand(exercise: Command): void {
  exercise
    .command("play")
    .description("play a scenario to the running daemon, which must be in exercise mode")
    .argument("<scenario>", "name of a scenario that comes with the program, or a YAML file")
    .option("--config <file>", "configuration of the daemon", DEFAULT_CONFIG)
    .option("--speed <times>", "how many times faster than the story", "1")
    .option("--at-once", "do not wait between the events of the story")
    .option("--yes", "do not ask before it begins")
    .action(async (named: string, options: PlayOptions) => {
      process.exitCode = await play(named, options);
    });
}

async function play(named: string, options: PlayOptions): Promise<number> {
  const speed = options.atOnce ? null : Number(options.speed);
  if (!SPEED.test(options.speed) || speed === 0)
    return refuse([`--speed ${options.speed} : écrivez 10, ou 0.5`]);
  const { scenario, problems } = findScenario(named);
  if (scenario === undefined) return refuse(problems.map(problemSentence));
  const loaded = configOrExplain(options.config);
  if (loaded === undefined) return 2;
  const { config } = loaded;
  const facility = config.facility.id;
  if (config.mode !== "exercise")
    return refuse([
      `${options.config} : mode ${config.mode}. Un scénario ne se joue que sur un démon en mode exercise.`,
      "Sur une installation réelle, faites une seconde maison : tocsin exercise house (docs/fr/exercice.md).",
    ]);
  const { routes, missing } = planRoutes(scenario, loaded);
  if (missing.length > 0)
    return refuse([...missing, "tocsin exercise house fait une configuration qui prend tout."]);
  const heard = await markedDaemon(loaded);
  if (heard !== undefined) return refuse([heard]);
  const record = recordOf(loaded);
  const database = record.engine === "sqlite" ? record.file : placeName(record.place);
  if (record.engine === "sqlite" && !existsSync(database))
    return refuse([`${database} : le démon n’y a encore rien noté`]);
  const reads = await openReads(record);
  const unfit = await unfitRecord(reads, facility);
  const running = await reads.byState(facility, "incident", ["candidate", "open", "in_review", "approved"], {
    limit: 100,
  });
  await reads.close();
  if (unfit !== undefined)
    return refuse([`${database} : ${unfit}`, "Jouez dans une maison à part : tocsin exercise house."]);

  const screen = openScreen(process.stdout);
  const { values, strange } = hostsOf(scenario, config.systems);
  announce(screen, { scenario, loaded, speed, sources: [...routes.values()].map(({ source }) => source) });
  for (const host of strange)
    screen.line(
      `Attention : aucun système de ce genre dans la configuration ; la machine s’appellera ${host}.`,
    );
  for (const words of unknownTo(config.regimes, scenario)) screen.line(`Attention : ${words}.`);
  if (running.length > 0)
    screen.line(
      `Attention : ${running.length} incident(s) en cours dans ce dossier ; ce qui arrive peut s’y joindre.`,
    );
  if (!options.yes) {
    if (!process.stdin.isTTY) return refuse(["personne à qui demander : ajoutez --yes"]);
    const answer = await confirm({
      message: "Commencer ?",
      active: "oui",
      inactive: "non",
      initialValue: false,
    });
    if (isCancel(answer) || !answer) return refuse(["rien n’a été joué"]);
  }

  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  const { store } = await openInstalled(loaded);
  const sender = openSender();
  const run = uuidv7(systemClock)();
  try {
    const { whole, records } = await playScenario({
      scenario,
      run,
      routes,
      sender,
      values: { ...values, facility: config.facility.name },
      zone: config.facility.time_zone,
      speed,
      clock: systemClock,
      pause: (milliseconds) => wait(milliseconds, undefined, { signal: stopping.signal }),
      signal: stopping.signal,
      async note(note) {
        await store.commit({ facility, at: systemClock.now(), writes: [exerciseWrite(note)] });
      },
      told({ at, say, inject }) {
        const story = `+${Math.round(at / MICROSECONDS.minute)} min`;
        if (inject === undefined) screen.event(story, say ?? "", "cyan");
        else screen.event(story, `☞ ${inject.to} : ${inject.text}`, "yellow");
      },
    });
    screen.line();
    screen.line(whole ? `Joué jusqu’au bout : ${records} lignes et messages.` : "Arrêté avant la fin.");
    screen.line(`Débriefing : ${pagesOf(loaded)}/${facility}/exercices/${run}`);
    return whole ? 0 : 1;
  } catch (error) {
    return refuse([`l’exercice s’est interrompu : ${messageOf(error)}`]);
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
    await sender.close();
    await store.close();
  }
}

function announce(
  screen: Screen,
  about: { scenario: ReadScenario; loaded: LoadedConfig; speed: number | null; sources: string[] },
): void {
  const { scenario, loaded, speed, sources } = about;
  const { config } = loaded;
  const length = lengthOf(scenario);
  const how =
    speed === null
      ? "tout d’un coup"
      : `en ${duration(length / speed)}${speed === 1 ? "" : ` (${speed} fois plus vite)`}`;
  screen.title(`EXERCICE : ${scenario.title}`);
  screen.line(scenario.summary);
  screen.line();
  screen.line(`Établissement : ${config.facility.name} (${loaded.file})`);
  screen.line(`Histoire de ${duration(length)}, jouée ${how}.`);
  screen.line(`Envoyé aux sources : ${[...new Set(sources)].join(", ") || "aucune"}.`);
  const channels = config.notify.map(({ id, connector }) => `${id} (${connector})`);
  screen.line(
    channels.length === 0
      ? "Personne ne sera prévenu : aucun canal dans la configuration."
      : `Des personnes réelles seront prévenues, avec la mention EXERCICE, par : ${channels.join(", ")}.`,
  );
  screen.line("Aucune autorité ne peut être jointe.");
}

/** Says why the daemon that runs is not to be played to; undefined when its own pages are marked EXERCICE. */
async function markedDaemon(loaded: LoadedConfig): Promise<string | undefined> {
  const { tls } = loaded.config.listeners.people;
  const url = `${pagesOf(loaded)}/${loaded.config.facility.id}/connexion`;
  try {
    // A configuration that was changed since the start says nothing of the daemon that runs: its pages do.
    const { data } = await axios.get<string>(url, {
      proxy: false,
      timeout: 10_000,
      responseType: "text",
      ...(tls === undefined
        ? {}
        : { httpsAgent: new Agent(believing(readFileSync(tls.certificate, "utf8"))) }),
    });
    if (/<title>EXERCICE /.test(data)) return undefined;
    return `${url} : le démon qui répond n’est pas en mode exercise (redémarrez-le après avoir changé le mode)`;
  } catch (error) {
    return `${url} : aucun démon ne répond (${messageOf(error)}) ; démarrez-le avec tocsin run`;
  }
}

/** The pages as they are reached from this machine. */
function pagesOf({ config }: LoadedConfig): string {
  const { address, port, tls } = config.listeners.people;
  const host = reachable(address);
  return `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function refuse(lines: readonly string[]): number {
  for (const line of lines) process.stderr.write(`exercise play: ${line}\n`);
  return 2;
}
