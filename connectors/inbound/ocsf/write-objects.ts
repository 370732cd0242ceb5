import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import { wholeNumber } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { at, isEmpty, isObject, type JsonObject } from "../../shared/json.ts";
import { hashOf } from "./hash-of.ts";
import { timeOf } from "./time-of.ts";
import { putText, toldText } from "./told-text.ts";

type Process = NonNullable<Alert["process"]>;
type File = NonNullable<Alert["file"]>;

/** Process Activity is about `process`; elsewhere the actor's is the one that acted. */
const PROCESS_ACTIVITY = 1007;

/** Writes the process, file, module and registry that the event tells of. */
export function writeObjects(draft: Draft, document: JsonObject, context: ParseContext): void {
  const { alert } = draft;
  const actor = at(document, "actor", "process");
  const own = document.process;
  const about = document.class_uid === PROCESS_ACTIVITY ? (own ?? actor) : (actor ?? own);
  const process = processOf(draft, about, context);
  if (process !== undefined) {
    const parent =
      processOf(draft, at(about, "parent_process"), context) ??
      (about === own ? processOf(draft, actor, context) : undefined);
    if (parent !== undefined) process.parent = parent;
    // The class says with what it ended beside the process.
    if (document.class_uid === PROCESS_ACTIVITY) putExitCode(process, document.exit_code);
    alert.process = process;
  }
  writeContainer(draft, at(about, "container") ?? document.container);
  const file = fileOf(draft, document.file, context);
  if (file !== undefined) alert.file = file;
  const driver = fileOf(draft, at(document, "driver", "file"), context);
  if (driver !== undefined) alert.file ??= driver;
  const module = fileOf(draft, at(document, "module", "file"), context);
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

function processOf(draft: Draft, value: unknown, context: ParseContext): Process | undefined {
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
  putExitCode(process, value.exit_code);
  const start = timeOf(value, "created_time", context);
  if (start !== undefined) process.start = start;
  const told = Object.keys(process).length;
  // A number alone, and that zero, is no process.
  return told === 0 || (told === 1 && pid === 0) ? undefined : process;
}

function putExitCode(process: Process, code: unknown): void {
  if (typeof code === "number" && Number.isSafeInteger(code)) process.exit_code ??= code;
}

function writeContainer(draft: Draft, value: unknown): void {
  if (!isObject(value)) return;
  const container: NonNullable<Alert["container"]> = {};
  putText(draft, container, "id", value.uid);
  putText(draft, container, "name", value.name);
  putText(draft, container, "runtime", value.runtime);
  const image: { name?: string } = {};
  if (putText(draft, image, "name", at(value, "image", "name"))) container.image = image;
  if (!isEmpty(container)) draft.alert.container = container;
}

/** Kinds of files that ECS names, by type_id. */
const FILE_TYPES = new Map<unknown, string>([
  [1, "file"],
  [2, "dir"],
  [7, "symlink"],
]);

function fileOf(draft: Draft, value: unknown, context: ParseContext): File | undefined {
  if (!isObject(value)) return undefined;
  const file: File = {};
  putText(draft, file, "path", value.path);
  putText(draft, file, "name", value.name);
  putText(draft, file, "directory", value.parent_folder);
  putText(draft, file, "mime_type", value.mime_type);
  putText(draft, file, "extension", value.ext);
  putText(draft, file, "owner", at(value, "owner", "name"));
  if (typeof value.size === "number" && Number.isFinite(value.size)) file.size = value.size;
  putText(draft, file, "type", FILE_TYPES.get(value.type_id));
  const created = timeOf(value, "created_time", context);
  if (created !== undefined) file.created = created;
  const changed = timeOf(value, "modified_time", context);
  if (changed !== undefined) file.mtime = changed;
  const hash = hashOf(value.hashes);
  if (hash !== undefined) file.hash = hash;
  return isEmpty(file) ? undefined : file;
}

function writeRegistry(draft: Draft, document: JsonObject): void {
  const key = document.reg_key;
  const value = document.reg_value;
  if (!isObject(key) && !isObject(value)) {
    // Windows names the keys that it guards as the kernel does.
    const name = toldText(at(document, "win_resource", "name"));
    if (name?.startsWith("\\REGISTRY\\")) draft.alert.registry = { path: clip(draft, name) };
    return;
  }
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
