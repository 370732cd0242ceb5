import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { LoadedConfig } from "../../config/load.ts";
import { TocsinError } from "../core/errors.ts";
import { placingYaml } from "../core/placing-yaml.ts";
import type { Manifest, PartSource } from "../store/backup/manifest.ts";

/** What an installation consists of beside its database. */
export interface BackupParts {
  parts: PartSource[];
  moved: Manifest["moved"];
  /** Secrets that are left out, by their setting: whoever restores has to bring them. */
  without: string[];
}

type Path = (string | number)[];

/** Settings that name a file or a folder which has to come along; those of a secret are told by their shape. */
const NAMES_FILE = new Set(["certificate", "key", "authority", "annex", "path", "folder"]);
/** Lists of such names. */
const LISTS_FILES = new Set(["rules", "mappings", "meanings", "files"]);
/** Where an output goes, or a copy: it is no part of what comes back. */
const OUTPUTS = new Set(["backup", "crisis", "notify", "state_directory"]);
/** Of the state: what belongs to a running process, can be large, and is made anew. */
const NOT_KEPT = /^(tocsin\.sqlite.*|daemon\.(lock|pid)|\..*|recherches|cloture-.*\.json)$/;
const BESIDE = ["secrets", "assets", "mappings"] as const;
const ELSEWHERE = "ailleurs";
const MOST_FILES = 4000;

/** Gathers the files of an installation: configuration, what it names, and the state beside the database. */
export function backupParts(
  { file, stateDirectory, secrets }: Pick<LoadedConfig, "file" | "stateDirectory" | "secrets">,
  withSecrets: boolean,
): BackupParts {
  const whole = resolve(file);
  const base = dirname(whole);
  const parts = new Map<string, PartSource>();
  const moved: Manifest["moved"] = [];
  const without: string[] = [];

  const add = (part: PartSource) => {
    if (part.secret && !withSecrets) return;
    parts.set(part.path, part);
    if (parts.size <= MOST_FILES) return;
    const message = `more than ${MOST_FILES} files would be copied`;
    const remedy = "look for a setting that names a folder which is not Tocsin's";
    throw new TocsinError({ code: "backup_too_many", where: file, message, remedy });
  };
  const addAll = (folder: string, under: string, secret: boolean, left?: RegExp) => {
    for (const each of filesIn(folder, left)) {
      const name = relative(folder, each).split(sep).join("/");
      add({ path: name === "" ? under : `${under}/${name}`, file: each, secret });
    }
  };
  let elsewhere = 0;
  const named = (path: Path, value: string, secret: boolean) => {
    const target = resolve(base, value);
    if (secret && !withSecrets) without.push(path.join("."));
    if (statSync(target, { throwIfNoEntry: false }) === undefined || (secret && !withSecrets)) return;
    if (target.startsWith(base + sep)) {
      addAll(target, `config/${relative(base, target).split(sep).join("/")}`, secret);
      return;
    }
    elsewhere += 1;
    const to = `${ELSEWHERE}/${elsewhere}-${basename(target)}`;
    addAll(target, `config/${to}`, secret);
    moved.push({ setting: path, to, environment: false });
  };
  const fromEnvironment = (path: Path) => {
    const value = secrets.get(path.join("."))?.reveal();
    if (value === undefined || !withSecrets) {
      without.push(path.join("."));
      return;
    }
    elsewhere += 1;
    const to = `${ELSEWHERE}/${elsewhere}-environnement`;
    add({ path: `config/${to}`, text: `${value}\n`, secret: true });
    moved.push({ setting: path, to, environment: true });
  };
  const visit = (value: unknown, path: Path) => {
    const last = path.at(-1) ?? "";
    const list = typeof last === "number" ? path.at(-2) : undefined;
    if (typeof value === "string") {
      const key = typeof last === "string" && last === "key";
      if (NAMES_FILE.has(String(last)) || (list !== undefined && LISTS_FILES.has(String(list))))
        named(path, value, key);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    const entries = Object.entries(value);
    const only = entries.length === 1 ? entries[0] : undefined;
    if (only?.[0] === "env" || only?.[0] === "credential") return fromEnvironment(path);
    if (only?.[0] === "file" && typeof only[1] === "string") return named([...path, "file"], only[1], true);
    for (const [name, each] of entries) {
      if (path.length === 0 && OUTPUTS.has(name) && name !== "notify") continue;
      const at = [...path, Array.isArray(value) ? Number(name) : name];
      if (path[0] === "rosters" && name === "file" && typeof each === "string") named(at, each, false);
      else if (path[0] !== "notify" || name !== "folder") visit(each, at);
    }
  };

  add({ path: `config/${basename(whole)}`, file: whole, secret: false });
  for (const name of BESIDE) addAll(join(base, name), `config/${name}`, name === "secrets");
  visit(placingYaml().parse(readFileSync(whole, "utf8")), []);
  addAll(stateDirectory, "state", false, NOT_KEPT);
  return { parts: [...parts.values()], moved, without };
}

/** The files at or below a path, links left out; nothing when there is nothing. */
function filesIn(path: string, left?: RegExp): string[] {
  // Named by a person, a link is followed; met on the way, it is not.
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return [path];
  if (!found?.isDirectory()) return [];
  const out: string[] = [];
  const waiting = [path];
  for (let folder = waiting.pop(); folder !== undefined && out.length <= MOST_FILES; folder = waiting.pop()) {
    for (const name of readdirSync(folder).sort()) {
      if (folder === path && left?.test(name)) continue;
      const each = join(folder, name);
      const kind = lstatSync(each, { throwIfNoEntry: false });
      if (kind?.isDirectory()) waiting.push(each);
      else if (kind?.isFile()) out.push(each);
    }
  }
  return out;
}
