import type { ParseContext } from "../../contract.ts";
import { type Endpoint, isAddress, portOf, putAddress } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { at, type JsonObject, textValue } from "../../shared/json.ts";
import { instantFromEpoch, readWholeDate } from "../../shared/read-date.ts";
import { riskOfWord } from "../../shared/severity.ts";

/** Where products put the time of an event, the surest first. */
const TIMES = [
  "@timestamp",
  "timestamp",
  "time",
  "ts",
  "date",
  "datetime",
  "dateTime",
  "eventTime",
  "event_time",
  "EventTime",
  "TimeCreated",
  "SystemTime",
  "TimeGenerated",
  "UtcTime",
  "created_at",
  "createdAt",
  "_time",
  "Timestamp",
  "event.created",
] as const;
const HOSTS = [
  "host",
  "hostname",
  "host_name",
  "computer",
  "Computer",
  "Hostname",
  "hostName",
  "ComputerName",
  "device",
  "agent",
];
const MESSAGES = [
  "message",
  "msg",
  "Message",
  "log",
  "text",
  "short_message",
  "description",
  "summary",
  "title",
  "signature",
];
const SEVERITIES = ["severity", "level", "priority", "Severity", "Level", "loglevel", "log_level"];
const USERS = ["user", "username", "user_name", "userName", "User", "srcuser", "dstuser", "account"];
const ENDPOINTS = {
  source: {
    address: [
      "src_ip",
      "srcip",
      "source_ip",
      "sourceIp",
      "sourceIPAddress",
      "src",
      "client_ip",
      "clientip",
      "remote_addr",
      "SourceIp",
    ],
    port: ["src_port", "srcport", "source_port", "sourcePort", "SourcePort"],
  },
  destination: {
    address: ["dst_ip", "dstip", "dest_ip", "destination_ip", "destinationIp", "dst", "DestinationIp"],
    port: ["dst_port", "dstport", "dest_port", "destination_port", "destinationPort", "DestinationPort"],
  },
} as const;

/** The time that the document tells: a date or an epoch under a common name, or in a Windows event's System. */
export function readTime(document: JsonObject, context: ParseContext): number | undefined {
  for (const name of TIMES) {
    const instant = instantOf(document[name], context);
    if (instant !== undefined) return instant;
  }
  const { date, time } = document;
  if (typeof date === "string" && typeof time === "string") return readWholeDate(`${date} ${time}`, context);
  const created =
    at(document, "Event", "System", "TimeCreated") ??
    at(document, "Event", "System", "TimeCreated_attributes");
  const own =
    at(created, "#attributes", "SystemTime") ?? at(created, "@SystemTime") ?? at(created, "SystemTime");
  return instantOf(
    own ?? created ?? at(document, "event", "created") ?? at(document, "event", "start"),
    context,
  );
}

function instantOf(value: unknown, context: ParseContext): number | undefined {
  if (typeof value === "string") return readWholeDate(value, context);
  return typeof value === "number" ? instantFromEpoch(value) : undefined;
}

/** Writes in ECS what stands under a common name and no ECS name told. */
export function writeCommonNames(draft: Draft, document: JsonObject): void {
  const { alert, event } = draft;
  const text = (names: readonly string[]): string | undefined => {
    for (const name of names) {
      // None of these names is one that every object inherits.
      const value = textValue(document[name]);
      if (value !== undefined) return clip(draft, value);
    }
    return undefined;
  };
  if (alert.message === undefined) {
    const message = text(MESSAGES);
    if (message !== undefined) alert.message = message;
  }
  if (alert.host?.name === undefined) {
    const host = text(HOSTS) ?? alert.host?.hostname;
    if (host !== undefined) {
      alert.host = { name: host, ...alert.host };
      if (isAddress(host)) alert.host.ip ??= [host];
      else alert.host.hostname ??= host;
    }
  }
  if (alert.user?.name === undefined) {
    const user = text(USERS);
    if (user !== undefined) alert.user = { ...alert.user, name: user };
  }
  for (const side of ["source", "destination"] as const) {
    const endpoint: Endpoint = { ...alert[side] };
    if (endpoint.ip === undefined) putAddress(endpoint, text(ENDPOINTS[side].address) ?? "");
    const port = portOf(text(ENDPOINTS[side].port) ?? "");
    if (port !== undefined) endpoint.port ??= port;
    if (Object.keys(endpoint).length > 0) alert[side] = endpoint;
  }
  writeSeverity(draft, text(SEVERITIES), alert.log?.level);
  const outcome = at(document, "outcome");
  if (event.outcome === undefined && (outcome === "success" || outcome === "failure"))
    event.outcome = outcome;
}

/** A word has a place on the common scale; a number has none, since its scale is not known. */
function writeSeverity(draft: Draft, severity: string | undefined, level: string | undefined): void {
  const { alert, event } = draft;
  if (severity !== undefined && event.severity === undefined && /^\d{1,6}(?:\.\d{1,3})?$/.test(severity)) {
    event.severity = Number(severity);
  }
  const word =
    level ?? (severity !== undefined && /^[A-Za-z][\w -]{1,31}$/.test(severity) ? severity : undefined);
  if (word === undefined) return;
  if (level === undefined) alert.log = { ...alert.log, level: word };
  const risk = riskOfWord(word);
  if (risk !== undefined) event.risk_score_norm ??= risk;
}
