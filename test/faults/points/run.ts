import { isDeepStrictEqual, parseArgs } from "node:util";
import { tellStory } from "./story.ts";

/**
 * `node test/faults/points/run.ts [RUNS] [SEED]`: ends a daemon at points beside commits, each of those that the story comes by
 * in turn, then anew and a second time while it recovers, and tells what an invariant says is wrong. `--from N` goes on with
 * the Nth run, `--at POINT` (more than once for several ends) tries one again.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: "string", default: "0" }, at: { type: "string", multiple: true } },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const [runs = 100, seed = 1] = positionals.map(Number);
/** Told at once: most of a telling waits. */
const TOGETHER = 2;
/** Beyond so many points after its start a process has recovered. */
const RECOVERY = 40;

const { points, violations: first, messages } = await tellStory();
if (first.length > 0) throw new Error(`without any fault: ${first.join("; ")}`);
const times = new Map<string, number>();
const all = points.map((point) => {
  const count = (times.get(point) ?? 0) + 1;
  times.set(point, count);
  return `${point}#${count}`;
});
/** Another seed begins elsewhere: together they go through all. */
function killsOf(n: number): string[] {
  const point = all[(n * 7919 + seed * 104_729) % all.length] as string;
  const round = Math.floor(n / all.length);
  return round === 0 ? [point] : [point, `*#${1 + ((n * 31 + seed * 17) % RECOVERY)}`];
}

let wrong = 0;
let ended = 0;
let kills = 0;
async function run(name: string, at: readonly string[]): Promise<void> {
  const told = await tellStory(at).catch((error: unknown) => ({
    ...{ kills: 1, messages },
    violations: [`${error}`],
  }));
  const violations = [...told.violations];
  if (!isDeepStrictEqual(told.messages, messages))
    violations.push(`told ${JSON.stringify(told.messages)}, not ${JSON.stringify(messages)}`);
  kills += told.kills;
  if (told.kills > 0) ended += 1;
  if (violations.length === 0) return;
  wrong += 1;
  say(`VIOLATION run ${name}: ${at.map((each) => `--at "${each}"`).join(" ")}: ${violations.join("; ")}`);
}

if (values.at !== undefined) await run("again", values.at);
else {
  say(`${all.length} points; ${runs} runs of seed ${seed} from ${values.from}`);
  let next = Number(values.from);
  const work = async () => {
    for (let n = next++; n < runs; n = next++) {
      await run(String(n), killsOf(n));
      if (n % 50 === 49) say(`${n + 1} runs, ${kills} kills, ${wrong} with a violation`);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
}
say(
  `${all.length} points (${new Set(points).size} kinds), ${ended} runs ended at their point, ${kills} kills, ${wrong} with a violation (seed ${seed})`,
);
if (wrong > 0) process.exitCode = 1;
