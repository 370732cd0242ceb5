import { isUtf8 } from "node:buffer";
import { TocsinError } from "../core/errors.ts";
import { sha256Hex } from "../core/sha256.ts";
import { eventKey, type SealedUnit, type SealedWrite } from "../store/seal.ts";
import type { QuarantineEntry, StoredAlert } from "../store/store.ts";
import { BUS_VERSION, DIGEST_BYTES, HEAD_BYTES, KIND, MAGIC } from "./encode-units.ts";

const MOST_WRITES = 100_000;
const MOST_DETECTIONS = 10_000;
const MOST_TEXT = 500;
const ID = /^[0-9a-zA-Z-]{1,64}$/;
const FACILITY = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** What a receiver may note: which rules and mappings it uses. */
const NOTES: ReadonlySet<string> = new Set(["rules", "mappings"]);

type Json = Record<string, unknown>;

/**
 * Reads a payload of `encodeUnits` for one facility; throws `bus_version_unknown`, or `bus_malformed` with what is wrong
 * of it. What the store keeps beside an alert's content is read out of it anew, never believed.
 */
export function decodeUnits(payload: Uint8Array, facility: string): SealedUnit[] {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  if (bytes.length < HEAD_BYTES || bytes.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0)
    throw malformed("it does not begin as a message of Tocsin does");
  const version = bytes[MAGIC.length] as number;
  if (version !== BUS_VERSION) {
    throw new TocsinError({
      code: "bus_version_unknown",
      message: `a message of version ${version}, this release reads version ${BUS_VERSION}`,
      remedy: "upgrade the correlators before the receivers",
    });
  }
  try {
    return readUnits(bytes, facility);
  } catch (error) {
    if (error instanceof TocsinError) throw error;
    // A length beyond the end, or JSON that is none.
    const what = error instanceof RangeError ? "it ends too early" : "a part of it is no JSON";
    throw malformed(what);
  }
}

function readUnits(bytes: Buffer, facility: string): SealedUnit[] {
  let at = HEAD_BYTES;
  let left = MOST_WRITES;
  const units: SealedUnit[] = [];
  for (let count = bytes.readUInt16LE(HEAD_BYTES - 2); count > 0; count--) {
    const name = cut(bytes, at + 1, bytes.readUInt8(at)).toString("latin1");
    if (!FACILITY.test(name) || name !== facility) throw malformed("it is of another facility");
    at += 1 + name.length;
    const instant = bytes.readDoubleLE(at);
    if (!isInstant(instant)) throw malformed("its instant is none");
    const length = bytes.readUInt32LE(at + 8);
    at += 12;
    left -= length;
    if (left < 0) throw malformed(`it has more than ${MOST_WRITES} writes`);
    const writes: SealedWrite[] = [];
    for (let index = 0; index < length; index++) {
      const size = bytes.readUInt32LE(at + 1);
      writes.push(readWrite(bytes.readUInt8(at), cut(bytes, at + 5, size)));
      at += 5 + size;
    }
    units.push({ facility, at: instant, writes });
  }
  if (at !== bytes.length) throw malformed("something follows its end");
  return units;
}

function cut(bytes: Buffer, from: number, length: number): Buffer {
  if (from + length > bytes.length) throw new RangeError("beyond the end");
  return bytes.subarray(from, from + length);
}

function readWrite(kind: number, bytes: Buffer): SealedWrite {
  if (kind === KIND.alert) return readAlert(bytes);
  const text = textOf(bytes);
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw malformed("a write is no object");
  switch (kind) {
    case KIND.quarantine: {
      const { source, received, code, message, sample } = value as Partial<QuarantineEntry>;
      const texts = isText(source) && isText(code) && isText(message, 2000) && isText(sample, 4096);
      if (!texts || !isInstant(received)) throw malformed("a refused record is none");
      return { write: "quarantine", source, received, content: text };
    }
    case KIND.bookmark: {
      const { name, content } = value;
      if (!isText(name) || typeof content !== "string") throw malformed("a bookmark is none");
      return { write: "bookmark", name, content };
    }
    case KIND.note: {
      const { what, incident, content } = value;
      if (typeof what !== "string" || !NOTES.has(what) || incident !== null || typeof content !== "string")
        throw malformed("a note is none that a receiver writes");
      JSON.parse(content);
      return { write: "note", what, incident, content };
    }
    default:
      throw malformed(`a write is of kind ${kind}, which this release does not know`);
  }
}

function readAlert(bytes: Buffer): SealedWrite {
  const digest = cut(bytes, 0, DIGEST_BYTES).toString("hex");
  const content = textOf(bytes.subarray(DIGEST_BYTES));
  if (sha256Hex(bytes.subarray(DIGEST_BYTES)) !== digest)
    throw malformed("an alert is not what its digest says");
  const stored: unknown = JSON.parse(content);
  if (!isObject(stored)) throw malformed("an alert is no object");
  const { id, source, received, occurred, eventId, alert, detections } = stored;
  if (!isId(id)) throw malformed("an alert has no id");
  const known = isText(source) && isInstant(received) && isInstant(occurred) && isObject(alert);
  if (!known || !(eventId === null || typeof eventId === "string") || stored.hunted !== undefined)
    throw malformed("an alert lacks what each has");
  if (!Array.isArray(detections) || detections.length > MOST_DETECTIONS)
    throw malformed("an alert has no detections");
  for (const detection of detections) if (!detects(detection, id)) throw malformed("a detection is none");
  return {
    write: "alert",
    id,
    occurred,
    event: eventKey({ source, eventId } as Pick<StoredAlert, "source" | "eventId">),
    content,
    digest,
    detections: detections.length,
  };
}

function detects(detection: unknown, alert: string): boolean {
  if (!isObject(detection) || !isId(detection.id) || detection.alert !== alert) return false;
  const { rule, because } = detection;
  if (!isObject(rule) || !Array.isArray(rule.tags) || !Array.isArray(because)) return false;
  return isText(rule.id) && isText(rule.version) && typeof rule.title === "string" && isText(rule.level);
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw malformed("a text is no UTF-8");
  return bytes.toString();
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is string => typeof value === "string" && ID.test(value);
const isText = (value: unknown, most = MOST_TEXT): value is string =>
  typeof value === "string" && value.length <= most;
const isInstant = (value: unknown): value is number => Number.isSafeInteger(value);

function malformed(what: string): TocsinError {
  return new TocsinError({ code: "bus_malformed", message: `a message of the bus is malformed: ${what}` });
}
