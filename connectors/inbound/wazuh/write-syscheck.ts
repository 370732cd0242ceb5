import { clip, type Draft } from "../../shared/draft.ts";
import { at, isObject, textValue } from "../../shared/json.ts";
import { baseName } from "../../shared/windows/windows-draft.ts";

const TYPES = new Map([
  ["added", "creation"],
  ["modified", "change"],
  ["deleted", "deletion"],
]);

/** Writes what the watch over files and the registry saw. */
export function writeSyscheck(draft: Draft, syscheck: unknown): void {
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
    const value = textValue(syscheck.value_name);
    if (value !== undefined) alert.registry.value = clip(draft, value);
  } else {
    event.category = ["file"];
    alert.file = {
      path: clip(draft, path),
      name: clip(draft, path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1)),
    };
    const size = Number(textValue(syscheck.size_after) ?? Number.NaN);
    if (Number.isSafeInteger(size)) alert.file.size = size;
    const owner = textValue(syscheck.uname_after);
    if (owner !== undefined) alert.file.owner = clip(draft, owner);
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
  if (user !== undefined) alert.user = { name: clip(draft, user) };
  const executable = textValue(at(syscheck, "audit", "process", "name"));
  const pid = Number(textValue(at(syscheck, "audit", "process", "id")) ?? Number.NaN);
  if (executable !== undefined)
    alert.process = { executable: clip(draft, executable), name: clip(draft, baseName(executable)) };
  if (Number.isSafeInteger(pid)) alert.process = { ...alert.process, pid };
}
