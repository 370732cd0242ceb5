import type { ParseContext, Parsed } from "../../contract.ts";
import { type OwnFile, parseLine } from "../../shared/bodies/parse-line.ts";
import { readSquid } from "../../shared/bodies/read-squid.ts";
import { instantFromEpoch } from "../../shared/read-date.ts";

const FILE: OwnFile = {
  program: "squid",
  read: readSquid,
  instantOf: (line) => instantFromEpoch(/^\d{9,10}\.\d{3}(?= )/.exec(line.slice(0, 16))?.[0] ?? ""),
};

/**
 * Reads one line of Squid's access log.
 *
 * Errors: `empty`, `not_squid` (the alert has the text).
 */
export function parseSquid(text: string, context: ParseContext): Parsed {
  return parseLine(FILE, text, context);
}
