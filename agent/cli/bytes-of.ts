import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

const CHUNK = 256 * 1024;
/** Compressed bytes handed over at once: they may become a thousand times as many. */
const MORSEL = 16 * 1024;
/** Bytes of the sum and the length that end what is compressed (RFC 1952 §2.3). */
const TRAILER = 8;

type Chunks = AsyncIterable<Buffer>;

/**
 * Reads a file, or standard input for `-`, decompressed when it begins as gzip does, whatever its name, and as UTF-8 when
 * it begins as UTF-16 does, which is what Windows writes.
 *
 * What a truncated or damaged file still gives comes before the error; `onRead` is given the bytes as they lie there.
 */
export async function* bytesOf(
  path: string,
  stdin: Readable,
  onRead: (bytes: number, chunk: Buffer) => void = () => {},
): AsyncGenerator<Buffer> {
  const stream = path === "-" ? stdin : createReadStream(path, { highWaterMark: CHUNK });
  const chunks = (async function* () {
    for await (const piece of stream) {
      const chunk = Buffer.isBuffer(piece) ? piece : Buffer.from(piece as string);
      onRead(chunk.length, chunk);
      yield chunk;
    }
  })();
  const { first, whole } = await opened(chunks, 2);
  const plain = await opened(first[0] === 0x1f && first[1] === 0x8b ? gunzipped(whole) : whole, 4);
  const encoding = wideEncodingOf(plain.first);
  yield* encoding === undefined ? plain.whole : transcoded(plain.whole, encoding);
}

/** Reads on until `length` bytes are there, or all; `whole` gives them again, and what follows, or why nothing does. */
async function opened(chunks: AsyncGenerator<Buffer>, length: number) {
  let first = Buffer.alloc(0);
  let failed: { because: unknown } | undefined;
  while (first.length < length) {
    try {
      const next = await chunks.next();
      if (next.done === true) break;
      first = Buffer.concat([first, next.value]);
    } catch (because) {
      failed = { because };
      break;
    }
  }
  const whole = (async function* () {
    if (first.length > 0) yield first;
    if (failed !== undefined) throw failed.because;
    yield* chunks;
  })();
  return { first, whole };
}

async function* gunzipped(chunks: Chunks): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  let ready: Buffer[] = [];
  let failure: Error | undefined;
  let given = 0;
  /** Ends the wait for a write: one that fails is never called back. */
  let settle = () => {};
  gunzip.on("data", (piece: Buffer) => ready.push(piece));
  gunzip.on("error", (error) => {
    failure = error;
    settle();
  });
  const taken = () => {
    const pieces = ready;
    ready = [];
    return pieces;
  };
  /** True once the compressed data is over; zeros that fill a block up may follow it. */
  const isOver = () => gunzip.bytesWritten < given;
  try {
    for await (const chunk of trailerApart(chunks)) {
      for (let from = 0; from < chunk.length && failure === undefined; from += MORSEL) {
        let morsel = chunk.subarray(from, from + MORSEL);
        if (!isOver()) {
          const { promise, resolve } = Promise.withResolvers<void>();
          settle = resolve;
          given += morsel.length;
          gunzip.write(morsel, () => resolve());
          await promise;
          yield* taken();
          morsel = morsel.subarray(morsel.length - (given - gunzip.bytesWritten));
        }
        if (isOver() && morsel.some((byte) => byte !== 0))
          failure ??= new Error("something that is no gzip follows the compressed data");
      }
      if (failure !== undefined) break;
    }
    if (failure === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>();
      gunzip.once("close", resolve).end();
      await promise;
    }
    yield* taken();
    if (failure !== undefined) throw failure;
  } finally {
    gunzip.destroy();
  }
}

/** Hands the last bytes over one by one: with a piece that fails its check, what it holds would be lost. */
async function* trailerApart(chunks: Chunks): AsyncGenerator<Buffer> {
  let last = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const both = Buffer.concat([last, chunk]);
    const end = Math.max(0, both.length - TRAILER);
    yield both.subarray(0, end);
    last = both.subarray(end);
  }
  for (let at = 0; at < last.length; at++) yield last.subarray(at, at + 1);
}

/** By its mark and a first character of the first 256, or by two of ASCII without a mark (RFC 4627 §3). */
function wideEncodingOf([a, b, c, d]: Buffer): "utf-16le" | "utf-16be" | undefined {
  if ((a === 0xff && b === 0xfe && d === 0 && c !== 0) || (isAscii(a) && b === 0 && isAscii(c) && d === 0))
    return "utf-16le";
  if ((a === 0xfe && b === 0xff && c === 0 && d !== 0) || (a === 0 && isAscii(b) && c === 0 && isAscii(d)))
    return "utf-16be";
  return undefined;
}

function isAscii(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0 && byte < 0x80;
}

async function* transcoded(chunks: Chunks, encoding: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}
