import type { ParseContext, Parsed } from "../../contract.ts";
import { parseWebLine } from "../../shared/web/parse-web-line.ts";
import { readNginxError } from "../../shared/web/read-nginx-error.ts";

/**
 * Reads one line of nginx's access log or error log.
 *
 * Errors: `empty`, `not_nginx` (neither of them; the alert has the text).
 */
export function parseNginx(text: string, context: ParseContext): Parsed {
  return parseWebLine("nginx", readNginxError, text, context);
}
