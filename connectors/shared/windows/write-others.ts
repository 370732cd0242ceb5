import { putNewField } from "../draft.ts";
import { riskOfWord } from "../severity.ts";
import type { Family } from "./meanings.ts";
import {
  groupOf,
  numberOf,
  put,
  putAccount,
  putEnd,
  putImage,
  putPath,
  textOf,
  type WindowsDraft,
} from "./windows-draft.ts";

/** Writes in ECS what the names of the smaller logs say. */
export function writeOthers(draft: WindowsDraft, family: Family): void {
  if (family === "powershell") writePowershell(draft);
  else if (family === "classic-powershell") writeClassic(draft);
  else if (family === "defender") writeDefender(draft);
  else if (family === "system") writeService(draft);
  else if (family === "sessions") writeSession(draft);
  else if (family === "applocker") writeApplocker(draft);
  else if (family === "bits") writeTransfer(draft);
  else if (family === "tasks") putAccount(groupOf(draft, "user"), textOf(draft, "UserContext", "UserName"));
}

function writeApplocker(draft: WindowsDraft): void {
  putPath(draft, textOf(draft, "FullFilePath", "FilePath"));
  const hash = textOf(draft, "FileHash");
  if (hash !== undefined && /^[0-9a-f]{64}$/i.test(hash))
    put(groupOf(draft, "file"), "hash", { sha256: hash.toLowerCase() });
  putAccount(groupOf(draft, "user"), textOf(draft, "TargetUser", "Security_UserID"));
}

function writeTransfer(draft: WindowsDraft): void {
  putPath(draft, textOf(draft, "LocalName"));
  const address = textOf(draft, "RemoteName", "url");
  if (address !== undefined && /^https?:\/\//i.test(address))
    draft.alert.url = { full: address, original: address, ...draft.alert.url };
  put(groupOf(draft, "user"), "id", textOf(draft, "Security_UserID"));
}

function writePowershell(draft: WindowsDraft): void {
  putPath(draft, textOf(draft, "Path"));
  put(groupOf(draft, "user"), "id", textOf(draft, "Security_UserID"));
  // The host of the engine writes the log itself.
  put(groupOf(draft, "process"), "pid", numberOf(draft, "Execution_ProcessID", "ProcessID"));
  const context = textOf(draft, "ContextInfo");
  if (context === undefined) return;
  const told = linesOf(context, CONTEXT);
  const first = (...names: string[]) => told.get(names.find((name) => told.has(name)) ?? "");
  const command = first("Host Application", "Application hôte");
  put(groupOf(draft, "process"), "command_line", command);
  putImage(groupOf(draft, "process"), imageOf(command));
  putAccount(groupOf(draft, "user"), first("User", "Utilisateur"));
  putPath(draft, first("Script Name", "Nom du script"));
}

/** The program that a command line begins with, when it tells where it ends. */
function imageOf(command: string | undefined): string | undefined {
  const found = /^(?:"([^"]{1,512}\.exe)"|([^"]{1,512}?\.exe)(?= |$))/i.exec(command?.slice(0, 600) ?? "");
  return found?.[1] ?? found?.[2];
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
  put(groupOf(draft, "process"), "command_line", textOf(draft, "HostApplication"));
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
] as const;

/** Severities by their number: their names are in the computer's language. */
const SEVERITIES: Record<string, string> = { "1": "low", "2": "medium", "4": "high", "5": "severe" };

function writeDefender(draft: WindowsDraft): void {
  const { alert, event } = draft;
  for (const name of DEFENDER) {
    const value = textOf(draft, name);
    if (value !== undefined && value !== "Unknown") putNewField(draft, name.replace(" ", ""), value);
  }
  const threat = textOf(draft, "Threat Name");
  if (threat !== undefined) {
    alert.rule = { name: threat, ...alert.rule };
    alert.threat = { ...alert.threat, software: { name: threat, ...alert.threat?.software } };
  }
  const category = textOf(draft, "Category Name");
  if (category !== undefined && alert.rule !== undefined) put(alert.rule, "category", category);
  const severity = SEVERITIES[textOf(draft, "Severity ID") ?? ""] ?? textOf(draft, "Severity Name");
  const risk = severity === undefined ? undefined : riskOfWord(severity);
  if (risk !== undefined && alert.rule !== undefined)
    event.risk_score_norm = Math.max(risk, event.risk_score_norm ?? 0);
  // `file:_C:\\x.exe; process:_pid:12,…`: the first file.
  const path = textOf(draft, "Path");
  const file = path?.indexOf("file:_") ?? -1;
  if (path !== undefined && file >= 0) {
    const end = path.indexOf(";", file);
    putPath(draft, path.slice(file + "file:_".length, end < 0 ? path.length : end).split("->")[0]);
  }
  putAccount(groupOf(draft, "user"), textOf(draft, "Detection User", "Remediation User"));
  const image = textOf(draft, "Process Name");
  if (image !== undefined && image !== "Unknown") putImage(groupOf(draft, "process"), image);
}

/** 7036 and 7040 number their data: the service, then its state. */
function writeService(draft: WindowsDraft): void {
  const service = groupOf(draft, "service");
  const numbered = /^70(?:[02][0-9]|3[0146]|40)$/.test(draft.code);
  put(service, "name", textOf(draft, "ServiceName") ?? (numbered ? textOf(draft, "param1") : undefined));
  if (draft.code === "7036") put(service, "state", textOf(draft, "param2")?.toLowerCase());
  if (draft.code === "7045") put(service, "type", textOf(draft, "ServiceType"));
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
