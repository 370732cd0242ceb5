import { type Clock, MICROSECONDS } from "../../core/clock.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { ExerciseNote } from "../../stages/exercise/exercise-runs.ts";
import { fillRecord, timesOf, type Values } from "../../stages/exercise/fill-record.ts";
import { lengthOf, type ReadScenario, type Step } from "../../stages/exercise/scenario.ts";
import { noise } from "./noise.ts";
import type { Sender } from "./open-sender.ts";
import { type Route, routeKey } from "./plan-routes.ts";

/** What a scenario is played with. */
export interface Stage {
  scenario: ReadScenario;
  run: string;
  routes: ReadonlyMap<string, Route>;
  sender: Sender;
  /** Hosts and name of the facility. */
  values: Values;
  zone: string;
  /** How many times faster than the story; null to send everything at once. */
  speed: number | null;
  clock: Clock;
  /** Waits so many milliseconds; rejects when the player is stopped. */
  pause: (milliseconds: number) => Promise<void>;
  signal: AbortSignal;
  /** Writes into the record what the player does. */
  note: (note: ExerciseNote) => Promise<void>;
  /** Told of what happens, for the terminal. */
  told: (step: Step) => void;
}

/** Between two handfuls of noise, ms of the clock on the wall. */
const BREATH = 100;
/** Lines written together. */
const HANDFUL = 500;

/** Plays a scenario to its end, or until it is stopped; says how much was sent. */
export async function playScenario(stage: Stage): Promise<{ whole: boolean; records: number }> {
  const { scenario, run, routes, sender, speed, clock, signal } = stage;
  const { name, title, summary, sha256, expectations } = scenario;
  await stage.note({
    event: "started",
    run,
    scenario: { name, title, summary, sha256 },
    length: lengthOf(scenario),
    speed,
    expectations,
  });
  const started = clock.now();
  let records = 0;
  /** Waits for an instant of the story. */
  const until = async (story: number) => {
    if (speed === null) return;
    const wait = started + story / speed - clock.now();
    if (wait > 0) await stage.pause(wait / 1000);
  };
  const send = async (step: Step) => {
    const route = routes.get(routeKey(step));
    if (route === undefined) return 0;
    const given: readonly unknown[] = step.lines ?? step.records ?? [];
    const made = given.map((record, i) => {
      const id = sha256Hex(`${run} ${step.at} ${i}`).slice(0, 16);
      return fillRecord(record, { ...stage.values, ...timesOf(clock.now(), stage.zone), id });
    });
    if (route.way === "lines") await sender.lines(route.target, made.map(String));
    else for (const body of made) await sender.post(route.target, route, JSON.stringify(body));
    return made.length;
  };
  const rumble = async ({ at, noise: asked, ...step }: Step) => {
    const route = routes.get(routeKey(step));
    if (asked === undefined || route?.way !== "lines") return;
    const all = Math.round((asked.lines_per_second * asked.for) / MICROSECONDS.second);
    for (let sent = 0; sent < all && !signal.aborted; ) {
      const wanted =
        speed === null
          ? all
          : Math.min(all, Math.ceil(((clock.now() - started) * speed - at) * (all / Math.max(1, asked.for))));
      const line = noise(clock.now(), stage.zone);
      const count = Math.min(HANDFUL, wanted - sent);
      if (count > 0) {
        await sender.lines(
          route.target,
          Array.from({ length: count }, (_, i) => line(sent + i)),
        );
        sent += count;
        records += count;
      }
      if (speed !== null && sent >= wanted) await stage.pause(BREATH);
    }
  };

  const background: Promise<void>[] = [];
  try {
    for (const step of scenario.steps) {
      await until(step.at);
      if (signal.aborted) break;
      stage.told(step);
      if (step.inject !== undefined) {
        await stage.note({ event: "inject", run, story: step.at, ...step.inject });
        continue;
      }
      if (step.noise !== undefined) {
        const rumbling = rumble(step);
        // Told when all of it is waited for.
        rumbling.catch(() => undefined);
        background.push(rumbling);
      }
      const count = (step.lines ?? step.records ?? []).length;
      // Before it is sent, so that the record has first what was played, then what came of it.
      if (step.say !== undefined)
        await stage.note({ event: "sent", run, story: step.at, say: step.say, records: count });
      if (step.noise === undefined) records += await send(step);
    }
    await Promise.all(background);
  } catch (error) {
    await Promise.allSettled(background);
    if (!signal.aborted) {
      await stage.note({ event: "ended", run, whole: false, records });
      throw error;
    }
  }
  const whole = !signal.aborted;
  await stage.note({ event: "ended", run, whole, records });
  return { whole, records };
}
