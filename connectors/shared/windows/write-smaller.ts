import { wholeNumber } from "../address.ts";
import { textValue } from "../json.ts";
import type { Family } from "./family.ts";
import {
  baseName,
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

/** Writes what printing, code integrity, crashes, the directory, known exploits and shares say under names of their own. */
export function writeSmaller(draft: WindowsDraft, family: Family): void {
  if (family === "printing") writePrinting(draft);
  else if (family === "code-integrity") writeIntegrity(draft);
  else if (family === "crashes") writeCrash(draft);
  else if (family === "directory") writeDirectory(draft);
  else if (family === "audit-cve") writeExploit(draft);
  else if (family === "smb") writeShare(draft);
}

/**
 * 307 numbers its data: the job, its document, who printed it, from which computer, then the printer, the port, bytes
 * and pages; in the order of https://learn.microsoft.com/fr-fr/openspecs/windows_protocols/ms-rprn/b4a22048-7837-460e-b1bd-8d34f4270f29,
 * read 2026-11-23.
 */
function writePrinting(draft: WindowsDraft): void {
  if (draft.code === "307") {
    putAccount(groupOf(draft, "user"), textOf(draft, "Param3", "param3"));
    const computer = textOf(draft, "Param4", "param4");
    if (computer !== undefined) put(groupOf(draft, "source"), "domain", computer.replace(/^\\\\/, ""));
  }
  const plugin = textOf(draft, "PluginDllName");
  if (draft.code === "808") putLibrary(draft, plugin);
}

/** Names that later versions write with spaces; the flat hash is that of the file. */
function writeIntegrity(draft: WindowsDraft): void {
  const { alert } = draft;
  putPath(draft, textOf(draft, "File Name", "FileName", "FileNameBuffer", "File_Name"));
  putImage(
    groupOf(draft, "process"),
    textOf(draft, "Process Name", "ProcessName", "ProcessNameBuffer", "Process_Name"),
  );
  const sha1 = textOf(draft, "SHA1 Flat Hash", "SHA1FlatHash", "SHA1_Flat_Hash")?.toLowerCase();
  const sha256 = textOf(draft, "SHA256 Flat Hash", "SHA256FlatHash", "SHA256_Flat_Hash")?.toLowerCase();
  const hash = {
    ...(sha1 !== undefined && /^[0-9a-f]{40}$/.test(sha1) ? { sha1 } : {}),
    ...(sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256) ? { sha256 } : {}),
  };
  if (Object.keys(hash).length > 0) put(groupOf(draft, "file"), "hash", hash);
  const policy = textOf(draft, "PolicyName");
  if (policy !== undefined) alert.rule = { ruleset: policy, ...alert.rule };
}

/** Places of what a crash says, in the data that have no names: the program, its module, the exception. */
const CRASH = { name: 0, module: 3, exception: 6, process: 8, path: 10, library: 11 } as const;

/**
 * Application Error numbers its data, and names them since Windows 11; Windows Error Reporting gives the program after
 * `APPCRASH`: https://www.softwareverify.com/blog/identifying-crashes-with-the-windows-event-log/, read 2026-11-23.
 */
function writeCrash(draft: WindowsDraft): void {
  const { alert, code } = draft;
  const process = groupOf(draft, "process");
  const data = dataOf(draft);
  if (code === "1001") {
    const kind = data.indexOf("APPCRASH");
    if (kind >= 0) put(process, "name", data[kind + 3]);
    return;
  }
  const told = (name: string, place: keyof typeof CRASH) => textOf(draft, name) ?? textAt(data, CRASH[place]);
  putImage(process, told("AppPath", "path"));
  put(process, "name", told("AppName", "name"));
  const number = textAt(data, CRASH.process);
  const hexadecimal = number !== undefined && /^(?:0x)?[0-9a-f]{1,8}$/i.test(number);
  put(
    process,
    "pid",
    numberOf(draft, "ProcessId") ?? (hexadecimal ? Number.parseInt(number, 16) : undefined),
  );
  putLibrary(draft, told("ModulePath", "library") ?? told("ModuleName", "module"));
  const exception = told("ExceptionCode", "exception");
  if (exception !== undefined) alert.error = { code: exception, ...alert.error };
}

/** Who asked the directory for what, in data without names or in the last lines of the text. */
function writeDirectory(draft: WindowsDraft): void {
  const { alert, code } = draft;
  const user = groupOf(draft, "user");
  if (code === "39") putAccount(user, textOf(draft, "AccountName"));
  if (code !== "2889" && code !== "2946") return;
  const data = dataOf(draft);
  const lines = data.length > 1 ? data : (alert.message ?? "").slice(0, 2048).split(/[\r\n]+/, 32);
  for (const line of lines) {
    const text = line.trim();
    const end = /^\[?([0-9a-f.:]{2,45}?)\]?:(\d{1,5})$/i.exec(text);
    if (end !== null && wholeNumber(end[2] ?? "") !== undefined) putEnd(draft, "source", end[1], end[2]);
    else if (code === "2889" && /^(?:S-1-[\d-]{1,160}|[^\s\\:]{1,64}\\[^\\:]{1,128})$/.test(text))
      putAccount(user, text);
    else if (code === "2946") {
      const name = /^CN=([^,]{1,128}),/.exec(text)?.[1];
      if (name !== undefined) user.target = { name, ...user.target };
    }
  }
}

/** A program of Windows that says that someone tries a weakness that it knows. */
function writeExploit(draft: WindowsDraft): void {
  const { alert, event } = draft;
  const name = textOf(draft, "CVEID");
  if (name === undefined || draft.code !== "1") return;
  event.kind = "alert";
  const id = /CVE-\d{4}-\d{3,7}/.exec(name.slice(0, 256))?.[0];
  if (id !== undefined) alert.vulnerability = { id: [id], ...alert.vulnerability };
  event.reason ??= name;
}

/** Who asked for a session that the server of shares refused, in its text alone. */
function writeShare(draft: WindowsDraft): void {
  if (draft.code !== "551") return;
  const text = (draft.alert.message ?? "").slice(0, 2048);
  const end = /Client Address: {1,4}\[?([0-9a-f.:]{2,45}?)\]?:(\d{1,5})\s/i.exec(text);
  if (end !== null) putEnd(draft, "source", end[1], end[2]);
  const account = /User Name: {1,4}([^\s:]{1,160})/.exec(text)?.[1];
  if (account !== undefined) putAccount(groupOf(draft, "user"), account);
}

function putLibrary({ alert }: WindowsDraft, path: string | undefined): void {
  if (path === undefined) return;
  alert.dll = { ...(path.includes("\\") ? { path } : {}), name: baseName(path), ...alert.dll };
}

/** Data without names, in order. */
function dataOf(draft: WindowsDraft): string[] {
  return [draft.fields.Data].flat().map((each) => textValue(each) ?? "");
}

function textAt(data: readonly string[], place: number): string | undefined {
  const text = data[place];
  return text === "" ? undefined : text;
}
