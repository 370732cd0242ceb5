import { Presets, SingleBar } from "cli-progress";

/** Shows on a terminal how far a work of known length is; anything but a terminal is told nothing. */
export function showProgress(
  what: string,
  stream: NodeJS.WriteStream,
): { progress(done: number, total: number): void; stop(): void } {
  if (!stream.isTTY) return { progress: () => undefined, stop: () => undefined };
  const format = `{bar} {percentage} % | {value}/{total} ${what}`;
  const bar = new SingleBar({ stream, format, hideCursor: true, clearOnComplete: true }, Presets.shades_grey);
  let started = false;
  return {
    progress(done, total) {
      if (!started) bar.start(total, done);
      started = true;
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}
