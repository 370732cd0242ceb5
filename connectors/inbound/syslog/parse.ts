import { type Alert, AlertTag } from "../../../agent/core/alert.ts";
import type { ParseContext, Parsed } from "../../contract.ts";
import { bareProgram } from "../../shared/bodies/bare-program.ts";
import { readBody } from "../../shared/bodies/read-body.ts";
import { addTag, clip, type Draft, draftOf, finish, keepOriginal, newDraft } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { readHeader } from "../../shared/syslog/read-header.ts";
import { emptyHeader, type SyslogHeader } from "../../shared/syslog/syslog-header.ts";
import { writeHeader } from "../../shared/syslog/write-header.ts";
import { isEventData, readEventData } from "../../shared/windows/read-event-text.ts";
import { anywhere, beginning, type Payload, type Payloads } from "./payloads.ts";
import { pidOf } from "./pid-of.ts";
import { readPlain } from "./read-plain.ts";
import { writeData } from "./write-data.ts";

const DATASETS = { rfc5424: "syslog.rfc5424", rfc3164: "syslog.rfc3164", cisco: "syslog.cisco" };

/**
 * Reads one syslog record: header, then the message by a payload format or by what is known of the program.
 *
 * Errors: `empty` (nothing there), `no_message` (a priority and nothing else; the alert carries it).
 */
export function parseSyslog(text: string, context: ParseContext, payloads: Payloads): Parsed {
  if (context.trace === undefined) {
    const plain = readPlain(text, context, payloads);
    if (plain !== undefined) return { alert: plain };
  }
  return parseWhole(text, context, payloads);
}

/** The same for any record. */
export function parseWhole(text: string, context: ParseContext, payloads: Payloads): Parsed {
  const end = trimmedEnd(text);
  const bare = text.charCodeAt(0) === 0x3c ? undefined : bareAt(text);
  const header = bare === undefined ? readHeader(text, context) : bare.header;
  const headless =
    header.priority === undefined && header.oddPriority === undefined && header.instant === undefined;
  if (header.body >= end && headless) return { error: { code: "empty", message: "the record is empty" } };
  const message = text.slice(header.body, end);
  const payload = beginning(payloads, message);
  const carried = payload === undefined ? undefined : around(payload, text, header, context);
  if (carried !== undefined) return carried;

  const draft = newDraft(text, "syslog", DATASETS[header.form]);
  const { alert } = draft;
  if (message !== "") alert.message = clip(draft, message);
  writeHeader(draft, header, context);
  if (context.trace !== undefined) context.trace(headerStep(header), alert);
  const windows = header.structuredData !== undefined && isEventData(header.structuredData);
  if (windows) readEventData(draft, header, context);
  else if (header.appname !== undefined && header.appname.charCodeAt(0) !== 0x25) {
    putProcess(alert, clip(draft, header.appname), header.procid);
    readBody(alert, header.appname, message);
    if (context.trace !== undefined)
      context.trace({ by: "parser", name: "syslog", rule: `program ${header.appname}` }, alert);
  } else if (bare !== undefined) {
    readBody(alert, bare.program, message);
    if (context.trace !== undefined)
      context.trace({ by: "parser", name: "syslog", rule: `program ${bare.program}, not named` }, alert);
  }
  // What no program's reader knew may be pairs all the same.
  if (
    draft.event.action === undefined &&
    draft.event.category === undefined &&
    !windows &&
    mayBePairs(message, header)
  ) {
    const pairs = anywhere(payloads, message);
    const read = pairs === undefined ? undefined : around(pairs, text, header, context);
    if (read !== undefined) return read;
  }
  if (header.structuredData !== undefined && !windows) {
    writeData(alert, header.structuredData, context);
    if (context.trace !== undefined)
      context.trace({ by: "parser", name: "syslog", rule: "structured data" }, alert);
  }
  const known = bare !== undefined && draft.event.action !== undefined;
  if (headless && !known && header.appname === undefined && header.mnemonic === undefined)
    addTag(alert, AlertTag.unrecognised);
  finish(draft, header.instant, context);
  if (message === "" && header.form !== "rfc5424") {
    return { alert, error: { code: "no_message", message: "the record has a header and no message" } };
  }
  return { alert };
}

/** A message alone, which tells by its words what program it is of; its header is empty. */
function bareAt(text: string): { program: string; header: SyslogHeader } | undefined {
  let from = 0;
  while (text.charCodeAt(from) === 0xfeff || text.charCodeAt(from) === 0x20) from++;
  const program = text.startsWith("@cee:", from) ? "" : bareProgram(text, from);
  return program === undefined ? undefined : { program, header: { ...emptyHeader(), body: from } };
}

/** A cheap look before the formats that begin as they like are asked; Cisco's threat defence writes `Key: value`. */
function mayBePairs(message: string, header: SyslogHeader): boolean {
  // ASA's `reason = x : user = y` stands in sentences, which a mapping reads by their mnemonic.
  if (header.mnemonic?.vendor === "cisco" && message.includes(" = ")) return false;
  // Firebox has a sentence among its pairs, which would be lost; a mapping reads both.
  if (message.startsWith('msg_id="')) return false;
  return (
    message.includes("=") ||
    message.includes(':"') ||
    (header.mnemonic !== undefined && message.includes(": "))
  );
}

function headerStep(header: SyslogHeader) {
  return { by: "parser", name: "syslog", rule: `${header.form} header` } as const;
}

function putProcess(alert: Alert, name: string, procid: string | undefined): void {
  const pid = procid === undefined ? undefined : pidOf(procid);
  alert.process = pid === undefined ? { name } : { name, pid };
}

/** Senders end a record with a line feed, a NUL, or both; rsyslog writes them as `#012`, `#015` and `#000`. */
function trimmedEnd(text: string): number {
  let end = text.length;
  while (end > 0) {
    const code = text.charCodeAt(end - 1);
    if (code === 0x0a || code === 0x0d || code === 0) end--;
    else if (code >= 0x30 && code <= 0x35 && isEscapedEnd(text, end - 4)) end -= 4;
    else break;
  }
  return end;
}

function isEscapedEnd(text: string, at: number): boolean {
  return text.startsWith("#012", at) || text.startsWith("#015", at) || text.startsWith("#000", at);
}

/** Whether the header has more to say than ECS has names for. */
function addsFields(header: SyslogHeader): boolean {
  return (
    header.structuredData !== undefined ||
    header.mnemonic !== undefined ||
    header.oddPriority !== undefined ||
    header.sequence !== undefined ||
    header.relay !== undefined
  );
}

/** An alert to which no field is added: counting those it has would cost more than the header does. */
function fullDraft(alert: Alert): Draft {
  alert.event ??= {};
  return { alert, event: alert.event, fields: alert.fields ?? {}, room: 0, cut: false };
}

/** Formats that a program writes of itself; others come through a forwarder. */
const OWN = new Set(["generic", "keyvalue"]);

function isCut(code: string, { tags }: Alert): boolean {
  return code === "bad_xml" || (code === "not_json" && tags?.includes(AlertTag.unrecognised) !== true);
}

/** Formats whose host, unless a device names itself in it, may be another than the sender: a target, a web server. */
const SPEAKS_OF_OTHERS = new Set(["cef", "leef", "keyvalue"]);

function namesItself({ observer }: Alert): boolean {
  return observer?.hostname !== undefined || observer?.name !== undefined;
}

/**
 * Reads a payload and puts the header around what it said: its own time stands, and the host that names itself.
 *
 * Undefined when it is broken: then it is a message like another.
 */
function around(
  payload: Payload,
  text: string,
  header: SyslogHeader,
  context: ParseContext,
): Parsed | undefined {
  const { instant, form } = header;
  const carrier = instant === undefined ? undefined : { instant, zoned: form === "rfc5424" };
  const { alert, error } = payload.format.parse(payload.body, { ...context, carrier });
  // What a relay cut short in its middle tells more read so far than as a text.
  if (alert === undefined || (error !== undefined && !isCut(error.code, alert))) return undefined;
  const draft = addsFields(header) ? draftOf(alert) : fullDraft(alert);
  const { name } = payload.format;
  if (context.trace !== undefined)
    context.trace({ by: "parser", name, rule: "payload", because: payload.because }, alert);
  keepOriginal(draft, text);
  if (header.hostname !== undefined && SPEAKS_OF_OTHERS.has(name) && !namesItself(alert)) delete alert.host;
  writeHeader(draft, header, context);
  const program = header.appname;
  const named = program !== undefined && program.charCodeAt(0) !== 0x40 && program.charCodeAt(0) !== 0x25;
  if (named && OWN.has(name) && alert.process?.name === undefined) {
    const pid = alert.process?.pid ?? (header.procid === undefined ? undefined : pidOf(header.procid));
    alert.process = { ...alert.process, name: clip(draft, program) };
    if (pid !== undefined) alert.process.pid = pid;
  }
  if (header.instant !== undefined && alert.tags?.includes(AlertTag.noTime)) {
    alert["@timestamp"] = isoOf(header.instant);
    alert.tags = alert.tags.filter((tag) => tag !== AlertTag.noTime);
    if (alert.tags.length === 0) delete alert.tags;
  }
  if (draft.cut) addTag(alert, AlertTag.cut);
  if (context.trace !== undefined) context.trace(headerStep(header), alert);
  return error === undefined ? { alert } : { alert, error };
}
