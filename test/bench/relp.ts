import { eventually, metric } from "../support/daemon.ts";
import type { BenchOptions } from "./options.ts";
import { beside, imrelp, startRsyslog } from "./peers.ts";
import { makeRecords, relevantOf, SELDOM } from "./records.ts";
import { makeRelpFrames, sendRelp } from "./relp-sender.ts";
import type { Measure } from "./report.ts";
import { inScene } from "./scene.ts";

const GOAL = 50_000;
/** The daemon's code is compiled as it runs: the first seconds are not those of a day. */
const TIMES = { warmUp: 2, seconds: 4 };
const TINY = { warmUp: 0, seconds: 1 };
const WINDOWS = [128, 1000];

/** Lines acknowledged a second over one RELP session, beside rsyslog, which answers what it holds in memory. */
export async function benchRelp({ tiny }: BenchOptions): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const [share, every, most] of [
    ["0.8 %", SELDOM, 1_000_000],
    ["100 %", 1, 300_000],
  ] as const) {
    const frames = makeRelpFrames(makeRecords(tiny ? 200 : most, every));
    for (const window of tiny ? WINDOWS.slice(0, 1) : WINDOWS) {
      const how = { frames, window, ...(tiny ? TINY : TIMES) };
      const own = await inScene(async (scene) => {
        const daemon = await scene.daemon({ listen: "{ transport: relp, port: 0 }" });
        const { acknowledged, reading } = await sendRelp({
          ...how,
          pid: daemon.process.pid ?? 0,
          port: daemon.port("relp"),
        });
        const stored = await metric(daemon, 'tocsin_intake_records_total{source="lines",outcome="stored"}');
        if (stored !== relevantOf(acknowledged, every))
          throw new Error(`${acknowledged} lines acknowledged, ${stored} stored`);
        return reading;
      });
      const peer = await beside(imrelp, "rsyslog imrelp → file", () =>
        inScene(async (scene) => {
          const sink = await startRsyslog(scene, "imrelp");
          const { acknowledged, reading } = await sendRelp({ ...how, ...sink });
          await eventually("what rsyslog acknowledged", () => sink.written() === acknowledged || undefined);
          return reading;
        }),
      );
      measures.push({ what: `${share} matching, window ${window}`, own, goal: GOAL, ...peer });
    }
  }
  return measures;
}
