import type { Instant } from "../../core/clock.ts";

const WIDTH = 320;
const HEIGHT = 14;

/** A delay as a bar: what has gone by of it, and where now is; all of it when it has run out. No text is in it. */
export function drawClock(
  { started, due, met }: { started: Instant; due: Instant; met: Instant | null },
  now: Instant,
): { size: string; drawn: string } {
  const at = met ?? now;
  const share = due <= started ? 1 : Math.min(1, Math.max(0, (at - started) / (due - started)));
  const gone = Math.round(share * WIDTH * 10) / 10;
  const kind = at > due ? "late" : met === null ? "gone" : "done";
  return {
    size: `0 0 ${WIDTH} ${HEIGHT}`,
    drawn:
      `<rect class="whole" x="0.5" y="3.5" width="${WIDTH - 1}" height="7" rx="3.5"/>` +
      `<rect class="${kind}" y="3" width="${gone}" height="8" rx="4"/>` +
      `<rect class="here" x="${Math.min(Math.max(gone - 1.5, 0), WIDTH - 3)}" width="3" height="${HEIGHT}"/>`,
  };
}
