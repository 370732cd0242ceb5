import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";
import { breather } from "../stages/breather.ts";

/** Characters sent at once. */
const PIECE = 32 * 1024;

/** Sends the rows of a file as they are made: thousands hold up nobody's page, and are never in memory together. */
export async function sendRows(
  response: Response,
  rows: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  // Who leaves early is no trouble.
  await pipeline(Readable.from(inPieces(rows)), response).catch(() => undefined);
}

async function* inPieces(rows: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  // Others have their turn between two stretches of work.
  const breathe = breather();
  let piece = "";
  for await (const row of rows) {
    piece += row;
    await breathe();
    if (piece.length < PIECE) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}
