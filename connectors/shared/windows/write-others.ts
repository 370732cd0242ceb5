import { isAddress } from "../address.ts";
import { putNewField } from "../draft.ts";
import { riskOfWord } from "../severity.ts";
import { putUrl } from "../web/put-url.ts";
import type { Family } from "./family.ts";
import {
  groupOf,
  hashesOf,
  numberOf,
  programOf,
  put,
  putAccount,
  putCommand,
  putEnd,
  putImage,
  putPath,
  putRule,
  textOf,
  type WindowsDraft,
} from "./windows-draft.ts";
import { writeSmaller } from "./write-smaller.ts";
import { writeSqlLogin } from "./write-sql-login.ts";

/** Writes in ECS what the names of the smaller logs say. */
export function writeOthers(draft: WindowsDraft, family: Family): void {
  if (family === "powershell") writePowershell(draft);
  else if (family === "classic-powershell") writeClassic(draft);
  else if (family === "defender") writeDefender(draft);
  else if (family === "system") writeService(draft);
  else if (family === "sessions") writeSession(draft);
  else if (family === "applocker") writeApplocker(draft);
  else if (family === "bits") writeTransfer(draft);
  else if (family === "tasks") writeTask(draft);
  else if (family === "firewall") writeFirewall(draft);
  else if (family === "rdp-client") writeRdpClient(draft);
  else if (family === "other") writeSqlLogin(draft);
  else writeSmaller(draft, family);
}

function writeApplocker(draft: WindowsDraft): void {
  putPath(draft, textOf(draft, "FullFilePath", "FilePath") ?? judgedPath(draft));
  const hash = textOf(draft, "FileHash");
  if (hash !== undefined && /^[0-9a-f]{64}$/i.test(hash))
    put(groupOf(draft, "file"), "hash", { sha256: hash.toLowerCase() });
  putAccount(groupOf(draft, "user"), textOf(draft, "TargetUser", "Security_UserID"));
  putRule(draft, textOf(draft, "RuleName"), textOf(draft, "RuleId"));
  put(groupOf(draft, "process"), "pid", numberOf(draft, "TargetProcessId"));
  // A library or a script is no process of its own.
  const path = textOf(draft, "FullFilePath", "FilePath");
  if (/^800[234]$/.test(draft.code) && textOf(draft, "PolicyName") === "EXE")
    putImage(groupOf(draft, "process"), path);
}

/** `%SYSTEM32%\\X.EXE was allowed to run.`, where a collector kept the sentence alone. */
function judgedPath({ alert: { message = "" } }: WindowsDraft): string | undefined {
  return /^([^\n]{1,512}?) was (?:allowed to run|prevented from running)\b/.exec(message)?.[1];
}

function writeTask(draft: WindowsDraft): void {
  putAccount(groupOf(draft, "user"), textOf(draft, "UserContext", "UserName"));
  const process = groupOf(draft, "process");
  if (draft.code === "129") put(process, "pid", numberOf(draft, "ProcessID"));
  const action = draft.code === "129" ? textOf(draft, "Path") : textOf(draft, "ActionName");
  if (/^20[0-3]$|^103$|^129$/.test(draft.code)) putImage(process, programOf(action));
  if (draft.code === "201" && textOf(draft, "ResultCode") === "0") draft.event.outcome ??= "success";
}

/** A rule of the firewall that someone added, changed or took away. */
function writeFirewall(draft: WindowsDraft): void {
  putRule(draft, textOf(draft, "RuleName"), textOf(draft, "RuleId"));
  putAccount(groupOf(draft, "user"), textOf(draft, "ModifyingUser"));
  putImage(groupOf(draft, "process"), textOf(draft, "ModifyingApplication"));
  if (!/^20(?:0[45]|71)$/.test(draft.code)) return;
  putPath(draft, textOf(draft, "ApplicationPath"));
  const network = groupOf(draft, "network");
  const direction = textOf(draft, "Direction");
  put(network, "direction", direction === "1" ? "inbound" : direction === "2" ? "outbound" : undefined);
}

/** `Name=Server Name`, `Value=host`: the computer that this one's client connects to. */
function writeRdpClient(draft: WindowsDraft): void {
  const server = textOf(draft, "Name") === "Server Name" ? textOf(draft, "Value") : undefined;
  if (server === undefined) return;
  if (isAddress(server)) putEnd(draft, "destination", server, undefined);
  else put(groupOf(draft, "destination"), "domain", server);
}

function writeTransfer(draft: WindowsDraft): void {
  putPath(draft, textOf(draft, "LocalName"));
  const address = textOf(draft, "RemoteName", "url");
  if (address !== undefined && /^https?:\/\//i.test(address)) putUrl(draft, address);
  put(groupOf(draft, "user"), "id", textOf(draft, "Security_UserID"));
}

function writePowershell(draft: WindowsDraft): void {
  putPath(draft, textOf(draft, "Path"));
  put(groupOf(draft, "user"), "id", textOf(draft, "Security_UserID"));
  // The host of the engine writes the log itself.
  put(groupOf(draft, "process"), "pid", numberOf(draft, "Execution_ProcessID", "ProcessID"));
  putSequence(draft, textOf(draft, "MessageNumber"));
  const context = textOf(draft, "ContextInfo");
  if (context === undefined) return;
  const told = linesOf(context, CONTEXT);
  const first = (...names: string[]) => told.get(names.find((name) => told.has(name)) ?? "");
  const command = first("Host Application", "Application hôte");
  put(groupOf(draft, "process"), "command_line", command);
  putImage(groupOf(draft, "process"), programOf(command));
  put(groupOf(draft, "process"), "entity_id", first("Host ID", "ID d’hôte"));
  putSequence(draft, first("Sequence Number", "Numéro de séquence"));
  putAccount(groupOf(draft, "user"), first("User", "Utilisateur"));
  putPath(draft, first("Script Name", "Nom du script"));
}

function putSequence({ event }: WindowsDraft, text: string | undefined): void {
  if (text !== undefined && /^\d{1,9}$/.test(text)) event.sequence ??= Number(text);
}

/** Names in the context of a pipeline, in the computer's language: English and French. */
const CONTEXT = new Set(
  [
    "Severity|Host Name|Host Version|Host ID|Host Application|Engine Version|Runspace ID|Pipeline ID|Command Name",
    "Command Type|Script Name|Command Path|Sequence Number|User|Connected User|Shell ID",
    "Gravité|Nom d’hôte|Version de l’hôte|ID d’hôte|Application hôte|Version du moteur|ID d’instance d’exécution",
    "ID de pipeline|Nom de commande|Type de commande|Nom du script|Chemin de la commande|Numéro de séquence",
    "Utilisateur|Utilisateur connecté|ID d’interpréteur de commandes",
  ].flatMap((names) => names.split("|")),
);

/** Names that the classic log writes into the text of its last datum. */
const CLASSIC = new Set(
  "NewEngineState PreviousEngineState NewProviderState SequenceNumber HostName HostVersion HostId HostApplication EngineVersion RunspaceId PipelineId CommandName CommandType ScriptName CommandPath CommandLine UserId DetailSequence DetailTotal".split(
    " ",
  ),
);

function writeClassic(draft: WindowsDraft): void {
  const { Data } = draft.fields;
  for (const text of Array.isArray(Data) ? Data : [Data]) {
    if (typeof text !== "string" || !text.includes("=")) continue;
    for (const [name, value] of linesOf(text, CLASSIC)) putNewField(draft, name, value);
  }
  const command = textOf(draft, "HostApplication");
  put(groupOf(draft, "process"), "command_line", command);
  putImage(groupOf(draft, "process"), programOf(command));
  put(groupOf(draft, "process"), "entity_id", textOf(draft, "HostId"));
  putSequence(draft, textOf(draft, "SequenceNumber"));
  putAccount(groupOf(draft, "user"), textOf(draft, "UserId"));
  putPath(draft, textOf(draft, "ScriptName"));
}

/**
 * Lines of `name=value` or `name = value`; what says nothing is left out. A line without one of the names goes on with
 * the value before it: a script that is an argument has several.
 */
function linesOf(text: string, names: ReadonlySet<string>): Map<string, string> {
  const told = new Map<string, string>();
  const ends = /\r\n|[\r\n]/g;
  let open: { name: string; from: number; to: number } | undefined;
  const close = () => {
    const value = open === undefined ? "" : text.slice(open.from, open.to).trim();
    if (open !== undefined && value !== "") told.set(open.name, value);
  };
  for (let from = 0, next = 0; from < text.length && told.size < 64; from = next) {
    const end = ends.exec(text);
    next = end === null ? text.length : ends.lastIndex;
    const to = end?.index ?? text.length;
    const equals = text.slice(from, to).indexOf("=");
    const name = text.slice(from, from + Math.max(equals, 0)).trim();
    if (names.has(name)) {
      close();
      open = { name, from: from + equals + 1, to };
    } else if (open !== undefined) open.to = to;
  }
  close();
  return told;
}

/** Names with a space, as Defender writes them, again in the one word that rules ask for. */
const DEFENDER = [
  "Threat Name",
  "Severity Name",
  "Category Name",
  "Action Name",
  "Detection User",
  "Process Name",
  "Source Name",
  "Old Value",
  "New Value",
  "Threat ID",
  "Severity ID",
  "Remediation User",
  "Error Code",
] as const;

/** Severities by their number: their names are in the computer's language. */
const SEVERITIES = new Map([
  ["1", "low"],
  ["2", "medium"],
  ["4", "high"],
  ["5", "severe"],
]);

function writeDefender(draft: WindowsDraft): void {
  const { alert, event } = draft;
  if (textOf(draft, "Threat Name", "Threat_Name") === undefined) readDefenderText(draft);
  for (const name of DEFENDER) {
    // Winlogbeat makes underscores of the spaces.
    const value = textOf(draft, name, name.replace(" ", "_"));
    if (value !== undefined && value !== "Unknown") putNewField(draft, name.replace(" ", ""), value);
  }
  const threat = textOf(draft, "ThreatName");
  if (threat !== undefined) {
    alert.rule = { name: threat, ...alert.rule };
    alert.threat = { ...alert.threat, software: { name: threat, ...alert.threat?.software } };
    put(alert.rule, "id", textOf(draft, "ThreatID"));
  }
  const link = textOf(draft, "FWLink");
  if (link !== undefined && /^https:/.test(link)) event.reference ??= link;
  if (/^11(?:2[1256]|3[123])$/.test(draft.code)) putRule(draft, undefined, textOf(draft, "ID"));
  const category = textOf(draft, "CategoryName");
  if (category !== undefined && alert.rule !== undefined) put(alert.rule, "category", category);
  const severity = SEVERITIES.get(textOf(draft, "SeverityID") ?? "") ?? textOf(draft, "SeverityName");
  const risk = severity === undefined ? undefined : riskOfWord(severity);
  if (risk !== undefined && alert.rule !== undefined)
    event.risk_score_norm = Math.max(risk, event.risk_score_norm ?? 0);
  // `file:_C:\\x.exe; process:_pid:12,…`: the first file.
  const path = textOf(draft, "Path");
  if (path !== undefined && /^[A-Za-z]:\\/.test(path)) putPath(draft, path);
  const file = path?.indexOf("file:_") ?? -1;
  if (path !== undefined && file >= 0) {
    const end = path.indexOf(";", file);
    putPath(draft, path.slice(file + "file:_".length, end < 0 ? path.length : end).split("->")[0]);
  }
  putAccount(groupOf(draft, "user"), textOf(draft, "DetectionUser", "RemediationUser"));
  const sid = textOf(draft, "SID");
  if (sid !== undefined)
    putAccount(groupOf(draft, "user"), textOf(draft, "User"), textOf(draft, "Domain"), sid);
  const process = groupOf(draft, "process");
  const image = textOf(draft, "ProcessName");
  if (image?.includes("\\") === true) putImage(process, image);
  else put(process, "name", image === "Unknown" ? undefined : image);
  put(process, "command_line", textOf(draft, "Target Commandline", "Target_Commandline"));
  const parent = textOf(draft, "Parent Commandline", "Parent_Commandline");
  if (parent !== undefined) put(process, "parent", { command_line: parent });
  if (/^1(?:007|117)$/.test(draft.code) && /^0x0+$/.test(textOf(draft, "ErrorCode") ?? ""))
    event.outcome ??= "success";
  if (draft.code === "1120") {
    putPath(draft, textOf(draft, "Threat resource path", "Threat_resource_path"));
    const hash = hashesOf(textOf(draft, "Hashes")?.replaceAll(":", "=").replaceAll(";", ","));
    put(groupOf(draft, "file"), "hash", hash.hash);
  }
  if (draft.code === "2050") {
    putPath(draft, textOf(draft, "Filename", "FileName"));
    const hash = textOf(draft, "Sha256");
    if (hash !== undefined && /^[0-9a-f]{64}$/i.test(hash))
      put(groupOf(draft, "file"), "hash", { sha256: hash.toLowerCase() });
  }
}

/** Labels of Defender's text, by the names that its data have. */
const DEFENDER_LABELS = new Map([
  ["Name", "Threat Name"],
  ["ID", "Threat ID"],
  ["Severity", "Severity Name"],
  ["Category", "Category Name"],
  ["Path", "Path"],
  ["User", "Detection User"],
  ["Process Name", "Process Name"],
  ["Action", "Action Name"],
  ["Error Code", "Error Code"],
  ["Nom", "Threat Name"],
  ["Gravité", "Severity Name"],
  ["Catégorie", "Category Name"],
  ["Chemin", "Path"],
  ["Utilisateur", "Detection User"],
  ["Nom du processus", "Process Name"],
]);

/** The names of a detection from its text, a line each, where the collector kept that alone. */
function readDefenderText(draft: WindowsDraft): void {
  if (!/^1(?:006|007|008|015|11[6-9])$/.test(draft.code)) return;
  for (const line of (draft.alert.message ?? "").slice(0, 8192).split(/[\r\n]+/, 64)) {
    const found = /^[ \t]{0,8}([A-Za-zÀ-ÿ ]{2,24}?)[ \u00a0]?:[ \t](\S.{0,2047})$/.exec(line);
    const name = DEFENDER_LABELS.get(found?.[1] ?? "");
    if (name !== undefined && found?.[2] !== undefined) putNewField(draft, name, found[2].trim());
  }
}

/** 7036 and 7040 number their data: the service, then its state; 1074 the program that asked, and last for whom. */
function writeService(draft: WindowsDraft): void {
  if (draft.code === "1074") {
    putImage(groupOf(draft, "process"), programOf(textOf(draft, "param1")));
    putAccount(groupOf(draft, "user"), textOf(draft, "param7"));
  }
  // TermDD, of a remote desktop: `…has disconnected the client. Client IP: 192.0.2.7.`
  if (draft.code === "56" || draft.code === "50") {
    const client = / Client IP: ([\da-f.:]{2,45}?)\.?$/i.exec(draft.alert.message?.trim() ?? "")?.[1];
    if (client !== undefined && isAddress(client)) putEnd(draft, "source", client, undefined);
  }
  const service = groupOf(draft, "service");
  const numbered = /^70(?:[02][0-9]|3[0146]|40)$/.test(draft.code);
  put(service, "name", textOf(draft, "ServiceName") ?? (numbered ? textOf(draft, "param1") : undefined));
  if (draft.code === "7036") put(service, "state", textOf(draft, "param2")?.toLowerCase());
  if (draft.code !== "7045") return;
  put(service, "type", textOf(draft, "ServiceType"));
  putCommand(groupOf(draft, "process"), textOf(draft, "ImagePath"));
}

function writeSession(draft: WindowsDraft): void {
  const user = groupOf(draft, "user");
  putAccount(
    user,
    textOf(draft, "User", "Param1"),
    draft.code === "1149" ? textOf(draft, "Param2") : undefined,
  );
  putEnd(draft, "source", textOf(draft, "Address", draft.code === "1149" ? "Param3" : undefined), undefined);
}
