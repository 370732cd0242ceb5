import type { Claim } from "../../../agent/core/claim.ts";
import type { Draft } from "../draft.ts";
import { hostAndPort } from "../web/read-access.ts";
import { readSaying, saying } from "./read-saying.ts";

/**
 * Squid's own format: time, duration, client, result and status, bytes, method, URL, user, hierarchy, type; with what
 * administrators add to it: ports after the addresses, more sizes after the first, a version after the URL.
 */
const LINE =
  /^(?:\d{9,10}\.\d{3} {1,8})?(?<duration>-?\d{1,10}) (?<host>\S{1,255})(?: (?<port>\d{1,5}))? (?<result>(?:TCP_|UDP_|NONE|TAG_NONE|ERR_)[A-Z_]{0,60})\/(?<status>\d{3}) (?<bytes>\d{1,15})(?: (?:\d{1,15}|-)){0,6} (?<method>[A-Za-z_-]{1,32}) (?<url>\S{1,3900})(?: \d\.\d)? (?<user>\S{1,256}) (?<hierarchy>[A-Z_]{3,64})\/(?<to>\S{1,255})(?: (?<toPort>\d{1,5}))?(?: (?<content_type>\S{1,256}))?(?: "(?<referrer>[^"]{0,2048})" "(?<agent>[^"]{0,1024})"| |$)/;

const SAYINGS = [saying(LINE, "http_request", "web network", "access connection")];

/** What every line of Squid's holds: how the results begin. */
const RESULTS = [["TCP_"], ["UDP_"], ["NONE"], ["ERR_"]];

/** What is written of a line of Squid's that does not stand in it. */
export const SQUID_CLAIMS: readonly Claim[] = [
  { field: "event.module", value: "squid", holds: RESULTS },
  { field: "observer.type", value: "proxy", holds: RESULTS },
];

/** Says whether a text begins as a line of Squid's access log, with its time. */
export function isSquidLine(text: string): boolean {
  return /^\d{9,10}\.\d{3} {1,8}-?\d{1,10} \S{1,255} (?:\d{1,5} )?(?:TCP_|UDP_|NONE|TAG_NONE|ERR_)[A-Z_]{0,60}\/\d{3} \d/.test(
    text.slice(0, 400),
  );
}

/** Reads a line of Squid's access log. */
export const readSquid = (draft: Draft, message: string): void => {
  if (!readSaying(draft, SAYINGS, message.trimStart())) return;
  const { alert, event, fields } = draft;
  alert.observer = { ...alert.observer, type: "proxy" };
  if (alert.user?.name === "-") delete alert.user;
  const { url, http } = alert;
  const method = http?.request?.method;
  // A connection that asked nothing, or nothing that could be read.
  if (http?.request !== undefined && (method === "-" || method === "NONE")) delete http.request;
  if (url?.original?.startsWith("error:") === true) delete alert.url;
  else if (url !== undefined && method === "CONNECT") {
    const [host, port] = hostAndPort(url.original ?? "");
    url.domain = host;
    if (port !== undefined) {
      url.port = Number(port);
      if (alert.destination !== undefined) alert.destination.port ??= Number(port);
    }
  }
  // Caches ask each other over UDP; all else is HTTP.
  alert.network = { ...alert.network, transport: String(fields.result).startsWith("UDP_") ? "udp" : "tcp" };
  const { referrer, agent } = fields;
  if (typeof referrer === "string" && referrer !== "-" && http?.request !== undefined)
    http.request.referrer = referrer;
  if (typeof agent === "string" && agent !== "-") alert.user_agent = { original: agent };
  const status = http?.response?.status_code ?? 0;
  if (http?.response !== undefined) {
    if (status === 0) delete http.response;
    else {
      http.response.bytes = Number(fields.bytes);
      if (fields.content_type !== "-") http.response.mime_type = fields.content_type as string | undefined;
    }
  }
  const denied = String(fields.result).includes("DENIED");
  if (denied) event.type = ["access", "denied"];
  event.outcome = denied || status >= 400 || status === 0 ? "failure" : "success";
};
