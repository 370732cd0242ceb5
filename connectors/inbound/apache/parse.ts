import type { ParseContext, Parsed } from "../../contract.ts";
import { parseWebLine } from "../../shared/web/parse-web-line.ts";
import { readApacheError } from "../../shared/web/read-apache-error.ts";

/**
 * Reads one line of Apache's access log or error log.
 *
 * Errors: `empty`, `not_apache` (neither of them; the alert has the text).
 */
export function parseApache(text: string, context: ParseContext): Parsed {
  return parseWebLine("apache", readApacheError, text, context);
}
