import { existsSync, globSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { sha256Hex } from "../../agent/core/sha256.ts";
import { NAMED_PLACES, rangeOf } from "./named-places.ts";
import { OUTPUT, runStryker, slugOf } from "./run-stryker.ts";

/**
 * The rooms whose mutants are met, and the tests that have to find them: those of the room itself. What is in the core is
 * mostly words of all others: the tests of what is built of them alone count too.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "agent/core": ["agent/core/**/*.test.ts", "agent/stages/**/*.test.ts", "config/**/*.test.ts"],
  "rules/engine": ["rules/engine/**/*.test.ts"],
  "agent/stages": ["agent/stages/**/*.test.ts"],
};

/** Files that are met in one run: what an interruption loses. */
const AT_ONCE = 6;
/** Of the mutants that count, those that have to be found. */
const LEAST_SCORE = 80;

interface Report {
  files: Record<string, { source: string; mutants: { status: string }[] }>;
}

/**
 * `npm run mutation -- [--again] [--concurrency N] FILE|FOLDER…` meets what has not been met since it changed;
 * `--sample N` only as many files of each folder, drawn by `--seed`; `--place NAME` meets one of the named places, whole.
 */
async function mutate(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      place: { type: "string" },
      again: { type: "boolean", default: false },
      concurrency: { type: "string", default: "1" },
      sample: { type: "string" },
      seed: { type: "string", default: "1" },
    },
  });
  const concurrency = Number(values.concurrency);
  if (values.place !== undefined) {
    const place = NAMED_PLACES.find(({ name }) => name === values.place);
    if (place === undefined) throw new Error(`no place of that name: ${values.place}`);
    const { name, code, tests } = place;
    await runStryker({ mutate: code.map(rangeOf), tests, name, concurrency });
    return;
  }
  for (const given of positionals.length > 0 ? positionals : Object.keys(ROOMS)) {
    const [room, tests] = Object.entries(ROOMS).find(([name]) => given.startsWith(name)) ?? [];
    if (room === undefined || tests === undefined)
      throw new Error(`${given} is in no room of ${Object.keys(ROOMS)}`);
    const met = reportOf(room);
    const all = given.endsWith(".ts") ? [given] : globSync(`${given}/**/*.ts`).sort();
    const code = all.filter((file) => !file.endsWith(".test.ts"));
    const files = values.sample === undefined ? code : drawn(code, Number(values.sample), values.seed);
    const left = files.filter(
      (file) => values.again || met.files[file]?.source !== readFileSync(file, "utf8"),
    );
    for (let from = 0; from < left.length; from += AT_ONCE) {
      const batch = left.slice(from, from + AT_ONCE);
      await runStryker({ mutate: batch, tests, name: room, incremental: true, concurrency });
    }
    tell(room, files);
  }
}

/** So many of the files, the same for the same seed. */
function drawn(files: readonly string[], many: number, seed: string): string[] {
  const lot = (file: string) => sha256Hex(`${seed} ${file}`);
  return files.toSorted((a, b) => (lot(a) < lot(b) ? -1 : 1)).slice(0, many);
}

/** What is known of a room so far. */
function reportOf(room: string): Report {
  const file = `${OUTPUT}/${slugOf(room)}.incremental.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { files: {} };
}

/** Prints the score of each file and of all of them; fails the command below the least. */
function tell(room: string, files: readonly string[]): void {
  const sum = { found: 0, left: 0 };
  for (const [file, { mutants }] of Object.entries(reportOf(room).files).sort()) {
    if (!files.includes(file)) continue;
    const found = mutants.filter(({ status }) => status === "Killed" || status === "Timeout").length;
    const left = mutants.filter(({ status }) => status === "Survived" || status === "NoCoverage").length;
    sum.found += found;
    sum.left += left;
    process.stdout.write(`${score(found, left)} ${found} of ${found + left} ${file}\n`);
  }
  process.stdout.write(
    `${score(sum.found, sum.left)} ${sum.found} of ${sum.found + sum.left} in ${files.length} files of ${room}\n`,
  );
  if ((100 * sum.found) / (sum.found + sum.left) < LEAST_SCORE) process.exitCode = 1;
}

const score = (found: number, left: number) =>
  `${((100 * found) / (found + left || 1)).toFixed(1).padStart(5)} %`;

await mutate();
