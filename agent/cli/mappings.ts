import type { Command } from "commander";
import { runMappingCases } from "../../connectors/mapping/run-cases.ts";
import { openCatalogue, readMappings, SHIPPED_MAPPINGS } from "../../connectors/registry.ts";
import { problemSentence } from "../core/errors.ts";
import { parseText } from "../stages/ingest.ts";

/** Registers `mappings check` and `mappings test`. */
export function mappingsCommand(program: Command): void {
  const mappings = program.command("mappings").description("check and test product mappings");
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
}

function checkMappings(paths: string[], json: boolean): number {
  const { mappings, problems } = readMappings(paths.length === 0 ? [SHIPPED_MAPPINGS] : paths);
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

function testMappings(paths: string[]): number {
  const { mappings, problems } = readMappings(paths.length === 0 ? [SHIPPED_MAPPINGS] : paths);
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
