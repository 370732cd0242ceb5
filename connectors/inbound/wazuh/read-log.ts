import type { Alert } from "../../../agent/core/alert.ts";
import { wholeNumber } from "../../shared/address.ts";
import { readBody } from "../../shared/bodies/read-body.ts";
import { newDraft } from "../../shared/draft.ts";
import { isObject, type JsonObject } from "../../shared/json.ts";

/** How a line of a system's log begins: when, where, which program. */
const HEADER =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,32}) \S{1,255} ([\w./@-]{1,64})(?:\[(\d{1,10})\])?: +/;

/** Groups of ECS in which a line may say more than Wazuh's decoder took out of it. */
const GROUPS = ["process", "source", "user", "url", "http", "user_agent"] as const;
const OF_EVENT = ["category", "type", "action", "outcome", "reason"] as const;

/** Reads the line that an alert is about, for what its decoder has not taken out of it; what is told stands. */
export function readLog(alert: Alert, log: string): void {
  const [header = "", program = "", pid = ""] = HEADER.exec(log.slice(0, 420)) ?? [];
  const message = log.slice(header.length);
  // A line of an access log, or of the kernel's audit, says itself what it is.
  if (header === "" && !message.includes('] "') && !message.startsWith("type=")) return;
  const { alert: line } = newDraft(message, "wazuh", "wazuh.alerts");
  line.message = message;
  if (program !== "") line.process = { name: program };
  const number = wholeNumber(pid);
  if (number !== undefined && line.process !== undefined) line.process.pid = number;
  readBody(line, program, message);
  // That a server answered does not say that an attack succeeded.
  if (line.http !== undefined && line.event !== undefined) delete line.event.outcome;
  for (const group of GROUPS) fill(alert as JsonObject, line as JsonObject, group);
  alert.event ??= {};
  for (const name of OF_EVENT) fill(alert.event as JsonObject, line.event as JsonObject, name);
}

/** Who or what differs by one of these is another. */
const IDENTITIES = ["name", "ip", "original"];

function fill(whole: JsonObject, more: JsonObject, name: string): void {
  const told = whole[name];
  const said = more[name];
  if (told === undefined) {
    if (said !== undefined) whole[name] = said;
  } else if (isObject(told) && isObject(said)) {
    const other = IDENTITIES.some(
      (key) => told[key] !== undefined && said[key] !== undefined && told[key] !== said[key],
    );
    if (!other) for (const key in said) fill(told, said, key);
  }
}
