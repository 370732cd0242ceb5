import { createHash } from "node:crypto";
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { canonicalJson } from "../../core/canonical-json.ts";
import { messageOf, TocsinError } from "../../core/errors.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { readAt } from "./age-stream.ts";
import { FORMAT, LONGEST_MANIFEST, Manifest, type Part } from "./manifest.ts";

const FIRST_LINE = /^tocsin-backup\/1 ([0-9a-f]{64}) ([1-9]\d{0,7})\n$/;
const PIECE = 1024 * 1024;

/**
 * Unpacks an archive in clear into an empty folder, and gives its manifest; nothing is written before the manifest holds
 * and accounts for every byte of the file. Throws TocsinError `backup_unreadable` or `backup_altered`.
 */
export function readBackup(file: string, into: string): Manifest {
  const input = opened(file);
  try {
    const { manifest, from } = readHead(input, file);
    let at = from;
    for (const part of manifest.parts) {
      unpack({ input, file, at, part, to: join(into, part.path) });
      at += part.size;
    }
    return manifest;
  } finally {
    closeSync(input);
  }
}

/** Reads the manifest of an archive in clear, and where its parts begin. */
function readHead(input: number, file: string): { manifest: Manifest; from: number } {
  const size = fstatSync(input).size;
  const beginning = readAt(input, 0, Math.min(size, 128));
  const line = beginning.toString("latin1", 0, beginning.indexOf(0x0a) + 1);
  const [, sha256, digits] = FIRST_LINE.exec(line) ?? [];
  if (sha256 === undefined) {
    const other = /^tocsin-backup\/\d+ /.test(line);
    throw new TocsinError({
      code: "backup_unreadable",
      where: file,
      message: other
        ? `a format that this program does not know: only ${FORMAT}`
        : "this is no archive of Tocsin",
      remedy: other ? "use the version of Tocsin that made it" : "check the path, or take another copy",
    });
  }
  const length = Number(digits);
  const from = line.length + length;
  if (length > LONGEST_MANIFEST || from > size) throw altered(file, "its manifest is cut");
  const text = readAt(input, line.length, length);
  if (sha256Hex(text) !== sha256) throw altered(file, "its manifest was changed");
  const manifest = parsed(text, file);
  const total = manifest.parts.reduce((sum, part) => sum + part.size, from);
  if (total !== size) throw altered(file, `it has ${size} bytes and its manifest accounts for ${total}`);
  return { manifest, from };
}

function parsed(text: Buffer, file: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text.toString("utf8"));
  } catch (error) {
    throw altered(file, `its manifest cannot be read (${messageOf(error)})`);
  }
  const checked = Manifest.safeParse(value);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw altered(file, `its manifest is not one of ours (${issue?.path.join(".")}: ${issue?.message})`);
  }
  if (canonicalJson(checked.data) !== text.toString("utf8"))
    throw altered(file, "its manifest is spelt otherwise");
  return checked.data;
}

function unpack(given: { input: number; file: string; at: number; part: Part; to: string }): void {
  const { input, file, at, part, to } = given;
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  // A new file in our own folder: no link is followed, and none can be in an archive.
  const output = openSync(to, "wx", 0o600);
  try {
    const sha256 = createHash("sha256");
    for (let done = 0; done < part.size; done += PIECE) {
      const bytes = readAt(input, at + done, Math.min(PIECE, part.size - done));
      sha256.update(bytes);
      for (let written = 0; written < bytes.length; ) written += writeSync(output, bytes, written);
    }
    fsyncSync(output);
    if (sha256.digest("hex") !== part.sha256)
      throw altered(file, `${part.path} is not what its manifest says`);
  } finally {
    closeSync(output);
  }
}

function opened(file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    const remedy = "check the path, and that this account may read it";
    throw new TocsinError(
      { code: "backup_unreadable", where: file, message: messageOf(error), remedy },
      { cause: error },
    );
  }
}

function altered(file: string, message: string): TocsinError {
  return new TocsinError({
    code: "backup_altered",
    where: file,
    message: `altered or damaged: ${message}; nothing was put in place`,
    remedy: "take another copy",
  });
}
