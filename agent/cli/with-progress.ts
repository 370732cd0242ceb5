import { statSync } from "node:fs";
import { Presets, SingleBar } from "cli-progress";

/** Records between two looks at the clock. */
const EVERY = 256;

/**
 * Hands records on, showing on a terminal how far they are read; anything but a terminal is told nothing.
 *
 * The share is that of the bytes of the files, compressed as they are; of standard input only the records are told.
 * `records` is given what to tell the bytes it reads; `now` is in microseconds.
 */
export async function* withProgress<T>(
  files: readonly string[],
  { stream, now }: { stream: NodeJS.WriteStream; now: () => number },
  records: (onRead: (bytes: number) => void) => AsyncIterable<T>,
): AsyncGenerator<T> {
  if (!stream.isTTY) {
    yield* records(() => {});
    return;
  }
  const total = sizeOf(files);
  const share = total === undefined ? "" : "{bar} {percentage} % | ";
  const format = `${share}{records} records | {rate}/s`;
  const bar = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: true }, Presets.shades_grey);
  const started = now();
  let bytes = 0;
  let count = 0;
  const state = () => {
    const seconds = (now() - started) / 1_000_000;
    return { records: count, rate: seconds > 0 ? Math.round(count / seconds) : 0 };
  };
  const show = () => bar.update(Math.min(bytes, total ?? 0), state());
  bar.start(total ?? 1, 0, state());
  try {
    for await (const record of records((more) => (bytes += more))) {
      yield record;
      if (++count % EVERY === 0) show();
    }
  } finally {
    show();
    bar.stop();
  }
}

/** The bytes of all files; undefined when one is standard input or cannot be measured. */
function sizeOf(files: readonly string[]): number | undefined {
  if (files.length === 0) return undefined;
  let total = 0;
  for (const file of files) {
    const size = statSync(file, { throwIfNoEntry: false });
    if (size?.isFile() !== true) return undefined;
    total += size.size;
  }
  return Math.max(1, total);
}
