import { createReadStream } from "node:fs";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

const CHUNK = 256 * 1024;
/** Compressed bytes handed over at once: they may become a thousand times as many. */
const MORSEL = 16 * 1024;

/**
 * Reads a file, or standard input for `-`, decompressed when it begins as gzip does, whatever its name.
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
  let first = Buffer.alloc(0);
  while (first.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  const rest = (async function* () {
    if (first.length > 0) yield first;
    yield* chunks;
  })();
  yield* first[0] === 0x1f && first[1] === 0x8b ? gunzipped(rest) : rest;
}

async function* gunzipped(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK });
  let ready: Buffer[] = [];
  let failure: Error | undefined;
  gunzip.on("data", (piece: Buffer) => ready.push(piece));
  gunzip.on("error", (error) => {
    failure = error;
  });
  const taken = () => {
    const pieces = ready;
    ready = [];
    return pieces;
  };
  try {
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length && failure === undefined; from += MORSEL) {
        const { promise, resolve } = Promise.withResolvers<void>();
        gunzip.write(chunk.subarray(from, from + MORSEL), () => resolve());
        await promise;
        yield* taken();
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
