import type { Alert } from "../../../agent/core/alert.ts";
import { wholeNumber } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { at, isEmpty, isObject, type JsonObject } from "../../shared/json.ts";
import { putText, toldText } from "./told-text.ts";

type Process = NonNullable<Alert["process"]>;
type File = NonNullable<Alert["file"]>;

/** Process Activity is about `process`; elsewhere the actor's is the one that acted. */
const PROCESS_ACTIVITY = 1007;

/** Writes the process, file, module and registry that the event tells of. */
export function writeObjects(draft: Draft, document: JsonObject): void {
  const { alert } = draft;
  const actor = at(document, "actor", "process");
  const own = document.process;
  const about = document.class_uid === PROCESS_ACTIVITY ? (own ?? actor) : (actor ?? own);
  const process = processOf(draft, about);
  if (process !== undefined) {
    const parent =
      processOf(draft, at(about, "parent_process")) ?? (about === own ? processOf(draft, actor) : undefined);
    if (parent !== undefined) process.parent = parent;
    alert.process = process;
  }
  const file = fileOf(draft, document.file);
  if (file !== undefined) alert.file = file;
  const driver = fileOf(draft, at(document, "driver", "file"));
  if (driver !== undefined) alert.file ??= driver;
  const module = fileOf(draft, at(document, "module", "file"));
  if (module !== undefined) {
    const { name, path, hash } = module;
    alert.dll = {
      ...(name !== undefined && { name }),
      ...(path !== undefined && { path }),
      ...(hash && { hash }),
    };
  }
  writeRegistry(draft, document);
}

function processOf(draft: Draft, value: unknown): Process | undefined {
  if (!isObject(value)) return undefined;
  const process: Process = {};
  const pid = wholeNumber(toldText(value.pid) ?? "");
  if (pid !== undefined) process.pid = pid;
  putText(draft, process, "executable", toldText(at(value, "file", "path")) ?? value.path);
  putText(draft, process, "name", toldText(value.name) ?? at(value, "file", "name"));
  putText(draft, process, "command_line", value.cmd_line);
  putText(draft, process, "entity_id", value.uid);
  putText(draft, process, "working_directory", value.working_directory);
  const { executable } = process;
  if (process.name === undefined && executable !== undefined)
    process.name = executable.slice(Math.max(executable.lastIndexOf("/"), executable.lastIndexOf("\\")) + 1);
  const thread = wholeNumber(toldText(value.tid) ?? "");
  if (thread !== undefined) process.thread = { id: thread };
  const hash = hashOf(at(value, "file", "hashes"));
  if (hash !== undefined) process.hash = hash;
  const code = value.exit_code;
  if (typeof code === "number" && Number.isSafeInteger(code)) process.exit_code = code;
  const told = Object.keys(process).length;
  // A number alone, and that zero, is no process.
  return told === 0 || (told === 1 && pid === 0) ? undefined : process;
}

function fileOf(draft: Draft, value: unknown): File | undefined {
  if (!isObject(value)) return undefined;
  const file: File = {};
  putText(draft, file, "path", value.path);
  putText(draft, file, "name", value.name);
  putText(draft, file, "directory", value.parent_folder);
  putText(draft, file, "mime_type", value.mime_type);
  putText(draft, file, "extension", value.ext);
  putText(draft, file, "owner", at(value, "owner", "name"));
  if (typeof value.size === "number" && Number.isFinite(value.size)) file.size = value.size;
  const hash = hashOf(value.hashes);
  if (hash !== undefined) file.hash = hash;
  return isEmpty(file) ? undefined : file;
}

const ALGORITHMS = new Map<unknown, "md5" | "sha1" | "sha256" | "sha512" | "ssdeep">([
  [1, "md5"],
  [2, "sha1"],
  [3, "sha256"],
  [4, "sha512"],
  [5, "ssdeep"],
  ["MD5", "md5"],
  ["SHA-1", "sha1"],
  ["SHA-256", "sha256"],
  ["SHA-512", "sha512"],
]);

/** Fingerprints: `value` since version 1.0, with the algorithm by number or by name. */
function hashOf(list: unknown): NonNullable<File["hash"]> | undefined {
  if (!Array.isArray(list)) return undefined;
  const hash: NonNullable<File["hash"]> = {};
  for (const one of list.slice(0, 16)) {
    if (!isObject(one)) continue;
    const name = ALGORITHMS.get(one.algorithm_id) ?? ALGORITHMS.get(one.algorithm);
    const value = toldText(one.value) ?? toldText(one.fingerprint);
    if (name !== undefined && value !== undefined && value.length <= 512)
      hash[name] = name === "ssdeep" ? value : value.toLowerCase();
  }
  return isEmpty(hash) ? undefined : hash;
}

function writeRegistry(draft: Draft, document: JsonObject): void {
  const key = document.reg_key;
  const value = document.reg_value;
  if (!isObject(key) && !isObject(value)) return;
  const registry: NonNullable<Alert["registry"]> = {};
  const path = toldText(at(key, "path")) ?? toldText(at(value, "path"));
  if (path !== undefined) registry.path = registry.key = clip(draft, path);
  const name = toldText(at(value, "name"));
  if (name !== undefined) registry.value = clip(draft, name);
  const data = toldText(at(value, "data"));
  const type = toldText(at(value, "type"));
  if (data !== undefined)
    registry.data = { strings: [clip(draft, data)], ...(type !== undefined && { type: clip(draft, type) }) };
  draft.alert.registry = registry;
}
