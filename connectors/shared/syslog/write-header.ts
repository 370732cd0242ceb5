import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import { isAddress } from "../address.ts";
import { clip, type Draft, putField, putNewField } from "../draft.ts";
import { SEVERITY_NAMES, SEVERITY_RISKS } from "../severity.ts";
import { FACILITY_NAMES } from "./priority-of.ts";
import type { SyslogHeader } from "./syslog-header.ts";

type Log = NonNullable<Alert["log"]>;

/**
 * Writes a header's facts into an alert that its message did not already tell.
 *
 * A host or a severity that the message itself states is nearer to the event, and stands.
 */
export function writeHeader(draft: Draft, header: SyslogHeader, context: ParseContext): void {
  const { alert, event } = draft;
  const syslog: NonNullable<Log["syslog"]> = {};
  const log: Log = alert.log ?? {};
  if (header.priority !== undefined) {
    const code = header.priority & 7;
    const facility = header.priority >> 3;
    const name = SEVERITY_NAMES[code] ?? "";
    syslog.priority = header.priority;
    syslog.facility = { code: facility, name: FACILITY_NAMES[facility] ?? "" };
    syslog.severity = { code, name };
    writeSeverity(draft, log, code);
  } else if (header.mnemonic !== undefined) writeSeverity(draft, log, header.mnemonic.severity);
  else if (header.severity !== undefined) {
    syslog.severity = { code: header.severity, name: SEVERITY_NAMES[header.severity] ?? "" };
    writeSeverity(draft, log, header.severity);
  }
  if (header.version !== undefined) syslog.version = header.version;
  if (header.hostname !== undefined) syslog.hostname = clip(draft, header.hostname);
  if (header.appname !== undefined) syslog.appname = clip(draft, header.appname);
  if (header.procid !== undefined) syslog.procid = clip(draft, header.procid);
  if (header.msgid !== undefined) syslog.msgid = clip(draft, header.msgid);
  if (header.structuredData !== undefined) {
    syslog.structured_data = header.structuredData;
    for (const id in header.structuredData) {
      const params = header.structuredData[id];
      for (const name in params) putNewField(draft, name, params[name] ?? "");
    }
  }
  // A text without header says nothing of syslog.
  if (
    header.priority !== undefined ||
    header.instant !== undefined ||
    header.appname !== undefined ||
    header.form !== "rfc3164"
  ) {
    log.syslog = syslog;
    alert.log = log;
  }
  if (header.oddPriority !== undefined) putField(draft, "pri", header.oddPriority);
  if (header.mnemonic !== undefined) {
    const { vendor, facility, severity, mnemonic } = header.mnemonic;
    event.code ??= mnemonic;
    putField(draft, `${vendor}.facility`, facility);
    putField(draft, `${vendor}.severity`, severity);
    putField(draft, `${vendor}.mnemonic`, mnemonic);
  }
  if (header.relay !== undefined) putField(draft, "syslog.relay", header.relay);
  if (header.sequence !== undefined) putField(draft, "cisco.sequence", header.sequence);
  if (alert.host?.name === undefined) writeHost(draft, header, context);
}

function writeSeverity(draft: Draft, log: Log, code: number): void {
  const { event } = draft;
  if (event.severity !== undefined || event.risk_score_norm !== undefined || log.level !== undefined) return;
  log.level = SEVERITY_NAMES[code];
  event.severity = code;
  event.risk_score_norm = SEVERITY_RISKS[code];
}

/** The host that the record names, else the address it came from (RFC 3164 4.3.2). */
function writeHost(draft: Draft, header: SyslogHeader, context: ParseContext): void {
  const name = header.hostname ?? header.address ?? context.peer;
  if (name === undefined) return;
  const host = draft.alert.host ?? {};
  draft.alert.host = host;
  host.name = clip(draft, name);
  if (isAddress(name)) host.ip ??= [name];
  else host.hostname ??= host.name;
  if (header.address !== undefined) host.ip ??= [header.address];
}
