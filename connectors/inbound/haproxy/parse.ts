import type { ParseContext, Parsed } from "../../contract.ts";
import { type OwnFile, parseLine } from "../../shared/bodies/parse-line.ts";
import { readHaproxy } from "../../shared/bodies/read-haproxy.ts";
import { readDate } from "../../shared/read-date.ts";

const FILE: OwnFile = {
  program: "haproxy",
  read: readHaproxy,
  instantOf(line, context) {
    const bracket = line.slice(0, 80).indexOf("[");
    return bracket < 0 ? undefined : readDate(line, bracket + 1, context)?.instant;
  },
};

/**
 * Reads one line of HAProxy's own log; its date is when the connection was accepted.
 *
 * Errors: `empty`, `not_haproxy` (the alert has the text).
 */
export function parseHaproxy(text: string, context: ParseContext): Parsed {
  return parseLine(FILE, text, context);
}
