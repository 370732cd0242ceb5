import type { Alert, FieldValue } from "../../agent/core/alert.ts";
import { isAddress, portOf, putAddress, wholeNumber } from "./address.ts";
import { clip, type Draft } from "./draft.ts";

/** Security events whose meaning their number alone tells. */
const KNOWN_CODES = new Map<string, { action: string; category: string; outcome: "success" | "failure" }>([
  ["4624", { action: "logged-in", category: "authentication", outcome: "success" }],
  ["4625", { action: "logon-failed", category: "authentication", outcome: "failure" }],
  ["4688", { action: "created-process", category: "process", outcome: "success" }],
  ["1102", { action: "audit-log-cleared", category: "iam", outcome: "success" }],
]);

/**
 * Writes what a Windows event means in ECS from its own names (`EventID`, `CommandLine`…), already in `fields`.
 *
 * What the alert already says stands.
 */
export function writeWindows(draft: Draft): void {
  const { alert, event, fields } = draft;
  const text = (...names: string[]): string | undefined => {
    for (const name of names) {
      const value = scalarText(Object.hasOwn(fields, name) ? fields[name] : undefined);
      if (value !== undefined) return clip(draft, value);
    }
    return undefined;
  };
  const code = text("EventID");
  if (code !== undefined) event.code ??= code;
  const provider = text("Provider_Name", "SourceName");
  if (provider !== undefined) event.provider ??= provider;
  const computer = text("Computer", "Hostname");
  if (computer !== undefined && alert.host?.name === undefined) {
    alert.host = { ...alert.host, name: computer, hostname: computer };
  }
  const known = provider?.startsWith("Microsoft-Windows-Sysmon") ? undefined : KNOWN_CODES.get(code ?? "");
  if (known !== undefined) {
    event.action ??= known.action;
    event.category ??= [known.category];
    event.outcome ??= known.outcome;
  }
  writeProcess(alert, text);
  writeUser(alert, text);
  writeEndpoints(alert, text);
  const target = text("TargetFilename");
  if (target !== undefined) alert.file = { path: target, name: baseName(target), ...alert.file };
}

type Text = (...names: string[]) => string | undefined;

function writeProcess(alert: Alert, text: Text): void {
  const process: NonNullable<Alert["process"]> = {};
  const executable = text("NewProcessName", "Image", "ProcessName", "Application");
  if (executable !== undefined) {
    process.executable = executable;
    process.name = baseName(executable);
  }
  const line = text("CommandLine");
  if (line !== undefined) process.command_line = line;
  const directory = text("CurrentDirectory");
  if (directory !== undefined) process.working_directory = directory;
  const pid = numberOf(text("NewProcessId", "ProcessId"));
  if (pid !== undefined) process.pid = pid;
  const hash = hashesOf(text("Hashes"));
  if (hash !== undefined) process.hash = hash;
  const parent: NonNullable<typeof process.parent> = {};
  const parentExecutable = text("ParentImage", "ParentProcessName");
  if (parentExecutable !== undefined) {
    parent.executable = parentExecutable;
    parent.name = baseName(parentExecutable);
  }
  const parentLine = text("ParentCommandLine");
  if (parentLine !== undefined) parent.command_line = parentLine;
  const parentPid = numberOf(text("ParentProcessId"));
  if (parentPid !== undefined) parent.pid = parentPid;
  if (Object.keys(parent).length > 0) process.parent = parent;
  if (Object.keys(process).length > 0) alert.process = { ...process, ...alert.process };
}

function writeUser(alert: Alert, text: Text): void {
  const whole = text("TargetUserName", "SubjectUserName", "User", "AccountName");
  if (whole === undefined) return;
  const slash = whole.indexOf("\\");
  const own = text("TargetUserName") === undefined ? "Subject" : "Target";
  const domain =
    slash > 0 ? whole.slice(0, slash) : text(`${own}DomainName`, "TargetDomainName", "SubjectDomainName");
  alert.user = { name: whole.slice(slash + 1), ...(domain === undefined ? {} : { domain }), ...alert.user };
}

function writeEndpoints(alert: Alert, text: Text): void {
  const from = text("IpAddress", "SourceIp");
  const to = text("DestinationIp");
  if (from !== undefined) {
    const source = alert.source ?? {};
    // `::ffff:10.0.0.1` is how Windows writes an IPv4 address.
    putAddress(source, /^::ffff:[\d.]+$/i.test(from) && isAddress(from.slice(7)) ? from.slice(7) : from);
    const port = portOf(text("IpPort", "SourcePort") ?? "");
    if (port !== undefined) source.port ??= port;
    if (Object.keys(source).length > 0) alert.source = source;
  }
  if (to !== undefined) {
    const destination = alert.destination ?? {};
    putAddress(destination, to);
    const port = portOf(text("DestinationPort") ?? "");
    if (port !== undefined) destination.port ??= port;
    const domain = text("DestinationHostname");
    if (domain !== undefined) destination.domain ??= domain;
    if (Object.keys(destination).length > 0) alert.destination = destination;
  }
}

/** `MD5=…,SHA256=…,IMPHASH=…` as Sysmon writes it. */
function hashesOf(text: string | undefined) {
  if (text === undefined) return undefined;
  const hash: { md5?: string; sha1?: string; sha256?: string } = {};
  for (const part of text.slice(0, 1024).split(",")) {
    const [kind = "", value = ""] = part.split("=");
    const name = kind.trim().toLowerCase();
    if ((name === "md5" || name === "sha1" || name === "sha256") && value !== "")
      hash[name] = value.toLowerCase();
  }
  return Object.keys(hash).length === 0 ? undefined : hash;
}

/** Windows writes process numbers as numbers, decimal text, or `0x1a4`. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^0x[0-9a-f]{1,12}$/i.test(text) ? Number.parseInt(text, 16) : wholeNumber(text);
}

/** A dash is how Windows says that there is nothing. */
function scalarText(value: FieldValue | undefined): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" && value !== "-" ? value : undefined;
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("\\"), path.lastIndexOf("/")) + 1);
}
