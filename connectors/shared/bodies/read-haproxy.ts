import { type Draft, putField } from "../draft.ts";
import { putUrl } from "../web/put-url.ts";
import { readSaying, saying } from "./read-saying.ts";
import { tell, tellPeer } from "./tell.ts";

const SAYINGS = [
  saying(
    /^Connect from (?<host>[\da-f.:]{2,64}):(?<port>\d{1,5}) to (?<to>[\da-f.:]{2,64}):(?<toPort>\d{1,5}) \((?<frontend>[^\s/()]{1,128})\/\w{1,16}\)$/,
    "proxy_connect",
    "network",
    "connection start",
  ),
  saying(
    /^(?<host>[\da-f.:]{2,64}):(?<port>\d{1,5}) \[[^\]]{10,40}\] (?<frontend>[^\s/]{1,128})\/\S{1,64}: (?<reason>[^"]{1,256})$/,
    "proxy_connect",
    "network",
    "connection error",
    "failure",
  ),
  saying(
    /^Server (?<service>\S{1,256}) is DOWN, (?:reason: )?(?<reason>.{1,512})$/,
    "server_down",
    "host",
    "info",
    "failure",
  ),
  saying(
    /^Server (?<service>\S{1,256}) is UP, (?:reason: )?(?<reason>.{1,512})$/,
    "server_up",
    "host",
    "info",
    "success",
  ),
  saying(
    /^(?:backend|proxy) (?<service>\S{1,256}) (?<reason>has no server available!)/,
    "server_down",
    "host",
    "info",
    "failure",
  ),
];

const HEAD =
  /^([\da-f.:]{2,64}|-|unix):(\d{1,5}) \[([^\]]{10,40})\] (\S{1,128}) ([^\s/]{1,128})\/(\S{1,256}) (?:[^\s/]{1,255} )?(\+?-?[\d+/-]{1,64}) (?:(-?\d{1,3}) )?\+?(\d{1,15}) /;

/** Says whether a text begins as HAProxy writes a connection to a file or a terminal. */
export function isHaproxyLine(text: string): boolean {
  return /^(?:[\da-f.:]{2,64}|-|unix):\d{1,5} \[\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:]{8}\.\d{3}\] [^\s/]{1,128}(?: [^\s/]{1,128}\/\S|\/\S{1,64}: )/.test(
    text.slice(0, 512),
  );
}

/** Reads HAProxy's `option httplog` and `tcplog`, and what it says of servers (HAProxy's configuration manual, 8.2). */
export const readHaproxy = (draft: Draft, message: string): void => {
  const head = HEAD.exec(message.slice(0, 700));
  if (head === null) {
    readSaying(draft, SAYINGS, message);
    return;
  }
  const [
    whole,
    host = "",
    port,
    ,
    frontend = "",
    backend = "",
    server = "",
    timers = "",
    status,
    bytes = "",
  ] = head;
  const code = status === undefined || status === "-1" ? undefined : Number(status);
  tell(draft, {
    action: status === undefined ? "proxy_connection" : "http_request",
    category: [status === undefined ? "network" : "web"],
    type: [status === undefined ? "connection" : "access"],
    outcome: code === undefined ? undefined : code < 400 ? "success" : "failure",
  });
  if (host !== "unix") tellPeer(draft, "source", host, port);
  for (const [key, value] of Object.entries({ frontend, backend, server, timers }))
    putField(draft, key, value);
  const { alert } = draft;
  if (code !== undefined) alert.http = { response: { status_code: code, bytes: Number(bytes) } };
  const quote = message.indexOf(' "', whole.length - 1);
  // What `option httpslog` adds comes after the request's own quote.
  const close = message.indexOf('"', quote + 2);
  const request = /^([A-Za-z][A-Za-z_-]{0,31}) (.*?)(?: HTTP\/(\d(?:\.\d)?))?$/s.exec(
    quote < 0
      ? ""
      : message.slice(quote + 2, Math.min(close < 0 ? message.length : close, quote + 2 + 16_384)),
  );
  if (request === null) return;
  alert.http = { ...alert.http, request: { method: request[1] as string } };
  if (request[3] !== undefined) alert.http.version = request[3];
  putUrl(draft, request[2] as string);
};
