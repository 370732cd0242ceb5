import type { ParseContext } from "../../contract.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { at, isObject, textValue } from "../../shared/json.ts";
import { readWholeDate } from "../../shared/read-date.ts";
import { baseName } from "../../shared/windows/windows-draft.ts";

const TYPES = new Map([
  ["added", "creation"],
  ["modified", "change"],
  ["deleted", "deletion"],
]);

/** What a file is now, by ECS' names. */
const OF_FILE = [
  ["owner", "uname_after"],
  ["uid", "uid_after"],
  ["group", "gname_after"],
  ["gid", "gid_after"],
  ["mode", "perm_after"],
  ["inode", "inode_after"],
] as const;

/** Writes what the watch over files and the registry saw. */
export function writeSyscheck(draft: Draft, syscheck: unknown, context: ParseContext): void {
  const path = textValue(at(syscheck, "path"));
  if (path === undefined || !isObject(syscheck)) return;
  const { alert, event } = draft;
  const action = textValue(syscheck.event);
  if (action !== undefined) {
    event.action = clip(draft, action);
    const type = TYPES.get(action);
    if (type !== undefined) event.type = [type];
  }
  if (path.startsWith("HKEY_")) {
    event.category = ["registry", "configuration"];
    alert.registry = { path: clip(draft, path), hive: path.split("\\", 1)[0] as string };
    const key = path.indexOf("\\");
    if (key > 0) alert.registry.key = clip(draft, path.slice(key + 1));
    const value = textValue(syscheck.value_name);
    if (value !== undefined) alert.registry.value = clip(draft, value);
    const type = textValue(syscheck.value_type);
    if (type !== undefined) alert.registry.data = { type: clip(draft, type) };
  } else {
    event.category = ["file"];
    alert.file = {
      path: clip(draft, path),
      name: clip(draft, path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1)),
    };
    const size = Number(textValue(syscheck.size_after) ?? Number.NaN);
    if (Number.isSafeInteger(size)) alert.file.size = size;
    for (const [name, told] of OF_FILE) {
      const after = textValue(syscheck[told]);
      if (after !== undefined) alert.file[name] = clip(draft, after);
    }
    const changed = textValue(syscheck.mtime_after);
    const mtime = changed === undefined ? undefined : readWholeDate(changed, { ...context, zone: "UTC" });
    if (mtime !== undefined) alert.file.mtime = isoOf(mtime);
    const attributes = textValue(syscheck.attrs_after);
    if (attributes !== undefined)
      alert.file.attributes = clip(draft, attributes).toLowerCase().split(/,\s*/, 16);
    const hash: Record<string, string> = {};
    for (const kind of ["md5", "sha1", "sha256"]) {
      const after = textValue(syscheck[`${kind}_after`]);
      if (after !== undefined) hash[kind] = clip(draft, after);
    }
    if (Object.keys(hash).length > 0) alert.file.hash = hash;
  }
  // Who-data: the audit of the system says who did it.
  const user =
    textValue(at(syscheck, "audit", "login_user", "name")) ??
    textValue(at(syscheck, "audit", "user", "name"));
  const userId =
    textValue(at(syscheck, "audit", "login_user", "id")) ?? textValue(at(syscheck, "audit", "user", "id"));
  if (user !== undefined)
    alert.user = { name: clip(draft, user), ...(userId && { id: clip(draft, userId) }) };
  const executable = textValue(at(syscheck, "audit", "process", "name"));
  const pid = Number(textValue(at(syscheck, "audit", "process", "id")) ?? Number.NaN);
  if (executable !== undefined)
    alert.process = { executable: clip(draft, executable), name: clip(draft, baseName(executable)) };
  if (Number.isSafeInteger(pid)) alert.process = { ...alert.process, pid };
  const parent = Number(textValue(at(syscheck, "audit", "process", "ppid")) ?? Number.NaN);
  if (Number.isSafeInteger(parent)) alert.process = { ...alert.process, parent: { pid: parent } };
}
