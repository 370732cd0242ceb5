import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { messageOf, TocsinError } from "../../core/errors.ts";
import {
  LONGEST_HEADER,
  type Opener,
  openPiece,
  payloadKey,
  type SealedTo,
  sealPiece,
  unwrapFileKey,
  wrapFileKey,
} from "./age-header.ts";

/** What takes bytes in order. */
export interface Sink {
  write(bytes: Buffer): void;
  /** Called once, after the last bytes. */
  end(): void;
}

const PIECE = 64 * 1024;
const TAG = 16;
const NONCE = 16;

/** Encrypts what is written into a file of the age format (C2SP age, "Payload"), piece by piece. */
export function sealingSink(to: SealedTo, sink: Sink): Sink {
  const [fileKey, nonce] = [randomBytes(16), randomBytes(NONCE)];
  const key = payloadKey(fileKey, nonce);
  sink.write(wrapFileKey(fileKey, to));
  sink.write(nonce);
  let held: Buffer[] = [];
  let [length, counter] = [0, 0];
  const emit = (plain: Buffer, last: boolean) => {
    sink.write(sealPiece(key, pieceNonce(counter, last), plain));
    counter += 1;
  };
  return {
    write(bytes) {
      held.push(bytes);
      length += bytes.length;
      // One byte more than a piece shows that it is not the last.
      if (length <= PIECE) return;
      const all = Buffer.concat(held);
      let at = 0;
      for (; all.length - at > PIECE; at += PIECE) emit(all.subarray(at, at + PIECE), false);
      held = [Buffer.from(all.subarray(at))];
      length = all.length - at;
    },
    end() {
      emit(Buffer.concat(held), true);
      sink.end();
    },
  };
}

/**
 * Decrypts a file of the age format into a sink, piece by piece, in bounded memory.
 *
 * Throws TocsinError `sealed_unreadable`, `sealed_for_another` or `sealed_altered`; what the sink got before is not to be
 * used.
 */
export function openSealed(file: string, opener: Opener, sink: Sink): void {
  const input = openFile(file);
  try {
    const size = fstatSync(input).size;
    const beginning = readAt(input, 0, Math.min(size, LONGEST_HEADER + 128));
    const header = unwrapFileKey(beginning, opener);
    if ("refused" in header) throw refusal(file, header.refused);
    const nonce = readAt(input, header.length, Math.min(NONCE, size - header.length));
    let at = header.length + NONCE;
    if (nonce.length < NONCE || at >= size) throw altered(file, "it ends before its contents");
    const key = payloadKey(header.fileKey, nonce);
    for (let counter = 0; at < size; counter++) {
      const sealed = readAt(input, at, Math.min(PIECE + TAG, size - at));
      at += sealed.length;
      const last = at === size;
      const plain = openPiece(key, pieceNonce(counter, last), sealed);
      if (plain === undefined || (last && plain.length === 0 && counter > 0))
        throw altered(file, `its piece ${counter + 1} is altered, moved, or the end is cut`);
      sink.write(plain);
    }
    sink.end();
  } finally {
    closeSync(input);
  }
}

/** Whether a file begins as those of the age format do. */
export function isSealed(file: string): boolean {
  const input = openFile(file);
  try {
    return (
      readAt(input, 0, Math.min(fstatSync(input).size, 22)).toString("latin1") === "age-encryption.org/v1\n"
    );
  } finally {
    closeSync(input);
  }
}

/** Reads exactly so many bytes, fewer only at the end of the file. */
export function readAt(file: number, from: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const got = readSync(file, bytes, read, length - read, from + read);
    if (got === 0) break;
    read += got;
  }
  return bytes.subarray(0, read);
}

function pieceNonce(counter: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(counter, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

function openFile(file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    const remedy = "check the path, and that this account may read it";
    throw new TocsinError(
      { code: "sealed_unreadable", where: file, message: messageOf(error), remedy },
      { cause: error },
    );
  }
}

function refusal(file: string, why: "not_age" | "not_for_this_key" | "altered"): TocsinError {
  if (why === "altered") return altered(file, "its header was changed");
  return why === "not_age"
    ? new TocsinError({
        code: "sealed_unreadable",
        where: file,
        message: "this is no encrypted file of the age format, or its header is damaged",
        remedy: "take another copy",
      })
    : new TocsinError({
        code: "sealed_for_another",
        where: file,
        message: "this key or passphrase does not open it",
        remedy: "give the key whose recipient the configuration names, and check the passphrase",
      });
}

function altered(file: string, message: string): TocsinError {
  return new TocsinError({ code: "sealed_altered", where: file, message, remedy: "take another copy" });
}
