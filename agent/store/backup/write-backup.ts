import { createHash } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { canonicalJson } from "../../core/canonical-json.ts";
import { messageOf, TocsinError } from "../../core/errors.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { recipientBytes } from "./age-keys.ts";
import { readAt, type Sink, sealingSink } from "./age-stream.ts";
import { copyDatabase } from "./copy-database.ts";
import { durableFile, isOther } from "./durable-file.ts";
import { epochOf } from "./epoch.ts";
import { FORMAT, LONGEST_MANIFEST, Manifest, type Part, type PartSource } from "./manifest.ts";
import { megabytes, refuseFull } from "./refuse-full.ts";

/** What is to be put into an archive, as plain data: it may be done by another thread. */
export interface BackupOrder {
  kind: Manifest["kind"];
  made: number;
  version: string;
  facility: { id: string; name: string };
  mode: Manifest["mode"];
  /** Fingerprint of the key that signs the journal. */
  key: string;
  stateDirectory: string;
  /** Name of the database in the state directory, which its checkpoints share. */
  database: string;
  configuration: string;
  parts: PartSource[];
  moved: Manifest["moved"];
  secrets: boolean;
  /** The archive; it must not exist. */
  to: string;
  /** Recipients of age; none writes it in clear. */
  recipients: string[];
  /** Bytes in all beyond which it is refused. */
  limit: number;
}

/** An archive that was written. */
export interface BackupDone {
  file: string;
  bytes: number;
  manifest: Manifest;
}

const PIECE = 1024 * 1024;
const SCRATCH = /^\.copie-(\d+)$/;

/**
 * Writes an archive of an installation, whole and durable or not at all; what is in clear never leaves the state directory
 * when there is somebody to seal it to. Blocks its thread: the daemon has it done by another.
 */
export function writeBackup(order: BackupOrder): BackupDone {
  const { stateDirectory, to } = order;
  const scratch = join(stateDirectory, `.copie-${process.pid}`);
  sweepScratch(stateDirectory);
  checkSpace(order);
  mkdirSync(scratch, { mode: 0o700 });
  try {
    const database = join(stateDirectory, order.database);
    const files: { path: string; file: string }[] = [];
    // The checkpoints first: one signed meanwhile would look like a tail cut off.
    // What third parties gave back for them stands nowhere else.
    for (const beside of ["checkpoints", "anchors"]) {
      const name = `${order.database}.${beside}.jsonl`;
      const source = join(stateDirectory, name);
      if (!existsSync(source)) continue;
      files.push({ path: `state/${name}`, file: join(scratch, beside) });
      copyFileSync(source, join(scratch, beside));
    }
    const copy = join(scratch, "database");
    const { schema, journal } = copyDatabase(database, copy);
    files.unshift({ path: `state/${order.database}`, file: copy });

    const held = [...files.map(digested), ...order.parts.map(partOf)];
    const manifest = Manifest.parse({
      format: FORMAT,
      ...{ kind: order.kind, made: order.made, version: order.version, facility: order.facility },
      ...{ mode: order.mode, key: order.key, configuration: order.configuration, moved: order.moved },
      ...{ schema, journal, epoch: epochOf(stateDirectory), secrets: order.secrets },
      parts: held.map(({ part }) => part),
    });
    const head = headOf(manifest);
    const total = held.reduce((sum, { part }) => sum + part.size, head.length);
    if (total > order.limit) throw tooLarge(to, total, order.limit);
    return { file: to, bytes: writeTo(order, head, held), manifest };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Held {
  part: Part;
  source: string | Buffer;
}

function writeTo({ to, recipients }: BackupOrder, head: Buffer, held: readonly Held[]): number {
  const output = durableFile(to);
  try {
    const sink = recipients.length === 0 ? output : sealingSink({ recipients: keysOf(recipients) }, output);
    sink.write(head);
    for (const each of held) copyInto(sink, each, to);
    sink.end();
    output.keep();
    return statSync(to).size;
  } catch (error) {
    output.discard();
    if (error instanceof TocsinError) throw error;
    const remedy = "free space there, check that it is mounted and that this account may write";
    throw new TocsinError(
      { code: "backup_failed", where: to, message: `nothing was kept: ${messageOf(error)}`, remedy },
      { cause: error },
    );
  }
}

/** The first line and the manifest. */
export function headOf(manifest: Manifest): Buffer {
  const text = Buffer.from(canonicalJson(manifest));
  if (text.length > LONGEST_MANIFEST) throw new Error("the manifest is too long: too many files");
  return Buffer.concat([Buffer.from(`${FORMAT} ${sha256Hex(text)} ${text.length}\n`), text]);
}

function keysOf(recipients: readonly string[]): Buffer[] {
  return recipients.map((recipient) => {
    const bytes = recipientBytes(recipient);
    if (bytes !== undefined) return bytes;
    const remedy = "give a recipient as `tocsin backup key` prints it (age1…)";
    throw new TocsinError({
      code: "recipient_unknown",
      where: recipient,
      message: "this is no recipient",
      remedy,
    });
  });
}

function partOf(source: PartSource): Held {
  if ("file" in source) return digested(source);
  const bytes = Buffer.from(source.text);
  return { part: { path: source.path, size: bytes.length, sha256: sha256Hex(bytes) }, source: bytes };
}

function digested({ path, file }: { path: string; file: string }): Held {
  const sha256 = createHash("sha256");
  const size = eachPiece(file, (bytes) => sha256.update(bytes));
  return { part: { path, size, sha256: sha256.digest("hex") }, source: file };
}

/** What changes while it is copied would belie its digest: that archive is not kept. */
function copyInto(sink: Sink, { part, source }: Held, to: string): void {
  const sha256 = createHash("sha256");
  const take = (bytes: Buffer) => {
    sha256.update(bytes);
    sink.write(bytes);
  };
  if (typeof source !== "string") {
    sink.write(source);
    return;
  }
  const size = eachPiece(source, take);
  if (size === part.size && sha256.digest("hex") === part.sha256) return;
  const message = `${part.path} changed while it was copied`;
  throw new TocsinError({ code: "backup_moving", where: to, message, remedy: "try again" });
}

function eachPiece(file: string, take: (bytes: Buffer) => void): number {
  const input = openSync(file, "r");
  try {
    const { size } = fstatSync(input);
    for (let at = 0; at < size; at += PIECE) take(Buffer.from(readAt(input, at, Math.min(PIECE, size - at))));
    return size;
  } finally {
    closeSync(input);
  }
}

/** The copy and the archive, each where it goes, and something left for who writes beside us. */
function checkSpace({ stateDirectory, database, parts, to, limit }: BackupOrder): void {
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const base = sizeOf(join(stateDirectory, database));
  const rest = parts.reduce((sum, part) => sum + ("file" in part ? sizeOf(part.file) : 0), 0);
  // A database that is mostly free pages makes a small archive: this is not the size of it, but its bound.
  if (rest > limit) throw tooLarge(to, rest, limit);
  const folder = join(to, "..");
  const same = deviceOf(stateDirectory) === deviceOf(folder);
  refuseFull(stateDirectory, base * (same ? 2 : 1) + (same ? rest : 0));
  if (!same) refuseFull(folder, base + rest);
}

function deviceOf(folder: string): number | undefined {
  return statSync(folder, { throwIfNoEntry: false })?.dev;
}

function tooLarge(to: string, bytes: number, limit: number): TocsinError {
  const message = `${megabytes(bytes)} to copy, ${megabytes(limit)} at most; nothing was written`;
  const remedy = "raise largest_mb, or apply retention so that the record shrinks";
  return new TocsinError({ code: "backup_too_large", where: to, message, remedy });
}

function sweepScratch(stateDirectory: string): void {
  for (const name of readdirSync(stateDirectory)) {
    const pid = SCRATCH.exec(name)?.[1];
    if (pid !== undefined && !isOther(Number(pid)))
      rmSync(join(stateDirectory, name), { recursive: true, force: true });
  }
}
