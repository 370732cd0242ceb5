import type { Command } from "commander";
import type { ParseContext } from "../../connectors/contract.ts";
import { INBOUND, inboundNamed } from "../../connectors/registry.ts";
import { isZone } from "../../connectors/shared/utc-from-local.ts";
import { systemClock } from "../core/clock.ts";
import { type Problem, problemSentence, TocsinError } from "../core/errors.ts";

const SOURCES = ["auto", ...INBOUND.map(({ name }) => name)].join(", ");

/** What ends a command before it could do what was asked: exit code 2. */
const UNTRIED = new Set(["unreadable_file", "unwritable_output", "config_invalid"]);

/** How the records given to `parse`, `rules match` and `replay` are to be read. */
export interface ReadOptions {
  /** Absent where the command has a reading of its own. */
  as?: string | undefined;
  input: "lines" | "json-strings";
  year?: string | undefined;
  zone: string;
}

/** Adds the options that say how records are read; `unstated` is what the command does without `--as`. */
export function addReadOptions(command: Command, unstated: string | undefined): Command {
  const described = `format of the records: ${SOURCES}`;
  return (
    unstated === undefined
      ? command.option("--as <source>", described, "auto")
      : command.option("--as <source>", `${described} (Default: ${unstated})`)
  )
    .option("--input <form>", "lines, or json-strings: each line a JSON string holding one record", "lines")
    .option("--year <year>", "year of dates that state none (Default: the one nearest to now)")
    .option("--zone <zone>", "IANA zone of dates that state none", "UTC");
}

/** What is wrong with the options, in one sentence; undefined when nothing is. */
export function readOptionsError({ as, input, year, zone }: ReadOptions): string | undefined {
  if (as !== undefined && as !== "auto" && inboundNamed(as) === undefined)
    return `--as ${as}: no such source; one of ${SOURCES}`;
  if (input !== "lines" && input !== "json-strings") return `--input ${input}: write lines or json-strings`;
  if (year !== undefined && !/^(?:19|20|21)\d\d$/.test(year))
    return `--year ${year}: write a year of four digits`;
  if (!isZone(zone)) return `--zone ${zone}: no such IANA zone; write one like Europe/Paris`;
  return undefined;
}

/** The first path named by `--rules` that leads nowhere, in one sentence; undefined when each leads to something. */
export function rulesPathError(paths: readonly string[], refused: readonly Problem[]): string | undefined {
  const missing = refused.find(
    ({ code, where }) => code === "file_unreadable" && where !== undefined && paths.includes(where),
  );
  return missing === undefined ? undefined : `--rules ${problemSentence(missing)}`;
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
