import { writeFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { Command } from "commander";
import { runMappingCases } from "../../connectors/mapping/run-cases.ts";
import { suggestCases } from "../../connectors/mapping/suggest/suggest-cases.ts";
import { suggestMapping } from "../../connectors/mapping/suggest/suggest-mapping.ts";
import {
  SAMPLE_FORMATS,
  SAMPLE_LIMITS,
  type SampleRecord,
} from "../../connectors/mapping/suggest/suggest-sample.ts";
import { openCatalogue, readMappings, SHIPPED_MAPPINGS } from "../../connectors/registry.ts";
import { systemClock } from "../core/clock.ts";
import { messageOf, problemSentence, TocsinError } from "../core/errors.ts";
import { parseText } from "../stages/ingest.ts";
import { missingPath } from "./read-options.ts";
import { readRecords } from "./records.ts";

/** It could not be tried as it was asked. */
const USAGE = 2;

/** The streams that the command uses. */
interface MappingsStreams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** Registers `mappings check`, `mappings test` and `mappings suggest`. */
export function mappingsCommand(program: Command, streams: MappingsStreams = process): void {
  const mappings = program
    .command("mappings")
    .alias("mapping")
    .description("check, test and begin product mappings");
  mappings
    .command("check")
    .description("read mappings and say all that is wrong with them, with its place")
    .argument("[paths...]", "mapping files and folders (Default: those that come with the program)")
    .option("--json", "print the result as JSON")
    .action((paths: string[], options: { json?: boolean }) => {
      process.exitCode = checkMappings(paths, options.json === true);
    });
  mappings
    .command("test")
    .description("read the records that lie beside the mappings, and compare what becomes of them")
    .argument("[paths...]", "mapping files and folders (Default: those that come with the program)")
    .action((paths: string[]) => {
      process.exitCode = testMappings(paths);
    });
  mappings
    .command("suggest")
    .description("make the skeleton of a mapping from records of one product, one a line")
    .argument("[file]", "file of records, .gz too; - or none is standard input")
    .option("--as <format>", "what the records are: a format, or auto", "auto")
    .option("--name <name>", "name of the mapping (Default: after what names the product)")
    .option("--out <file>", "write it to a new file instead of standard output")
    .option("--cases <file>", "write what the first of each kind is read as to a new file, for mappings test")
    .action(async (file: string | undefined, options: SuggestOptions, command: Command) => {
      try {
        await suggest(file ?? "-", options, streams);
      } catch (thrown) {
        if (!(thrown instanceof TocsinError)) throw thrown;
        command.error(`mappings suggest: ${thrown.message}`, { exitCode: USAGE, code: "tocsin.usage" });
      }
    });
}

interface SuggestOptions {
  as: string;
  name?: string;
  out?: string;
  cases?: string;
}

async function suggest(
  file: string,
  { as, name, out, cases }: SuggestOptions,
  { stdin, stdout, stderr }: MappingsStreams,
): Promise<void> {
  if (!SAMPLE_FORMATS.includes(as)) {
    const message = `--as ${as}: no such format; one of ${SAMPLE_FORMATS.join(", ")}`;
    throw new TocsinError({ code: "bad_option", message });
  }
  const suggested = suggestMapping({
    records: await sampleOf(file, stdin),
    source: file === "-" ? "standard input" : file,
    ...{ as, name, catalogue: openCatalogue([]).catalogue },
    context: { received: systemClock.now(), zone: "UTC" },
  });
  if (suggested.outcome === "refused") {
    const { code } = suggested.problem;
    throw new TocsinError({ code, message: problemSentence(suggested.problem) });
  }
  if (out === undefined) stdout.write(suggested.yaml);
  else writeNew(out, suggested.yaml, "--out");
  if (cases !== undefined) writeNew(cases, suggestCases(suggested, as), "--cases");
  for (const remark of suggested.remarks) stderr.write(`${remark}\n`);
  stderr.write(`${suggested.records.length} records, ${suggested.fields.length} fields placed\n`);
}

/** The records of a sample, and one more than are looked at, so that it is known that there are more. */
async function sampleOf(file: string, stdin: Readable): Promise<SampleRecord[]> {
  const records: SampleRecord[] = [];
  let characters = 0;
  for await (const { line, text } of readRecords([file], { input: "lines", stdin })) {
    records.push({ line, text });
    characters += text.length;
    if (records.length > SAMPLE_LIMITS.records || characters > SAMPLE_LIMITS.characters) break;
  }
  return records;
}

/** Writes a file that is not there yet. */
function writeNew(file: string, text: string, option: string): void {
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (thrown) {
    const message = `${option} ${messageOf(thrown)}; name a file that is not there yet`;
    throw new TocsinError({ code: "unwritable_output", message }, { cause: thrown });
  }
}

function checkMappings(paths: string[], json: boolean): number {
  const { mappings, problems } = readMappings(paths.length === 0 ? [SHIPPED_MAPPINGS] : paths);
  const nowhere = missingPath(paths, problems);
  if (nowhere !== undefined) return untried("check", nowhere);
  if (json) {
    const names = mappings.map(({ name, title, file }) => ({ name, title, file }));
    process.stdout.write(`${JSON.stringify({ mappings: names, problems })}\n`);
  } else {
    for (const { name, title } of mappings) process.stdout.write(`${name}: ${title}\n`);
    for (const problem of problems) process.stdout.write(`${problem.code}: ${problemSentence(problem)}\n`);
    process.stdout.write(`${mappings.length} loaded, ${problems.length} problems\n`);
  }
  return problems.length === 0 ? 0 : 1;
}

function untried(command: string, because: string): number {
  process.stderr.write(`mappings ${command}: ${because}\n`);
  return USAGE;
}

function testMappings(paths: string[]): number {
  const { mappings, problems } = readMappings(paths.length === 0 ? [SHIPPED_MAPPINGS] : paths);
  const nowhere = missingPath(paths, problems);
  if (nowhere !== undefined) return untried("test", nowhere);
  const { catalogue } = openCatalogue(paths);
  const cases = runMappingCases(mappings, (as, record, context) => {
    const source = catalogue.named(as);
    return source === undefined ? undefined : parseText(source, record, context);
  });
  for (const { place, because } of cases.results) {
    if (because !== undefined) process.stdout.write(`${place}: ${because}\n`);
  }
  for (const problem of [...problems, ...cases.problems])
    process.stdout.write(`${problemSentence(problem)}\n`);
  const failed = cases.results.filter(({ outcome }) => outcome === "failed").length;
  const wrong = problems.length + cases.problems.length;
  process.stdout.write(
    `${mappings.length} mappings, ${cases.results.length} cases, ${failed} failed, ${wrong} problems\n`,
  );
  return failed + wrong === 0 ? 0 : 1;
}
