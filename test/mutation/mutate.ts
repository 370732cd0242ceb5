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

/** Lines that are drawn together in a sample. */
const DRAWN_LINES = 10;

interface Report {
  files: Record<string, { source: string; mutants: { status: string }[] }>;
}

/**
 * `npm run mutation -- [--again] [--concurrency N] FILE|FOLDER…` meets what has not been met since it changed;
 * `--sample N` those of N times ten lines of each folder, drawn by `--seed`, and keeps nothing; `--place NAME` meets one
 * of the named places, whole.
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
    const all = given.endsWith(".ts") ? [given] : globSync(`${given}/**/*.ts`).sort();
    const files = all.filter((file) => !file.endsWith(".test.ts"));
    if (values.sample !== undefined) {
      const name = `${room} drawn`;
      const drawn = drawLines(files, Number(values.sample), values.seed);
      await runStryker({ mutate: drawn, tests, name, concurrency });
      tell(given, readReport(`${OUTPUT}/${slugOf(name)}.json`));
      continue;
    }
    const incremental = `${OUTPUT}/${slugOf(room)}.incremental.json`;
    const met = existsSync(incremental) ? readReport(incremental) : { files: {} };
    const left = files.filter(
      (file) => values.again || met.files[file]?.source !== readFileSync(file, "utf8"),
    );
    for (let from = 0; from < left.length; from += AT_ONCE) {
      const batch = left.slice(from, from + AT_ONCE);
      await runStryker({ mutate: batch, tests, name: room, incremental: true, concurrency });
    }
    const found = Object.entries(readReport(incremental).files).filter(([file]) => files.includes(file));
    tell(given, { files: Object.fromEntries(found) });
  }
}

/** So many times ten lines of the files, as Stryker takes them; the same for the same seed. */
function drawLines(files: readonly string[], many: number, seed: string): string[] {
  const windows = files.flatMap((file) => {
    const lines = readFileSync(file, "utf8").split("\n").length;
    return Array.from({ length: Math.ceil(lines / DRAWN_LINES) }, (_, n) => {
      const from = 1 + n * DRAWN_LINES;
      return `${file}:${from}-${Math.min(from + DRAWN_LINES - 1, lines)}`;
    });
  });
  return windows
    .map((window) => ({ window, lot: sha256Hex(`${seed} ${window}`) }))
    .toSorted((a, b) => (a.lot < b.lot ? -1 : 1))
    .slice(0, many)
    .map(({ window }) => window);
}

const readReport = (file: string): Report => JSON.parse(readFileSync(file, "utf8"));

/** Prints the score of each file and of all of them; fails the command below the least. */
function tell(what: string, { files }: Report): void {
  const sum = { found: 0, left: 0 };
  for (const [file, { mutants }] of Object.entries(files).sort()) {
    const found = mutants.filter(({ status }) => status === "Killed" || status === "Timeout").length;
    const left = mutants.filter(({ status }) => status === "Survived" || status === "NoCoverage").length;
    sum.found += found;
    sum.left += left;
    process.stdout.write(`${score(found, left)} ${found} of ${found + left} ${file}\n`);
  }
  const total = sum.found + sum.left;
  process.stdout.write(
    `${score(sum.found, sum.left)} ${sum.found} of ${total} in ${Object.keys(files).length} files of ${what}\n`,
  );
  if ((100 * sum.found) / total < LEAST_SCORE) process.exitCode = 1;
}

const score = (found: number, left: number) =>
  `${((100 * found) / (found + left || 1)).toFixed(1).padStart(5)} %`;

await mutate();
