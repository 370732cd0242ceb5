import type { Draft } from "../draft.ts";
import { readSaying, saying } from "./read-saying.ts";

/** Squid's own format: time, duration, client, result and status, bytes, method, URL, user, hierarchy, type. */
const SAYINGS = [
  saying(
    /^(?:\d{9,10}\.\d{3} {1,8})?(?<duration>-?\d{1,10}) (?<host>\S{1,255}) (?<result>[A-Z_]{3,64})\/(?<status>\d{3}) (?<bytes>\d{1,15}) (?<method>[A-Za-z_-]{1,32}) (?<url>\S{1,4096}) (?<user>\S{1,256}) (?<hierarchy>[A-Z_]{3,64})\/(?<to>\S{1,255})(?: (?<content_type>\S{1,256}))?$/,
    "http_request",
    "web network",
    "access connection",
  ),
];

/** Reads a line of Squid's access log. */
export const readSquid = (draft: Draft, message: string): void => {
  if (!readSaying(draft, SAYINGS, message.trimStart())) return;
  const { alert, event, fields } = draft;
  if (alert.user?.name === "-") delete alert.user;
  const denied = String(fields.result).includes("DENIED");
  if (denied) event.type = ["access", "denied"];
  const status = alert.http?.response?.status_code ?? 0;
  event.outcome = denied || status >= 400 ? "failure" : "success";
};
