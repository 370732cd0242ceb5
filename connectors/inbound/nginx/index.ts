import { isoFromInstant } from "../../../agent/core/clock.ts";
import type { Inbound } from "../../contract.ts";
import { isAccessLine } from "../../shared/web/parse-web-line.ts";
import { parseNginx } from "./parse.ts";

/** The connector of nginx's files. */
export const nginx: Inbound = {
  name: "nginx",
  summary: "nginx's access logs (combined, and what is added to it) and error logs.",
  ways: ["text"],
  example: (text, at) =>
    `${isoFromInstant(at).slice(0, 19).replaceAll("-", "/").replace("T", " ")} [notice] 1#0: ${text}`,
  parse: parseNginx,
  recognise(text) {
    if (/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[[a-z]{2,8}\] \d{1,10}[#:]\d/.test(text.slice(0, 64)))
      return { certainty: 0.97, because: "it begins with a date, a level and a process of nginx" };
    // Apache wrote this format first: alike, it is called Apache's.
    return isAccessLine(text)
      ? { certainty: 0.8, because: "it is a line of an access log" }
      : { certainty: 0, because: "neither an access line nor the beginning of an error" };
  },
};
