import { AlertTag } from "../../../agent/core/alert.ts";
import type { Inbound, ParseContext, Parsed } from "../../contract.ts";
import { addTag, clip, type Draft, finish, keepOriginal, newDraft } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { readHeader } from "../../shared/syslog/read-header.ts";
import type { SyslogHeader } from "../../shared/syslog/syslog-header.ts";
import { writeHeader } from "../../shared/syslog/write-header.ts";
import { readBody } from "./bodies.ts";

/**
 * Reads one syslog record: header, then the message by a payload format or by what is known of the program.
 *
 * Errors: `empty` (nothing there), `no_message` (a priority and nothing else; the alert carries it).
 */
export function parseSyslog(text: string, context: ParseContext, payloads: readonly Inbound[]): Parsed {
  const end = trimmedEnd(text);
  const header = readHeader(text, context);
  if (
    header.body >= end &&
    header.priority === undefined &&
    header.oddPriority === undefined &&
    header.instant === undefined
  ) {
    return { error: { code: "empty", message: "the record is empty" } };
  }
  const message = text.slice(header.body, end);
  const inner = readPayload(message, context, payloads);
  if (inner !== undefined) return around(inner, text, header, context);

  const dataset =
    header.form === "rfc5424"
      ? "syslog.rfc5424"
      : header.form === "cisco"
        ? "syslog.cisco"
        : "syslog.rfc3164";
  const draft = newDraft(text, "syslog", dataset);
  const { alert } = draft;
  if (message !== "") alert.message = clip(draft, message);
  writeHeader(draft, header, context);
  if (header.appname !== undefined && !header.appname.startsWith("%")) {
    alert.process = { name: clip(draft, header.appname) };
    const pid = pidOf(header.procid);
    if (pid !== undefined) alert.process.pid = pid;
    readBody(alert, header.appname, message);
  }
  finish(draft, header.instant, context);
  if (message === "" && header.form !== "rfc5424") {
    return { alert, error: { code: "no_message", message: "the record has a header and no message" } };
  }
  return { alert };
}

/** A process number, when it is one; RFC 5424 allows any text there. */
function pidOf(procid: string | undefined): number | undefined {
  if (procid === undefined || procid.length > 10) return undefined;
  let pid = 0;
  for (let at = 0; at < procid.length; at++) {
    const digit = procid.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    pid = pid * 10 + digit;
  }
  return procid === "" ? undefined : pid;
}

/** Senders end a record with a line feed, a NUL, or both. */
function trimmedEnd(text: string): number {
  let end = text.length;
  while (end > 0) {
    const code = text.charCodeAt(end - 1);
    if (code !== 0x0a && code !== 0x0d && code !== 0) break;
    end--;
  }
  return end;
}

/** Hands a message that is CEF or JSON to the format that is surest of it. */
function readPayload(message: string, context: ParseContext, payloads: readonly Inbound[]) {
  const first = message.charCodeAt(0);
  let body = message;
  if (first === 0x40 && message.startsWith("@cee:")) body = message.slice(5).trimStart();
  else if (first !== 0x7b && !message.startsWith("CEF:")) {
    const at = first === 0x20 ? message.search(/\S/) : -1;
    if (at < 0 || (message.charCodeAt(at) !== 0x7b && !message.startsWith("CEF:", at))) return undefined;
    body = message.slice(at);
  }
  let best: Inbound | undefined;
  let certainty = 0;
  for (const payload of payloads) {
    const sure = payload.recognise(body).certainty;
    if (sure > certainty) {
      best = payload;
      certainty = sure;
    }
  }
  const parsed = best?.parse(body, context);
  // Broken JSON is a message like another.
  return parsed === undefined || parsed.error !== undefined ? undefined : parsed.alert;
}

/** Puts the header around what the payload said; its own time and host stand. */
function around(
  alert: NonNullable<Parsed["alert"]>,
  text: string,
  header: SyslogHeader,
  context: ParseContext,
): Parsed {
  const event = alert.event ?? {};
  const fields = alert.fields ?? {};
  const draft: Draft = { alert, event, fields, room: 256 - Object.keys(fields).length, cut: false };
  alert.event = event;
  alert.fields = fields;
  keepOriginal(draft, text);
  writeHeader(draft, header, context);
  // CEF and Wazuh come through a forwarder: only plain JSON is the program's own.
  const own = event.module === "generic" && alert.process?.name === undefined;
  if (own && header.appname !== undefined && !header.appname.startsWith("@")) {
    alert.process = { ...alert.process, name: clip(draft, header.appname) };
    const pid = pidOf(header.procid);
    if (pid !== undefined) alert.process.pid ??= pid;
  }
  if (header.instant !== undefined && alert.tags?.includes(AlertTag.noTime)) {
    alert["@timestamp"] = isoOf(header.instant);
    alert.tags = alert.tags.filter((tag) => tag !== AlertTag.noTime);
    if (alert.tags.length === 0) delete alert.tags;
  }
  if (draft.cut) addTag(alert, AlertTag.cut);
  return { alert };
}
