import type { Writable } from "node:stream";
import { TocsinError } from "../core/errors.ts";

/** Characters gathered before they are written. */
const PIECE = 64 * 1024;

/** Lines on their way to a stream whose reader may be slow, or leave. */
export interface Output {
  /** Adds one line; what it returns, if anything, is to be awaited. */
  line(text: string): Promise<void> | undefined;
  /** Writes what is left. Throws TocsinError `unwritable_output`, save when the reader merely left. */
  end(): Promise<void>;
  /** True once nobody reads any more: there is no use in going on. */
  closed(): boolean;
}

/** Gathers lines and writes them in large pieces at the reader's pace; a reader that left is no error. */
export function openOutput(stream: Writable): Output {
  let piece = "";
  let left = false;
  let failure: Error | undefined;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    left = true;
    if (error.code !== "EPIPE") failure = error;
  });
  const flush = async (): Promise<void> => {
    const text = piece;
    piece = "";
    if (text !== "" && !left && !stream.write(text)) await drained(stream);
    if (failure !== undefined) throw new TocsinError({ code: "unwritable_output", message: failure.message });
  };
  return {
    line(text) {
      piece += `${text}\n`;
      return piece.length < PIECE ? undefined : flush();
    },
    end: flush,
    closed: () => left,
  };
}

/** Waits until the stream takes more, or never will. */
function drained(stream: Writable): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ["drain", "error", "close"] as const;
  for (const event of events) stream.on(event, resolve);
  return promise.finally(() => {
    for (const event of events) stream.off(event, resolve);
  });
}
