import { isAddress } from "../address.ts";
import { isEmpty } from "../json.ts";
import {
  baseName,
  groupOf,
  hashesOf,
  numberOf,
  type Process,
  plainAddress,
  put,
  putAccount,
  putEnd,
  putImage,
  putPath,
  textOf,
  type WindowsDraft,
} from "./windows-draft.ts";

/** Events whose hashes are of the file they tell of, not of the process. */
const OF_FILE = new Set(["6", "7", "15", "23", "26", "27", "28", "29"]);

/** Writes in ECS what the names of Sysmon's events say. */
export function writeSysmon(draft: WindowsDraft): void {
  writeProcess(draft);
  writeFile(draft);
  writeRegistry(draft);
  writeNetwork(draft);
  writeDns(draft);
  writeRule(draft);
}

function writeProcess(draft: WindowsDraft): void {
  const process = groupOf(draft, "process");
  putImage(process, textOf(draft, "Image", "SourceImage"));
  put(process, "command_line", textOf(draft, "CommandLine"));
  put(process, "working_directory", textOf(draft, "CurrentDirectory"));
  put(process, "pid", numberOf(draft, "ProcessId", "SourceProcessId"));
  put(process, "entity_id", textOf(draft, "ProcessGuid", "SourceProcessGuid", "SourceProcessGUID"));
  const thread = numberOf(draft, "SourceThreadId");
  if (thread !== undefined) put(process, "thread", { id: thread });
  const parent: NonNullable<Process["parent"]> = {};
  putImage(parent, textOf(draft, "ParentImage"));
  put(parent, "command_line", textOf(draft, "ParentCommandLine"));
  put(parent, "pid", numberOf(draft, "ParentProcessId"));
  put(parent, "entity_id", textOf(draft, "ParentProcessGuid"));
  if (Object.keys(parent).length > 0) process.parent = { ...parent, ...process.parent };
  const user = groupOf(draft, "user");
  putAccount(user, textOf(draft, "User", "SourceUser"));
  const id = textOf(draft, "LogonGuid") === undefined ? undefined : textOf(draft, "UserID");
  put(user, "id", id);
}

/** All of them as `SHA1=…,MD5=…`, or the only one of an early version with its kind beside it. */
function toldHashes(draft: WindowsDraft): string | undefined {
  const kind = textOf(draft, "HashType");
  const one = textOf(draft, "Hash");
  return textOf(draft, "Hashes") ?? (kind !== undefined && one !== undefined ? `${kind}=${one}` : one);
}

/** The program's own description of itself, and its hashes: of the process, or of the file that the event is about. */
function writeFile(draft: WindowsDraft): void {
  const { alert, code } = draft;
  const loaded = textOf(draft, "ImageLoaded");
  putPath(draft, textOf(draft, "TargetFilename") ?? loaded);
  const { hash, imphash } = hashesOf(toldHashes(draft));
  const pe = {
    original_file_name: textOf(draft, "OriginalFileName"),
    product: textOf(draft, "Product"),
    description: textOf(draft, "Description"),
    company: textOf(draft, "Company"),
    file_version: textOf(draft, "FileVersion"),
    imphash,
  };
  const told: NonNullable<Process["pe"]> = {};
  for (const name in pe) put(told, name as keyof typeof pe, pe[name as keyof typeof pe]);
  const about: Pick<Process, "hash" | "pe" | "code_signature"> = {};
  if (hash !== undefined) about.hash = hash;
  if (!isEmpty(told)) about.pe = told;
  const signature = signatureOf(draft);
  if (signature !== undefined) about.code_signature = signature;
  if (loaded !== undefined && code === "7") {
    alert.dll = { path: loaded, name: baseName(loaded), ...about, ...alert.dll };
  }
  if (code === "24" && loaded === undefined) return;
  const group = groupOf(draft, OF_FILE.has(code) || loaded !== undefined ? "file" : "process");
  put(group, "hash", about.hash);
  put(group, "pe", about.pe);
  put(group, "code_signature", about.code_signature);
}

/** Who signed what was loaded, and whether that holds: Sysmon's `Signed`, `Signature` and `SignatureStatus`. */
function signatureOf(draft: WindowsDraft): Process["code_signature"] {
  const signed = String(draft.fields.Signed ?? "").toLowerCase();
  if (signed !== "true" && signed !== "false") return undefined;
  const signature: NonNullable<Process["code_signature"]> = { exists: signed === "true" };
  put(signature, "subject_name", textOf(draft, "Signature"));
  const status = textOf(draft, "SignatureStatus");
  put(signature, "status", status);
  if (status !== undefined && signed === "true") put(signature, "valid", status === "Valid");
  return signature;
}

/** `HKLM\\Software\\…`: hive, key, and for a value its name. */
export function writeRegistry(draft: WindowsDraft): void {
  const path = textOf(draft, "TargetObject");
  if (path === undefined) return;
  const registry = groupOf(draft, "registry");
  put(registry, "path", path);
  const first = path.indexOf("\\");
  const last = path.lastIndexOf("\\");
  if (first > 0) {
    put(registry, "hive", path.slice(0, first));
    const valued = draft.code === "13" || draft.code === "14" || textOf(draft, "EventType") === "DeleteValue";
    put(registry, "key", valued && last > first ? path.slice(first + 1, last) : path.slice(first + 1));
    if (valued) put(registry, "value", path.slice(last + 1));
  }
  const details = textOf(draft, "Details");
  if (details !== undefined) {
    const kind = /^([DQ]WORD) \(0x/.exec(details)?.[1];
    put(registry, "data", { strings: [details], ...(kind && { type: `REG_${kind}` }) });
  }
}

function writeNetwork(draft: WindowsDraft): void {
  putEnd(draft, "source", textOf(draft, "SourceIp"), textOf(draft, "SourcePort"));
  putEnd(draft, "destination", textOf(draft, "DestinationIp"), textOf(draft, "DestinationPort"));
  const source = textOf(draft, "SourceHostname");
  if (source !== undefined) put(groupOf(draft, "source"), "domain", source);
  const destination = textOf(draft, "DestinationHostname");
  if (destination !== undefined) put(groupOf(draft, "destination"), "domain", destination);
  if (draft.code !== "3") return;
  const network = groupOf(draft, "network");
  put(network, "transport", textOf(draft, "Protocol")?.toLowerCase());
  put(network, "protocol", textOf(draft, "DestinationPortName", "SourcePortName"));
  const initiated = draft.fields.Initiated;
  if (initiated !== undefined) put(network, "direction", String(initiated) === "true" ? "egress" : "ingress");
  const six = draft.fields.SourceIsIpv6;
  if (six !== undefined) put(network, "type", String(six) === "true" ? "ipv6" : "ipv4");
}

/** `type:  5 alias.example;::ffff:192.0.2.1;` */
function writeDns(draft: WindowsDraft): void {
  const name = textOf(draft, "QueryName");
  if (name === undefined) return;
  const dns = groupOf(draft, "dns");
  put(dns, "question", { name });
  const status = textOf(draft, "QueryStatus");
  if (status !== undefined)
    put(dns, "response_code", status === "0" ? "NOERROR" : status === "9003" ? "NXDOMAIN" : status);
  const addresses: string[] = [];
  for (const answer of (textOf(draft, "QueryResults") ?? "").slice(0, 4096).split(";")) {
    const address = plainAddress(answer.trim());
    if (isAddress(address) && addresses.length < 64) addresses.push(address);
  }
  if (addresses.length > 0) put(dns, "resolved_ip", addresses);
  put(groupOf(draft, "network"), "protocol", "dns");
}

/** Configurations put the ATT&CK technique into the rule's name: `technique_id=T1059,technique_name=…`. */
function writeRule(draft: WindowsDraft): void {
  const name = textOf(draft, "RuleName");
  if (name === undefined) return;
  const { alert } = draft;
  alert.rule = { name, ...alert.rule };
  const technique = /technique_id=(T\d{4}(?:\.\d{3})?)(?:,technique_name=([^,]{1,128}))?/.exec(
    name.slice(0, 512),
  );
  if (technique?.[1] === undefined || alert.threat !== undefined) return;
  alert.threat = {
    technique: { id: [technique[1]], ...(technique[2] && { name: [technique[2]] }) },
  };
}
