import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { quantile } from "../bench/quantile.ts";
import { machineNow } from "../bench/report.ts";
import { flatness } from "./flatness.ts";
import { LINES, WAYS } from "./open-senders.ts";
import { playSoak } from "./play-soak.ts";

// node test/load/soak.ts [--minutes 30] [--small]: moderate load for long, and whether memory stays flat.
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, small: { type: "boolean", default: false } },
});
/** The last third of a flat run is above the second by at most so much: of memory a part, of open files as many. */
const BOUNDS = { memory: 0.05, files: 10 };
const minutes = Number(values.minutes);
const say = (line: string) => void process.stdout.write(`${line}\n`);
const whole = (value: number | undefined) => (value ?? 0).toFixed(0);
const spread = (of: readonly number[]) => `${whole(quantile(of, 0.99))}/${whole(Math.max(0, ...of))}`;

say(machineNow());
say(`${LINES} lines a second by ${WAYS.join(", ")}, 0.8 % of them relevant`);
say(
  "minute  rss MB  heap MB  files  loop p99/max ms  page p99/max ms  webhook p99/max ms  cores  decided  closed  record MB  load",
);
const soak = await playSoak({
  ...{ minutes, small: values.small },
  told({ minute, spell: { vitals, heap, delay, pages, told, cores }, decided, closed, record }) {
    const { rss, files } = vitals.at(-1) ?? {};
    const cells: [string, number][] = [
      [minute.toFixed(1), 6],
      [whole(rss), 6],
      [whole(heap), 7],
      [whole(files), 5],
      [`${whole(delay.p99)}/${whole(delay.max)}`, 15],
      [spread(pages), 15],
      [spread(told), 18],
      [cores.toFixed(2), 5],
      [whole(decided), 7],
      [whole(closed), 6],
      [whole(record), 9],
      [loadavg()[0]?.toFixed(1) ?? "", 4],
    ];
    say(cells.map(([text, width]) => text.padStart(width)).join("  "));
  },
});

const vitals = soak.spells.flatMap((spell) => spell.vitals);
const memory = flatness(
  vitals.map(({ rss }) => rss),
  minutes / 60,
);
const files = flatness(
  vitals.map((each) => each.files),
  minutes / 60,
);
const heap = flatness(
  soak.spells.map((spell) => spell.heap),
  minutes / 60,
);
const percent = (part: number) => `${(part * 100).toFixed(1)} %`;
say(
  `${soak.lines} lines taken, ${soak.lost} datagrams lost; ${soak.led.decided.length} texts confirmed, ${soak.led.closed.length} dossiers closed`,
);
say(
  `memory: second third ${whole(memory.middle)} MB, last ${whole(memory.last)} MB, ${percent(memory.growth)} (at most ${percent(BOUNDS.memory)}); slope ${memory.slope.toFixed(1)} MB an hour`,
);
say(
  `heap of the main thread: ${whole(heap.middle)} MB, ${whole(heap.last)} MB; slope ${heap.slope.toFixed(1)} MB an hour`,
);
say(`open files: ${files.middle.toFixed(1)}, ${files.last.toFixed(1)} (at most ${BOUNDS.files} more)`);
const flat = memory.growth <= BOUNDS.memory && files.last - files.middle <= BOUNDS.files;
say(flat ? "flat" : "NOT FLAT");
say(soak.broken.length === 0 ? "all invariants hold" : `BROKEN: ${soak.broken.join("; ")}`);
// A run of seconds is still warming up.
if (soak.broken.length > 0 || !(flat || values.small)) process.exitCode = 1;
