import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import { putAddress } from "../../shared/address.ts";
import { clip, finish, newDraft, putField } from "../../shared/draft.ts";
import { readDate } from "../../shared/read-date.ts";
import { readLog } from "./read-log.ts";
import { writeLocation, writeRule } from "./write-alert.ts";

/** What may stand between the location and the event's own text. */
const PARTS = [
  "classification",
  "srcip",
  "dstip",
  "user",
  "dstuser",
  "srcuser",
  "Previous MD5",
  "Current MD5",
  "Previous SHA1",
  "Current SHA1",
  "Size changed",
  "User ownership",
  "Group ownership",
  "Permissions changed",
];

/** Says whether a text begins as a line of the plain syslog output. */
export function isOssec(text: string): boolean {
  const at = text.startsWith("ossec: ") ? "ossec: ".length : 0;
  return text.startsWith("Alert Level: ", at) && /^\d/.test(text.charAt(at + "Alert Level: ".length));
}

/** Reads a line of the plain syslog output: `Alert Level: 5; Rule: 5715 - sshd: …; Location: …; srcip: …; …`. */
export function readOssec(text: string, context: ParseContext): Alert {
  const draft = newDraft(text, "wazuh", "wazuh.alerts");
  const { alert, event } = draft;
  event.kind = "alert";
  let at = text.indexOf("Alert Level: ") + "Alert Level: ".length;
  const level = upTo(";");
  const rule: Record<string, unknown> = { level };
  if (text.startsWith("Rule: ", at)) {
    at += "Rule: ".length;
    const described = upTo("; Location: ", true);
    const dash = described.indexOf(" - ");
    rule.id = dash < 0 ? described : described.slice(0, dash);
    if (dash >= 0) rule.description = described.slice(dash + 3);
  }
  const location = text.startsWith("Location: ", at) ? upTo(";").slice("Location: ".length) : undefined;
  const parts = new Map<string, string>();
  for (let part = partAt(); part !== undefined; part = partAt()) {
    at += part.length + 1;
    parts.set(part, upTo(";").trim());
  }
  const rest = text.slice(at).trim();
  rule.groups = parts.get("classification")?.split(",", 64);
  putField(draft, "rule.level", level);
  for (const name of ["id", "description"])
    if (typeof rule[name] === "string") putField(draft, `rule.${name}`, rule[name] as string);
  if (location !== undefined) putField(draft, "location", location);
  for (const [name, value] of parts) putField(draft, name, value);
  writeRule(draft, rule);
  writeLocation(draft, location);
  const source = parts.get("srcip");
  if (source !== undefined) {
    alert.source = {};
    putAddress(alert.source, clip(draft, source));
  }
  const user = parts.get("srcuser") ?? parts.get("user") ?? parts.get("dstuser");
  if (user !== undefined && user !== "") alert.user = { name: clip(draft, user) };
  const message = rest === "" ? rule.description : rest;
  alert.message = clip(draft, typeof message === "string" ? message : text);
  readLog(alert, rest);
  context.trace?.({ by: "parser", name: "wazuh", rule: "syslog output" }, alert);
  return finish(draft, readDate(rest, 0, context)?.instant, context);

  /** What stands before the end mark; the reading goes on after it. */
  function upTo(end: string, keepName = false): string {
    const found = text.indexOf(end, at);
    const value = text.slice(at, found < 0 ? text.length : found);
    at = found < 0 ? text.length : found + (keepName ? 2 : end.length);
    while (text.charCodeAt(at) === 0x20) at++;
    return value;
  }

  function partAt(): string | undefined {
    return PARTS.find((name) => text.startsWith(`${name}:`, at));
  }
}
