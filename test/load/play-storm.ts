import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { flowing, openFirehose } from "../bench/firehose.ts";
import type { Amounts } from "../bench/furnish.ts";
import type { Drawn } from "../bench/report.ts";
import { type BenchDaemon, inScene } from "../bench/scene.ts";
import { openBrowser } from "../support/browser.ts";
import { eventually, FACILITY } from "../support/daemon.ts";
import { askMetrics } from "./ask-metrics.ts";
import { brokenBy, standing } from "./broken-by.ts";
import { delegatesAtWork, type Worked } from "./delegates-at-work.ts";
import { drawStorm } from "./draw-storm.ts";
import { openBackground } from "./open-background.ts";
import { setStage } from "./set-stage.ts";
import { memoryOf } from "./watch-vitals.ts";

const FULL: Amounts = { incidents: 10_000, alerts: 100_000, largest: 5_000 };
const SMALL: Amounts = { incidents: 60, alerts: 600, largest: 100 };
/** Delegates with a browser each. */
const DELEGATES = 4;
/** Attacks that are an incident each, and pages by plain HTTP, a second. */
const RATES = { attacks: 5, pages: 10 };
/** Without progress for so long, a line is lost, seconds. */
const PATIENCE = 120;
/** What the daemon gives back meanwhile is no longer held, ms. */
const SETTLING = 5_000;

/** How long the storm is, and over how much. */
export interface StormOptions {
  seconds: number;
  /** A record that only proves that everything runs. */
  small: boolean;
  say: (line: string) => void;
}

/** A storm over one TCP connection at the rate that the machine takes, while people work and other attacks come in; with what broke. */
export async function playStorm({
  seconds,
  small,
  say,
}: StormOptions): Promise<{ tables: Drawn[]; broken: readonly string[] }> {
  return inScene(async (scene) => {
    const stage = await setStage(scene, small ? SMALL : FULL, DELEGATES);
    const { daemon, hears, paths, means } = stage;
    const browser = await openBrowser();
    scene.after(() => browser.close());
    const before = await standing(daemon);
    const background = openBackground({ ...stage, rates: RATES });

    say(`quiet, beside ${before.incidents} incidents and ${before.alerts} alerts stored`);
    const quiet = await background.measure(seconds / 3);
    const known = new Set(hears.heard.keys());
    const waiting = [...known].flatMap((key) => /^decision_needed (.+)/.exec(key)?.[1] ?? []);

    say("the storm");
    const firehose = openFirehose(daemon.tcp);
    scene.after(firehose.cut);
    await flowing(daemon);
    const incident = await eventually("the storm to be told", () =>
      [...hears.heard.keys()]
        .find((key) => !known.has(key))
        ?.split(" ")
        .at(1),
    );
    for (const page of ["", "/declaration", "/decision", "/faits"])
      paths.push(`incidents/${incident}${page}`);
    const own = monitorEventLoopDelay();
    own.enable();
    let worked: Worked | undefined;
    const fired = await background.measure(seconds, async (over) => {
      worked = await delegatesAtWork({ browser, daemon, means }, () => waiting.shift(), over);
    });
    own.disable();

    const ended = performance.now();
    const poured = await firehose.end();
    const taken = async () => (await askMetrics(daemon)).decided("lines").all === poured.lines || undefined;
    await eventually("every line that was sent to be taken", taken, PATIENCE);
    const joined = async () => (await alertsOf(daemon, incident)) === poured.relevant || undefined;
    await eventually("every alert to be in its incident", joined, PATIENCE);
    const behind = (performance.now() - ended) / 1000;
    say(`over: ${poured.lines} lines sent and taken, ${poured.relevant} relevant, all in one incident`);
    const slow = fired.slowest.map(({ path, milliseconds }) => `${path} ${milliseconds.toFixed(0)} ms`);
    say(`slowest pages: ${slow.join(", ")}`);
    await setTimeout(SETTLING);
    const after = memoryOf(daemon.process.pid ?? 0);
    const code = await daemon.end("SIGTERM");
    const { times, confirmed } = worked as Worked;
    say(`${confirmed.length} texts confirmed; the record is verified`);
    const { attacks } = background;
    const sent = { alerts: poured.relevant + attacks, attacks, incidents: attacks + 1 };
    const broken = await brokenBy(daemon, { ...sent, hears, confirmed, before });
    if (code !== 0) broken.push(`the daemon ended with ${code}`);
    const memory = { after, settling: SETTLING / 1000 };
    return {
      tables: drawStorm({ quiet, fired, times, behind, memory, measurer: own.percentile(99) / 1e6 }),
      broken,
    };
  });
}

async function alertsOf({ house }: BenchDaemon, incident: string): Promise<number> {
  const reads = house.reads();
  try {
    return (await reads.record(FACILITY, "incident", incident))?.content.alerts ?? 0;
  } finally {
    reads.close();
  }
}
