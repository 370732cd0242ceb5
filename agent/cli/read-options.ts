import { type Command, InvalidArgumentError } from "commander";
import type { ParseContext } from "../../connectors/contract.ts";
import { INBOUND, inboundNamed } from "../../connectors/registry.ts";
import { isZone } from "../../connectors/shared/utc-from-local.ts";
import { systemClock } from "../core/clock.ts";
import { problemSentence, TocsinError } from "../core/errors.ts";

const USAGE = 2;
const SOURCES = ["auto", ...INBOUND.map(({ name }) => name)].join(", ");

/** How the records given to `parse`, `rules match` and `replay` are to be read. */
export interface ReadOptions {
  /** Absent only where the command has a reading of its own. */
  as?: string | undefined;
  input: "lines" | "json-strings";
  year?: string | undefined;
  zone: string;
}

/** Adds the options that say how records are read, and checks them; a wrong one ends the command with 2. */
export function readOptions(command: Command, as: { by: string; otherwise?: string }): Command {
  return command
    .option("--as <source>", `format of the records: ${SOURCES}${as.by}`, checked(sourceError), as.otherwise)
    .option(
      "--input <form>",
      "lines, or json-strings: each line a JSON string holding one record",
      checked(inputError),
      "lines",
    )
    .option(
      "--year <year>",
      "year of dates that state none (Default: the one nearest to now)",
      checked(yearError),
    )
    .option("--zone <zone>", "IANA zone of dates that state none", checked(zoneError), "UTC");
}

/** What the options tell a parser. */
export function contextOf({ year, zone }: ReadOptions): ParseContext {
  return { received: systemClock.now(), zone, ...(year === undefined ? {} : { year: Number(year) }) };
}

/** Runs a command on records; input that cannot be read, or output that cannot be written, ends it with 2. */
export async function orUsageError<T>(command: Command, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof TocsinError) || !UNTRIED.has(thrown.code)) throw thrown;
    return command.error(`${command.name()}: ${problemSentence(thrown)}`, {
      exitCode: USAGE,
      code: `tocsin.${thrown.code}`,
    });
  }
}

/** Says what is wrong with the command line and ends with 2. */
export function usageError(command: Command, message: string): never {
  return command.error(`${command.name()}: ${message}`, { exitCode: USAGE, code: "tocsin.usage" });
}

const UNTRIED = new Set(["unreadable_file", "unwritable_output"]);
