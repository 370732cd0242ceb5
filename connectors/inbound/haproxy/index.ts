import type { Inbound } from "../../contract.ts";
import { isHaproxyLine } from "../../shared/bodies/read-haproxy.ts";
import { parseHaproxy } from "./parse.ts";

/** The connector of HAProxy's files; through syslog its lines are read by syslog. */
export const haproxy: Inbound = {
  name: "haproxy",
  summary: "HAProxy's logs as it writes them to a file or a terminal: HTTP, HTTPS, TCP, errors.",
  ways: ["text"],
  example(text, at) {
    const [, day, month, year, time] = new Date(at / 1000).toUTCString().split(" ");
    return `127.0.0.1:1 [${day}/${month}/${year}:${time}.000] tocsin tocsin/<NOSRV> 0/-1/-1/-1/0 503 0 - - SC-- 1/1/0/0/0 0/0 "GET /${text} HTTP/1.1"`;
  },
  parse: parseHaproxy,
  recognise: (text) =>
    isHaproxyLine(text)
      ? { certainty: 0.95, because: "it begins with a client, a date between brackets and a frontend" }
      : { certainty: 0, because: "it does not begin as a line of HAProxy" },
};
