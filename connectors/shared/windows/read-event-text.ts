import type { ParseContext } from "../../contract.ts";
import { type Draft, putField, putNewField } from "../draft.ts";
import type { StructuredData, SyslogHeader } from "../syslog/syslog-header.ts";
import { putAliases } from "./event-names.ts";
import { eventOfText } from "./event-sentences.ts";
import type { Family } from "./family.ts";
import { familyOf } from "./meanings.ts";
import { readMessage } from "./read-message.ts";
import { writeWindows } from "./write-windows.ts";

/** `4625: AUDIT_FAILURE An account…`, as Eventlog to Syslog writes it; newer ones write the number alone. */
const NUMBERED = /^(\d{1,5}): (?:(AUDIT_(?:SUCCESS|FAILURE)) )?/;
/** `Security: AUDIT_FAILURE(4625): Microsoft-Windows-Security-Auditing: user: domain: computer: text`, OSSEC's. */
const OSSEC =
  /^([^:]{1,128}): (AUDIT_SUCCESS|AUDIT_FAILURE|INFORMATION|WARNING|ERROR)\((\d{1,5})\): ([^:]{1,128}): ([^:]{0,255}): ([^:]{0,255}): ([^:\s]{1,255}): /;

/**
 * Reads the text that a collector made of a Windows event and sent by syslog under its provider's name: the number
 * stands before it, or is known by its first sentence.
 */
export function readEventText(draft: Draft, message: string): void {
  const { alert } = draft;
  const ossec = OSSEC.exec(message.slice(0, 1200));
  if (ossec !== null) {
    writeOssec(draft, ossec, message);
    return;
  }
  const provider = alert.process?.name ?? "";
  const numbered = NUMBERED.exec(message.slice(0, 64));
  const text = plain(numbered === null ? message : message.slice(numbered[0].length));
  const family = familyNamed(provider);
  const code = numbered === null ? eventOfText(text, family) : Number(numbered[1]);
  if (code === undefined && !provider.startsWith("Microsoft-Windows-")) return;
  const pid = alert.process?.pid;
  if (code !== undefined) putField(draft, "EventID", code);
  if (numbered?.[2] !== undefined) putField(draft, "EventType", numbered[2]);
  if (provider !== "") putField(draft, "Provider_Name", provider);
  if (pid !== undefined) putField(draft, "Execution_ProcessID", pid);
  writeEventText(draft, text, family === "other" ? undefined : family);
}

/** Says whether structured data are those of a Windows event, as NXLog's `to_syslog_ietf` writes them. */
export function isEventData(data: StructuredData): boolean {
  for (const id in data) {
    const element = data[id];
    if (element?.EventID !== undefined && (element.Channel ?? element.ProviderGuid ?? element.EventType))
      return true;
  }
  return false;
}

/** Writes an event whose names are in `fields` already, as structured data; its text is the message. */
export function readEventData(draft: Draft, header: SyslogHeader, context: ParseContext): void {
  const { alert, fields } = draft;
  const { appname, procid, hostname } = header;
  if (appname !== undefined) putNewField(draft, "Provider_Name", appname);
  if (procid !== undefined) putNewField(draft, "Execution_ProcessID", procid);
  if (hostname !== undefined) putNewField(draft, "Computer", hostname);
  putAliases(draft);
  const message = alert.message ?? "";
  if (
    fields.SubjectUserName === undefined &&
    fields.TargetUserName === undefined &&
    fields.Image === undefined
  )
    readMessage(draft, plain(message));
  writeEventText(draft, undefined);
  context.trace?.({ by: "parser", name: "windows", rule: "structured data" }, alert);
}

function writeOssec(draft: Draft, found: RegExpExecArray, message: string): void {
  const [whole, channel = "", type = "", code, provider = "", user = "", domain = "", computer = ""] = found;
  putField(draft, "Channel", channel);
  putField(draft, "EventType", type);
  putField(draft, "EventID", Number(code));
  putField(draft, "Provider_Name", provider);
  putField(draft, "Computer", computer);
  // The one who wrote this line only carried the event.
  delete draft.alert.host;
  writeEventText(draft, plain(message.slice(whole.length)));
  const { alert } = draft;
  if (alert.user?.name === undefined && user !== "" && !user.startsWith("("))
    alert.user = { ...alert.user, name: user, domain };
}

/** Writes what an event is whose names are in `fields`, and its text tells more: the name that stood for a program is its provider's, and its severity is the log's. */
export function writeEventText(draft: Draft, text: string | undefined, family?: Family): void {
  const { alert, event } = draft;
  const { severity, risk_score_norm } = event;
  const level = alert.log?.level;
  delete alert.process;
  delete event.severity;
  delete event.risk_score_norm;
  if (alert.log !== undefined) delete alert.log.level;
  if (text !== undefined) readMessage(draft, text);
  event.module = "windows";
  event.dataset = "windows";
  writeWindows(draft, family);
  event.severity ??= severity;
  event.risk_score_norm ??= risk_score_norm;
  if (event.severity === undefined) delete event.severity;
  if (event.risk_score_norm === undefined) delete event.risk_score_norm;
  if (level !== undefined) alert.log = { level, ...alert.log };
}

/** Names of providers without a number in their text, of which the family is not their own. */
function familyNamed(provider: string): Family {
  const name = provider.toLowerCase().replaceAll("_", " ");
  const family = familyOf("", name);
  return family === "other" && name.endsWith("eventlog") ? "security" : family;
}

/** The text with the line ends and tabs that rsyslog wrote as numbers. */
function plain(text: string): string {
  return text.includes("#01") ? text.replaceAll(/#01[125]/g, " ") : text;
}
