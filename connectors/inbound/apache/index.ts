import { isoFromInstant } from "../../../agent/core/clock.ts";
import type { Inbound } from "../../contract.ts";
import { isAccessLine } from "../../shared/web/parse-web-line.ts";
import { parseApache } from "./parse.ts";

/** The connector of the files of Apache's HTTP server. */
export const apache: Inbound = {
  name: "apache",
  summary:
    "Apache's access logs (common, combined, with virtual hosts, TLS) and error logs, ModSecurity's included.",
  ways: ["text"],
  example: (text, at) =>
    `[${isoFromInstant(at).slice(0, 19).replace("T", " ")}] [core:notice] [pid 1] ${text}`,
  parse: parseApache,
  recognise(text) {
    // Apache and nginx write access logs alike: what is read is the same.
    if (isAccessLine(text)) return { certainty: 0.85, because: "it is a line of an access log" };
    const head = text.slice(0, 200);
    if (/^AH\d{5}: /.test(head)) return { certainty: 0.7, because: "it begins with a code of Apache" };
    return /^\[(?:[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,6})? \d{4}|\d{4}-\d\d-\d\d[ T][\d:.]{8,18}(?: ?[+-]\d\d:?\d\d|Z)?)\] \[(?:[a-z0-9_]{0,64}:)?(?:emerg|alert|crit|error|warn|notice|info|debug|trace[1-8])\]/.test(
      head,
    )
      ? { certainty: 0.95, because: "it begins with a date and a level between brackets" }
      : { certainty: 0, because: "neither an access line nor a date and a level between brackets" };
  },
};
