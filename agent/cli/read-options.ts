import type { Command } from "commander";
import type { ParseContext } from "../../connectors/contract.ts";
import { nearestName } from "../../connectors/mapping/nearest-name.ts";
import { type Catalogue, openCatalogue } from "../../connectors/registry.ts";
import { isZone } from "../../connectors/shared/utc-from-local.ts";
import { systemClock } from "../core/clock.ts";
import { type Problem, problemSentence, TocsinError } from "../core/errors.ts";
import { INPUT_FORMS, type InputForm } from "./records.ts";
import { repeated } from "./repeated.ts";

/** What ends a command before it could do what was asked: exit code 2. */
const UNTRIED = new Set([
  "unreadable_file",
  "unwritable_output",
  "config_invalid",
  "expectations_invalid",
  "mapping_refused",
  "unknown_source",
  "not_polled",
  "nothing_recognised",
  "incident_unknown",
  "incident_closed",
  "incident_merged",
  "account_unfit",
  "bad_option",
  "defence_secret",
]);

/** How the records given to `parse`, `rules match` and `replay` are to be read. */
export interface ReadOptions {
  /** Absent where the command has a reading of its own. */
  as?: string | undefined;
  input: InputForm;
  mappings: string[];
  year?: string | undefined;
  zone: string;
}

/** Adds the options that say how records are read; `unstated` is what the command does without `--as`. */
export function addReadOptions(command: Command, unstated: string | undefined): Command {
  const described = "what the records are: a format, a mapping (mappings check lists them), or auto";
  return (
    unstated === undefined
      ? command.option("--as <source>", described, "auto")
      : command.option("--as <source>", `${described} (Default: ${unstated})`)
  )
    .option("--input <form>", "lines, octet-counted (RFC 6587), or json-strings: a record a line", "lines")
    .option("--year <year>", "year of dates that state none (Default: the last that is not to come)")
    .option("--zone <zone>", "IANA zone of dates that state none", "UTC")
    .option(
      "--mappings <path>",
      "a mapping or a folder of them, beside those of the program; may be repeated",
      repeated,
      [],
    );
}

/** What is wrong with the options, in one sentence; undefined when nothing is. */
export function readOptionsError({ input, year, zone }: ReadOptions): string | undefined {
  if (!INPUT_FORMS.includes(input)) return `--input ${input}: write one of ${INPUT_FORMS.join(", ")}`;
  if (year !== undefined && !/^(?:19|20|21)\d\d$/.test(year))
    return `--year ${year}: write a year of four digits`;
  if (!isZone(zone)) return `--zone ${zone}: no such IANA zone; write one like Europe/Paris`;
  return undefined;
}

/**
 * Opens what `--as` may name, with the mappings of `--mappings` and those given beside.
 *
 * Throws TocsinError `mapping_refused` with all that is wrong with them, `unknown_source` when `--as` names nothing.
 */
export function catalogueFor({ as, mappings }: ReadOptions, beside: readonly string[] = []): Catalogue {
  const { catalogue, problems } = openCatalogue([...mappings, ...beside]);
  if (problems.length > 0)
    throw new TocsinError({ code: "mapping_refused", message: problems.map(problemSentence).join("\n") });
  if (as !== undefined && catalogue.named(as) === undefined) {
    const near = nearestName(as, catalogue.names);
    const hint = near === undefined ? `one of ${catalogue.names.join(", ")}` : `did you mean ${near}?`;
    const message = `--as ${as}: no such source; ${hint}`;
    throw new TocsinError({ code: "unknown_source", message });
  }
  return catalogue;
}

/** What a path that leads nowhere is told as. */
const NOWHERE = new Set(["file_unreadable", "meanings_unreadable"]);

/** The first of the paths given that leads nowhere, in one sentence; undefined when each leads to something. */
export function missingPath(paths: readonly string[], refused: readonly Problem[]): string | undefined {
  const missing = refused.find(
    ({ code, where }) => NOWHERE.has(code) && where !== undefined && paths.includes(where),
  );
  return missing === undefined ? undefined : problemSentence(missing);
}

/** The same of the paths named by `--rules`. */
export function rulesPathError(paths: readonly string[], refused: readonly Problem[]): string | undefined {
  const missing = missingPath(paths, refused);
  return missing === undefined ? undefined : `--rules ${missing}`;
}

/** What a parser is told of the options. */
export function contextOf({ year, zone }: ReadOptions): ParseContext {
  return { received: systemClock.now(), zone, ...(year === undefined ? {} : { year: Number(year) }) };
}

/** What kept a command from being tried, in one sentence; anything else is thrown on. */
export function untriedSentence(thrown: unknown): string {
  if (thrown instanceof TocsinError && UNTRIED.has(thrown.code)) return thrown.message;
  throw thrown;
}
