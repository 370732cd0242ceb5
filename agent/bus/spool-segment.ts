import { closeSync, copyFileSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Instant } from "../core/clock.ts";

/** What waits on disk: a payload under the id that it has for ever. */
export interface SpoolRecord {
  id: string;
  /** Hash of the rules that were in force. */
  rules: string;
  payload: Buffer;
}

/** One file of the spool: records are added to its end, and it goes as a whole. */
export interface Segment {
  file: string;
  /** Bytes that are whole records, and their number. */
  bytes: number;
  records: number;
  began: Instant;
  /** Of them: read to be published, and acknowledged by JetStream. */
  readBytes: number;
  acked: number;
  ackedBytes: number;
  /** When JetStream acknowledged the last of them. */
  lastAck: Instant;
  /** Open for appending, in the newest alone. */
  handle?: FileHandle | undefined;
  reader?: number | undefined;
}

const HEAD = Buffer.from("TCSPOOL1");
const FRAME_BYTES = 8;
/** A record's body is never larger: two texts and a message. */
const MOST_BODY = 80 * 1024 * 1024;

/** Makes an empty segment; the folder must be synced after. */
export async function newSegment(file: string, now: Instant): Promise<Segment> {
  const handle = await open(file, "wx", 0o600);
  await handle.write(HEAD);
  return { ...unread, file, bytes: HEAD.length, records: 0, began: now, lastAck: now, handle };
}

const unread = { readBytes: HEAD.length, acked: 0, ackedBytes: 0 };

/** The bytes of a record on disk: length and CRC-32 of the body, then the body. */
export function recordBytes({ id, rules, payload }: SpoolRecord): [Buffer, Buffer] {
  const names = Buffer.from(`${id}\n${rules}\n`, "latin1");
  const head = Buffer.allocUnsafe(FRAME_BYTES + 2 + names.length);
  head.writeUInt32LE(2 + names.length + payload.length, 0);
  head.writeUInt16LE(names.length, FRAME_BYTES);
  names.copy(head, FRAME_BYTES + 2);
  head.writeUInt32LE(crc32(payload, crc32(head.subarray(FRAME_BYTES))), 4);
  return [head, payload];
}

/** Reads the next record after those read; undefined at the end of what is whole. */
export function readRecord(segment: Segment): { record: SpoolRecord; bytes: number } | undefined {
  if (segment.readBytes >= segment.bytes) return undefined;
  segment.reader ??= openSync(segment.file, "r");
  const body = bodyAt(segment.reader, segment.readBytes, segment.bytes);
  if (body === undefined) throw new Error(`${segment.file} cannot be read at byte ${segment.readBytes}`);
  const bytes = FRAME_BYTES + body.length;
  segment.readBytes += bytes;
  const names = 2 + body.readUInt16LE(0);
  const [id = "", rules = ""] = body.toString("latin1", 2, names).split("\n");
  return { record: { id, rules, payload: body.subarray(names) }, bytes };
}

/** Takes all of it for acknowledged by then. */
export function takeFor(segment: Segment, lastAck: Instant): void {
  const { records: acked, bytes } = segment;
  Object.assign(segment, { readBytes: bytes, acked, ackedBytes: bytes, lastAck });
}

/** Begins anew with what was read, as if nothing of it had been acknowledged. */
export function rewind(segment: Segment): void {
  Object.assign(segment, unread);
}

export function closeReader(segment: Segment): void {
  if (segment.reader !== undefined) closeSync(segment.reader);
  segment.reader = undefined;
}

/**
 * Takes up a segment of before: what follows its last whole record is cut off, and kept beside when it may have been more
 * than a write that a power cut ended. No segment when it holds nothing.
 */
export function takeUp(
  file: string,
  { newest, now }: { newest: boolean; now: Instant },
): { segment: Segment | undefined; damaged: number } {
  const descriptor = openSync(file, "r+");
  try {
    const size = fstatSync(descriptor).size;
    const head = Buffer.alloc(HEAD.length);
    const begins = readSync(descriptor, head, 0, HEAD.length, 0) === HEAD.length && head.equals(HEAD);
    let bytes = HEAD.length;
    let records = 0;
    while (begins) {
      const body = bodyAt(descriptor, bytes, size);
      if (body === undefined) break;
      bytes += FRAME_BYTES + body.length;
      records += 1;
    }
    const damaged = Math.max(0, size - (begins ? bytes : 0));
    if (damaged > 0 && !newest) copyFileSync(file, `${file}.damaged`);
    const told = newest ? 0 : damaged;
    if (records === 0) return { segment: undefined, damaged: told };
    if (damaged > 0) ftruncateSync(descriptor, bytes);
    return { segment: { ...unread, file, bytes, records, began: now, lastAck: now }, damaged: told };
  } finally {
    closeSync(descriptor);
  }
}

/** The body of the record that stands at a place; undefined when none stands there whole. */
function bodyAt(descriptor: number, at: number, end: number): Buffer | undefined {
  if (at + FRAME_BYTES > end) return undefined;
  const frame = Buffer.allocUnsafe(FRAME_BYTES);
  if (readSync(descriptor, frame, 0, FRAME_BYTES, at) !== FRAME_BYTES) return undefined;
  const length = frame.readUInt32LE(0);
  if (length < 4 || length > MOST_BODY || at + FRAME_BYTES + length > end) return undefined;
  const body = Buffer.allocUnsafe(length);
  if (readSync(descriptor, body, 0, length, at + FRAME_BYTES) !== length) return undefined;
  if (crc32(body) !== frame.readUInt32LE(4) || 2 + body.readUInt16LE(0) > length) return undefined;
  return body;
}
