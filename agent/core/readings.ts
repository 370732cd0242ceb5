import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "./errors.ts";
import { sha256Hex } from "./sha256.ts";

/*
 * What reading the same texts at every start would find out again: the values of YAML, and that a regular expression
 * holds. Kept between starts in one file of this account's own, of this version and of this Node.js; without it, or
 * with one that cannot be relied on, everything is read.
 */

/** Texts longer than this are read each time. */
const LONGEST = 256 * 1024;
/** Bytes of the file beyond which it is no more believed. */
const LARGEST = 32 * 1024 * 1024;
/** Levels of a value that is kept. */
const DEEPEST = 64;

/** By kind and digest of the text, the JSON of what was read: before this start, and in it. */
let known = new Map<string, string>();
let used = new Map<string, string>();
let place: { file: string; changed: boolean } | undefined;

/** Begins to use what earlier starts have read; `folder` is made when it is not there. */
export function openReadings(folder: string, program: string): void {
  known = new Map();
  used = new Map();
  const file = join(folder, `readings-${sha256Hex(`${program} ${process.version}`).slice(0, 16)}.json`);
  place = { file, changed: false };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Whoever else could write it could have rules read as they like.
    if (!isOurs(folder)) place = undefined;
    else if (isOurs(file)) known = new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as object));
  } catch {
    // There is none yet, or it is not whole: it is written anew.
  }
}

/**
 * What an earlier start has read of a text, or what `read` reads of it now; what it throws is thrown. Null is the value
 * where only that a text can be read is worth keeping.
 */
export function readOnce<T>(kind: string, text: string, read: () => T): T {
  if (place === undefined || text.length > LONGEST) return read();
  const key = `${kind} ${sha256Hex(text)}`;
  const before = known.get(key);
  if (before !== undefined) {
    used.set(key, before);
    return JSON.parse(before) as T;
  }
  const value = read();
  if (isPlain(value, text.length)) {
    used.set(key, JSON.stringify(value));
    place.changed = true;
  }
  return value;
}

/** Writes down what this start has read, if it is not what was there; says why it could not. */
export function keepReadings(): string | undefined {
  if (place === undefined) return undefined;
  const { file, changed } = place;
  const all = used;
  const same = !changed && all.size === known.size;
  place = undefined;
  known = new Map();
  used = new Map();
  if (same) return undefined;
  const part = `${file}.${process.pid}.new`;
  try {
    writeFileSync(part, JSON.stringify(Object.fromEntries(all)), { mode: 0o600, flag: "wx" });
    renameSync(part, file);
    return undefined;
  } catch (error) {
    rmSync(part, { force: true });
    return messageOf(error);
  }
}

/** True of what nobody else than this account may change. */
function isOurs(path: string): boolean {
  const { uid, mode, size } = lstatSync(path);
  return uid === process.getuid?.() && (mode & 0o022) === 0 && size <= LARGEST;
}

/**
 * True of a value that JSON gives back as it is, and that has no more parts than its text has characters: a few aliases
 * may unfold to millions, or to a circle.
 */
function isPlain(whole: unknown, most: number): boolean {
  let parts = 0;
  const plain = (value: unknown, depth: number): boolean => {
    parts += 1;
    if (parts > most || depth > DEEPEST) return false;
    if (value === null || typeof value === "string" || typeof value === "boolean") return true;
    if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
    if (Array.isArray(value)) return value.every((each) => plain(each, depth + 1));
    if (typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return false;
    if (Object.hasOwn(value, "__proto__")) return false;
    return Object.values(value).every((each) => plain(each, depth + 1));
  };
  return plain(whole, 0);
}
