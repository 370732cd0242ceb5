import { TocsinError } from "../core/errors.ts";
import type { SealedUnit, SealedWrite } from "../store/seal.ts";

/** The version of the payload, its fourth byte; after "TCB". */
export const BUS_VERSION = 1;
export const MAGIC = Buffer.from("TCB");
export const CONTENT_TYPE = "application/vnd.tocsin.units";
/** What a write is in a message, and where it begins: an alert with its digest. */
export const KIND = { alert: 1, quarantine: 2, bookmark: 3, note: 4 } as const;
export const DIGEST_BYTES = 32;
/** Version, and the number of units. */
export const HEAD_BYTES = 6;
/** Facility's length, instant, number of writes; then kind and length of each write. */
export const UNIT_BYTES = 1 + 8 + 4;
export const WRITE_BYTES = 1 + 4;

/** One buffer for all: what is encoded is copied out of it at once. */
let scratch = Buffer.allocUnsafe(1024 * 1024);

/**
 * Writes units as payloads of at most `most` bytes, divided between writes; throws for what the bus does not carry and for
 * a write that is too large for a message of its own.
 */
export function encodeUnits(units: readonly SealedUnit[], most: number): Buffer[] {
  const payloads: Buffer[] = [];
  if (scratch.length < most) scratch = Buffer.allocUnsafe(most);
  let at = 0;
  let unitsIn = 0;
  let writesIn = 0;
  let countAt = 0;

  function beginUnit(unit: SealedUnit): void {
    if (at === 0) {
      at = scratch.writeUInt8(BUS_VERSION, MAGIC.copy(scratch)) + 2;
      unitsIn = 0;
    }
    at = scratch.writeUInt8(unit.facility.length, at);
    at += scratch.write(unit.facility, at, "latin1");
    at = scratch.writeDoubleLE(unit.at, at);
    countAt = at;
    at += 4;
    writesIn = 0;
    unitsIn += 1;
  }
  const endUnit = () => scratch.writeUInt32LE(writesIn, countAt);
  function endMessage(): void {
    if (at === 0) return;
    scratch.writeUInt16LE(unitsIn, HEAD_BYTES - 2);
    payloads.push(Buffer.from(scratch.subarray(0, at)));
    at = 0;
  }

  for (const unit of units) {
    if (at > 0 && at + UNIT_BYTES + unit.facility.length > most) endMessage();
    if (unitsIn >= 0xffff) endMessage();
    beginUnit(unit);
    for (const write of unit.writes) {
      const text = textOf(write);
      const digest = write.write === "alert" ? write.digest : "";
      const alone = HEAD_BYTES + UNIT_BYTES + unit.facility.length + WRITE_BYTES + digest.length / 2;
      const size = sizeOf(text, most - at - WRITE_BYTES - digest.length / 2);
      if (at + WRITE_BYTES + digest.length / 2 + size > most) {
        if (alone + size > most) throw tooLarge(write, size, most - alone);
        if (writesIn === 0) {
          // Nothing of this unit is in: it begins in the next message.
          at -= UNIT_BYTES + unit.facility.length;
          unitsIn -= 1;
          if (unitsIn === 0) at = 0;
        } else endUnit();
        endMessage();
        beginUnit(unit);
      }
      at = scratch.writeUInt8(KIND[write.write as keyof typeof KIND], at);
      const lengthAt = at;
      at += 4;
      at += scratch.write(digest, at, "hex");
      at += scratch.write(text, at);
      scratch.writeUInt32LE(at - lengthAt - 4, lengthAt);
      writesIn += 1;
    }
    endUnit();
  }
  endMessage();
  return payloads;
}

/** The bytes of a text, exactly when it may not fit. */
function sizeOf(text: string, room: number): number {
  return text.length * 3 <= room ? text.length : Buffer.byteLength(text);
}

function textOf(write: SealedWrite): string {
  switch (write.write) {
    case "alert":
    case "quarantine":
      return write.content;
    case "bookmark":
      return JSON.stringify({ name: write.name, content: write.content });
    case "note":
      return JSON.stringify({ what: write.what, incident: write.incident, content: write.content });
    default:
      throw new TocsinError({
        code: "not_for_the_bus",
        message: `a receiver hands on alerts and what could not be read, no ${write.write}`,
      });
  }
}

function tooLarge(write: SealedWrite, size: number, most: number): TocsinError {
  const what = write.write === "alert" ? `alert ${write.id}` : write.write;
  return new TocsinError({
    code: "bus_too_large",
    message: `${what} has ${size} bytes, a message carries ${most}`,
    remedy: "raise max_payload of the servers and the stream's message_bytes, or have the source send less",
  });
}

/** Throws what `encodeUnits` would, of one unit, without writing it. */
export function checkUnit(unit: SealedUnit, most: number): void {
  for (const write of unit.writes) {
    const text = textOf(write);
    const room = most - HEAD_BYTES - UNIT_BYTES - unit.facility.length - WRITE_BYTES - DIGEST_BYTES;
    const size = sizeOf(text, room);
    if (size > room) throw tooLarge(write, size, room);
  }
}

/** Characters of a unit's texts, about. */
export function charactersOf(unit: SealedUnit): number {
  let characters = 0;
  for (const write of unit.writes) characters += "content" in write ? (write.content?.length ?? 0) : 100;
  return characters;
}
