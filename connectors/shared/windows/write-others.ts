import { putNewField } from "../draft.ts";
import { riskOfWord } from "../severity.ts";
import type { Family } from "./meanings.ts";
import {
  groupOf,
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
  else if (family === "tasks") putAccount(groupOf(draft, "user"), textOf(draft, "UserContext", "UserName"));
}

function writePowershell(draft: WindowsDraft): void {
  putPath(draft, textOf(draft, "Path"));
  put(groupOf(draft, "user"), "id", textOf(draft, "Security_UserID"));
  const context = textOf(draft, "ContextInfo");
  if (context === undefined) return;
  const told = linesOf(context);
  put(groupOf(draft, "process"), "command_line", told.get("Host Application"));
  putAccount(groupOf(draft, "user"), told.get("User"));
  putPath(draft, told.get("Script Name"));
}

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
    for (const [name, value] of linesOf(text)) if (CLASSIC.has(name)) putNewField(draft, name, value);
  }
  put(groupOf(draft, "process"), "command_line", textOf(draft, "HostApplication"));
  putAccount(groupOf(draft, "user"), textOf(draft, "UserId"));
  putPath(draft, textOf(draft, "ScriptName"));
}

/** Lines of `name=value` or `name = value`; what says nothing is left out. */
function linesOf(text: string): Map<string, string> {
  const told = new Map<string, string>();
  for (const line of text.split(/\r\n|[\r\n]/)) {
    const equals = line.indexOf("=");
    const value = line.slice(equals + 1).trim();
    if (equals > 0 && value !== "" && told.size < 64) told.set(line.slice(0, equals).trim(), value);
  }
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
] as const;

function writeDefender(draft: WindowsDraft): void {
  const { alert, event } = draft;
  for (const name of DEFENDER) {
    const value = textOf(draft, name);
    if (value !== undefined && value !== "Unknown") putNewField(draft, name.replace(" ", ""), value);
  }
  const threat = textOf(draft, "Threat Name");
  if (threat !== undefined) alert.rule = { name: threat, ...alert.rule };
  const category = textOf(draft, "Category Name");
  if (category !== undefined && alert.rule !== undefined) put(alert.rule, "category", category);
  const severity = textOf(draft, "Severity Name");
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
  putEnd(draft, "source", textOf(draft, "Address", ...(draft.code === "1149" ? ["Param3"] : [])), undefined);
}
