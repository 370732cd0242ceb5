import type { Inbound } from "../../contract.ts";
import { isSquidLine, SQUID_CLAIMS } from "../../shared/bodies/read-squid.ts";
import { parseSquid } from "./parse.ts";

/** The connector of Squid's files; through syslog its lines are read by syslog. */
export const squid: Inbound = {
  name: "squid",
  summary: "Squid's access logs in its own format, with what administrators add to it.",
  ways: ["text"],
  example: (text, at) =>
    `${(at / 1_000_000).toFixed(3)} 0 127.0.0.1 TCP_DENIED/403 0 GET http://tocsin.invalid/${text} - HIER_NONE/- -`,
  parse: parseSquid,
  claims: SQUID_CLAIMS,
  recognise: (text) =>
    isSquidLine(text)
      ? { certainty: 0.95, because: "it begins with a time, a client and a result of Squid" }
      : { certainty: 0, because: "it does not begin as a line of Squid" },
};
