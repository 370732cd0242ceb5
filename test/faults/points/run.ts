import { tellStory } from "./story.ts";

/**
 * `node test/faults/points/run.ts [RUNS] [SEED]`: ends a daemon at points beside commits, each of those that the story comes by
 * in turn, then anew, and tells what an invariant says is wrong. Ends with the number of runs and of violations.
 */
const say = (line: string) => process.stdout.write(`${line}\n`);
const [runs = 100, seed = 1] = process.argv.slice(2).map(Number);

const { points, violations: first } = await tellStory();
if (first.length > 0) throw new Error(`without any fault: ${first.join("; ")}`);
const times = new Map<string, number>();
const all = points.map((point) => {
  const count = (times.get(point) ?? 0) + 1;
  times.set(point, count);
  return `${point}#${count}`;
});
// Another seed begins elsewhere: together they go through all.
const at = (n: number) => all[(n * 7919 + seed * 104_729) % all.length] as string;
let wrong = 0;
let ended = 0;
for (let n = 0; n < runs; n++) {
  const { killed, violations } = await tellStory(at(n)).catch((error: unknown) => ({
    killed: true,
    violations: [String(error)],
  }));
  if (killed) ended += 1;
  if (violations.length > 0) wrong += 1;
  if (violations.length > 0) say(`${at(n)}: ${violations.join("; ")}`);
}
say(
  `${all.length} points, ${runs} runs, ${ended} ended at their point, ${wrong} with a violation (seed ${seed})`,
);
