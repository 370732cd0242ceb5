import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import { messageOf } from "../../core/errors.ts";
import type { Lease } from "./body-budget.ts";

export interface BodyRefused {
  outcome: "refused";
  status: 413 | 415 | 422 | 503;
  code: string;
  message: string;
}
export type BodyRead = { outcome: "read"; bytes: Buffer } | BodyRefused;

/** Codings of a body (RFC 9110 §8.4.1) that are understood, as `Accept-Encoding` names them. */
export const CODINGS = "gzip, deflate, br, zstd";

type Inflate = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const fromZlib: Inflate = promisify(inflate);
const fromRaw: Inflate = promisify(inflateRaw);
const fromGzip: Inflate = promisify(gunzip);
const INFLATE: ReadonlyMap<string, Inflate> = new Map<string, Inflate>([
  ["gzip", fromGzip],
  ["x-gzip", fromGzip],
  // Some senders leave out the zlib header that the RFC asks for.
  ["deflate", (bytes, options) => (isZlib(bytes) ? fromZlib : fromRaw)(bytes, options)],
  ["br", promisify(brotliDecompress)],
  ["zstd", promisify(zstdDecompress)],
]);

/** When a sender that is told to wait may come again. */
export const RETRY_AFTER_SECONDS = "5";

/** What a sender is told when its bodies wait to be stored. */
export const OVERLOADED: BodyRefused = {
  outcome: "refused",
  status: 503,
  code: "overloaded",
  message: "Too many alerts wait to be stored; send these again.",
};

/**
 * Receives a body as it was sent; undefined when the client left before its end.
 * Bytes count once they are there: a sender that promises many and sends none holds nothing.
 */
export function readBody(
  request: IncomingMessage,
  { limit, lease }: { limit: number; lease: Lease },
): Promise<BodyRead | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) end(tooLarge(limit));
      else if (!lease.take(chunk.length)) end(OVERLOADED);
      else chunks.push(chunk);
    };
    const onEnd = () => end({ outcome: "read", bytes: Buffer.concat(chunks, size) });
    const onClose = () => end(undefined);
    function end(read: BodyRead | undefined): void {
      request.off("data", onData).off("end", onEnd).off("close", onClose);
      // What still comes is let go: a client reads no answer before it has sent all.
      if (read?.outcome === "refused") request.resume();
      resolve(read);
    }
    if (Number(request.headers["content-length"] ?? 0) > limit) return end(tooLarge(limit));
    request.on("data", onData).on("end", onEnd).on("close", onClose);
  });
}

/** Undoes the coding of a body, to `limit` bytes at most: a few kilobytes may hold gigabytes of zeros. */
export async function inflateBody(
  bytes: Buffer,
  { coding, limit, lease }: { coding: string | undefined; limit: number; lease: Lease },
): Promise<BodyRead> {
  const name = (coding ?? "").trim().toLowerCase();
  if (name === "" || name === "identity") return { outcome: "read", bytes };
  const undo = INFLATE.get(name);
  if (undo === undefined) {
    const message = `The Content-Encoding is not one of: ${CODINGS}.`;
    return { outcome: "refused", status: 415, code: "encoding_unsupported", message };
  }
  return lease.inTurn(async () => {
    try {
      const inflated = await undo(bytes, { maxOutputLength: limit });
      return lease.take(inflated.length) ? { outcome: "read", bytes: inflated } : OVERLOADED;
    } catch (error) {
      if ((error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") return tooLarge(limit);
      const message = `The body is not ${name}: ${messageOf(error)}.`;
      return { outcome: "refused", status: 422, code: "bad_encoding", message };
    }
  });
}

function tooLarge(limit: number): BodyRefused {
  const message = `The body is over ${limit} bytes; send smaller batches.`;
  return { outcome: "refused", status: 413, code: "body_too_large", message };
}

/** RFC 1950 §2.2: the method is 8 and the first two bytes are a multiple of 31. */
function isZlib(bytes: Buffer): boolean {
  return bytes.length > 1 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}
