import type { Alert } from "../../../agent/core/alert.ts";
import type { Inbound, ParseContext } from "../../contract.ts";
import { pairKeyOf } from "../../shared/pair-keys.ts";
import type { StructuredData } from "../../shared/syslog/syslog-header.ts";

const LEAST_PARAMS = 3;
/** What pairs tell of the event; its host, its text and its time are the header's. */
const GROUPS = [
  "source",
  "destination",
  "network",
  "user",
  "group",
  "rule",
  "observer",
  "url",
  "http",
  "user_agent",
  "file",
  "dns",
] as const;
const EVENT_FIELDS = ["action", "outcome", "reason"] as const;

/** Writes what the structured data of a vendor's own elements tell under common names, as `pairs` reads them. */
export function writeData(alert: Alert, data: StructuredData, pairs: Inbound, context: ParseContext): void {
  let text = "";
  let params = 0;
  let known = false;
  for (const id in data) {
    // RFC 5424 6.3.2: a name with `@` is a vendor's own, those without are registered.
    if (!id.includes("@")) continue;
    const element = data[id];
    for (const name in element) {
      text += `${name}="${(element[name] ?? "").replace(/["\\]/g, "\\$&")}" `;
      params++;
      known ||= pairKeyOf(name) !== undefined;
    }
  }
  if (params < LEAST_PARAMS || !known) return;
  const told = pairs.parse(text, { ...context, trace: undefined }).alert;
  if (told === undefined) return;
  for (const group of GROUPS) if (told[group] !== undefined) alert[group] ??= told[group] as never;
  alert.event ??= {};
  for (const name of EVENT_FIELDS)
    if (told.event?.[name] !== undefined) alert.event[name] ??= told.event[name] as never;
}
