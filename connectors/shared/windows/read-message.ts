import { type Draft, putNewField } from "../draft.ts";
import { FRENCH_LABELS } from "./french-labels.ts";

/** Whom or what the labels after a section's name tell of. */
type Section = "Subject" | "Target" | "Member" | "Service" | "Object" | "Process" | "Network" | "other";

/** Sections of the Security log's messages, as the English message tables name them. */
const SECTIONS = new Map<string, Section>([
  ["Subject", "Subject"],
  ["Creator Subject", "Subject"],
  ["Target Subject", "Target"],
  ["New Logon", "Target"],
  ["Account For Which Logon Failed", "Target"],
  ["Account Whose Credentials Were Used", "Target"],
  ["Account That Was Locked Out", "Target"],
  ["Target Account", "Target"],
  ["New Account", "Target"],
  ["Account Information", "Target"],
  ["New Computer Account", "Target"],
  ["Computer Account That Was Changed", "Target"],
  ["Group", "Target"],
  ["New Group", "Target"],
  ["Deleted Group", "Target"],
  ["Member", "Member"],
  ["Service Information", "Service"],
  ["Object", "Object"],
  ["Process Information", "Process"],
  ["Process", "Process"],
  ["Application Information", "Process"],
  ["Network Information", "Network"],
  ["Logon Information", "other"],
  ["Failure Information", "other"],
  ["Detailed Authentication Information", "other"],
  ["Additional Information", "other"],
  ["Additional Information Permissions", "other"],
  ["Access Request Information", "other"],
  ["Share Information", "other"],
  ["Certificate Information", "other"],
  ["Task Information", "other"],
  ["Attributes", "other"],
  ["Changed Attributes", "other"],
  ["Filter Information", "other"],
  ["Target Server", "other"],
  ["Operation", "other"],
  ["Privileges", "other"],
]);

/** Labels that tell the same wherever they stand. */
const LABELS = new Map<string, string>([
  ["Logon Type", "LogonType"],
  ["Failure Reason", "FailureReason"],
  ["Status", "Status"],
  ["Sub Status", "SubStatus"],
  ["Workstation Name", "WorkstationName"],
  ["Source Workstation", "Workstation"],
  ["Source Network Address", "IpAddress"],
  ["Client Address", "IpAddress"],
  ["Client Port", "IpPort"],
  ["Source Address", "SourceAddress"],
  ["Destination Address", "DestAddress"],
  ["Destination Port", "DestPort"],
  ["Protocol", "Protocol"],
  ["Direction", "Direction"],
  ["Logon Process", "LogonProcessName"],
  ["Authentication Package", "AuthenticationPackageName"],
  ["Package Name (NTLM only)", "LmPackageName"],
  ["Key Length", "KeyLength"],
  ["Transited Services", "TransmittedServices"],
  ["New Process ID", "NewProcessId"],
  ["New Process Name", "NewProcessName"],
  ["Creator Process ID", "ProcessId"],
  ["Creator Process Name", "ParentProcessName"],
  ["Caller Process ID", "ProcessId"],
  ["Caller Process Name", "ProcessName"],
  ["Process Command Line", "CommandLine"],
  ["Token Elevation Type", "TokenElevationType"],
  ["Mandatory Label", "MandatoryLabel"],
  ["Process ID", "ProcessId"],
  ["Process Name", "ProcessName"],
  ["Application Name", "Application"],
  ["Supplied Realm Name", "TargetDomainName"],
  ["User ID", "TargetSid"],
  ["Service ID", "ServiceSid"],
  ["Ticket Options", "TicketOptions"],
  ["Ticket Encryption Type", "TicketEncryptionType"],
  ["Result Code", "Status"],
  ["Failure Code", "Status"],
  ["Error Code", "Status"],
  ["Pre-Authentication Type", "PreAuthType"],
  ["Service Name", "ServiceName"],
  ["Service File Name", "ServiceFileName"],
  ["Service Type", "ServiceType"],
  ["Service Start Type", "ServiceStartType"],
  ["Service Account", "ServiceAccount"],
  ["Task Name", "TaskName"],
  ["Task Content", "TaskContent"],
  ["Share Name", "ShareName"],
  ["Share Path", "ShareLocalPath"],
  ["Relative Target Name", "RelativeTargetName"],
  ["Access Mask", "AccessMask"],
  ["Accesses", "AccessList"],
  ["Object Server", "ObjectServer"],
  ["Object Type", "ObjectType"],
  ["Object Name", "ObjectName"],
  ["Handle ID", "HandleId"],
  ["Properties", "Properties"],
  ["Privileges", "PrivilegeList"],
  ["Sam Account Name", "SamAccountName"],
  ["SAM Account Name", "SamAccountName"],
  ["Display Name", "DisplayName"],
  ["User Principal Name", "UserPrincipalName"],
  ["Target Server Name", "TargetServerName"],
  ["Caller Computer Name", "TargetDomainName"],
  ["Linked Logon ID", "TargetLinkedLogonId"],
  ["Logon GUID", "LogonGuid"],
  ["Impersonation Level", "ImpersonationLevel"],
]);

/** Labels that tell of whom their section is. */
const OF_SECTION = new Map<string, Partial<Record<Section, string>>>([
  ["Security ID", { Subject: "SubjectUserSid", Target: "TargetUserSid", Member: "MemberSid" }],
  ["Account Name", { Subject: "SubjectUserName", Target: "TargetUserName", Member: "MemberName" }],
  ["Domain Name", { Subject: "SubjectDomainName" }],
  ["Account Domain", { Subject: "SubjectDomainName", Target: "TargetDomainName" }],
  ["Logon ID", { Subject: "SubjectLogonId", Target: "TargetLogonId" }],
  ["Group Name", { Target: "TargetUserName" }],
  ["Group Domain", { Target: "TargetDomainName" }],
  ["Source Port", { Network: "IpPort" }],
  ["Port", { Network: "IpPort" }],
]);

/** Sysmon labels its messages with the very names of its data. */
const SYSMON = new Set(
  (
    "RuleName UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company OriginalFileName " +
    "CommandLine CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel HashType Hash Hashes ParentProcessGuid " +
    "ParentProcessId ParentImage ParentCommandLine ParentUser Protocol Initiated SourceIsIpv6 SourceIp SourceHostname " +
    "SourcePort SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname DestinationPort " +
    "DestinationPortName ImageLoaded Signed Signature SignatureStatus SourceProcessGUID SourceProcessGuid " +
    "SourceProcessId SourceThreadId SourceImage TargetProcessGUID TargetProcessGuid TargetProcessId TargetImage " +
    "GrantedAccess CallTrace TargetFilename CreationUtcTime PreviousCreationUtcTime EventType TargetObject Details " +
    "NewName PipeName QueryName QueryStatus QueryResults IsExecutable Archived NewThreadId StartAddress StartModule " +
    "StartFunction Device Contents SourceUser TargetUser"
  ).split(" "),
);

/** Characters of the longest label, and its most words. */
const LONGEST = 40;
const MOST_WORDS = 6;

interface Label {
  text: string;
  from: number;
  /** Where its value begins. */
  value: number;
}

/**
 * Reads the `Name:  value` lines of an event's expanded message into the names that its data have; what stands
 * already stands. Line breaks and tabs may have been made spaces on the way.
 */
export function readMessage(draft: Draft, message: string): void {
  const labels = labelsOf(message);
  let section: Section = "other";
  for (const [index, label] of labels.entries()) {
    const named = SECTIONS.get(label.text);
    const value = message.slice(label.value, labels[index + 1]?.from ?? endOf(message, label)).trim();
    // `Privileges:` and `Process:` begin a section or have a value.
    if (named !== undefined && (value === "" || !LABELS.has(label.text))) {
      section = named;
      continue;
    }
    const name =
      OF_SECTION.get(label.text)?.[section] ??
      LABELS.get(label.text) ??
      (SYSMON.has(label.text) ? label.text : undefined);
    if (name === undefined || value === "") continue;
    // In the texts of other logs no known label need follow.
    putNewField(draft, name, label.text === "Process Name" ? (/^[^\r\n]+/.exec(value)?.[0] ?? value) : value);
  }
}

/** Colons looked at; the longest message that Windows writes has some hundreds. */
const MOST_COLONS = 2048;

/** Known labels in order: for each colon, the longest one that ends there. */
function labelsOf(message: string): Label[] {
  const found: Label[] = [];
  let left = MOST_COLONS;
  for (
    let colon = message.indexOf(":");
    colon >= 0 && found.length < 256 && left-- > 0;
    colon = message.indexOf(":", colon + 1)
  ) {
    const next = message.charCodeAt(colon + 1);
    if (!Number.isNaN(next) && !isSpace(next)) continue;
    let text: string | undefined;
    let words = 0;
    for (let at = colon - 1; at >= colon - LONGEST && words < MOST_WORDS; at--) {
      if (at >= 0 && !isSpace(message.charCodeAt(at))) continue;
      words++;
      const candidate = message.slice(at + 1, colon);
      if (isLabel(candidate)) text = candidate;
      if (at < 0) break;
    }
    if (text !== undefined) found.push({ text, from: colon - text.length, value: colon + 1 });
    else if (isGap(message.charCodeAt(colon - 1))) {
      const label = frenchAt(message, colon);
      if (label !== undefined) found.push(label);
    }
  }
  return found;
}

/** Characters of the longest French label, and its most words. */
const LONGEST_FRENCH = 72;
const MOST_FRENCH_WORDS = 9;

/** The French label that ends before a colon, by its English name: French puts a space between. */
function frenchAt(message: string, colon: number): Label | undefined {
  let end = colon;
  while (end > colon - 3 && isGap(message.charCodeAt(end - 1))) end--;
  const least = Math.max(0, end - LONGEST_FRENCH);
  let found: Label | undefined;
  let words = 0;
  for (let at = end - 1; at >= least - 1 && words < MOST_FRENCH_WORDS; at--) {
    if (at >= 0 && !isSpace(message.charCodeAt(at))) continue;
    words++;
    // Labels begin with a capital.
    const first = message.charCodeAt(at + 1);
    const capital = (first >= 0x41 && first <= 0x5a) || first === 0xc9;
    const text = capital
      ? FRENCH_LABELS.get(message.slice(at + 1, end).replaceAll("\u2019", "'"))
      : undefined;
    if (text !== undefined) found = { text, from: at + 1, value: colon + 1 };
    if (at < 0) break;
  }
  return found;
}

/** A space, or one that does not break. */
function isGap(code: number): boolean {
  return code === 0x20 || code === 0xa0 || code === 0x202f;
}

function isLabel(text: string): boolean {
  return LABELS.has(text) || OF_SECTION.has(text) || SECTIONS.has(text) || SYSMON.has(text);
}

/** The last value ends at its line, or before the explanation that Windows adds. */
function endOf(message: string, { value }: Label): number {
  let at = value;
  while (at < message.length && isSpace(message.charCodeAt(at))) at++;
  while (at < message.length) {
    const code = message.charCodeAt(at);
    if (code === 0x0a || code === 0x0d || (code === 0x20 && message.charCodeAt(at + 1) === 0x20)) break;
    at++;
  }
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
