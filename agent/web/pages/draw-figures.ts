import { type Figures, OUTCOMES, type Outcome } from "../../stages/register/figures.ts";

/** What a bar is made of, from the ground up; each has a pattern of its own, so that colour is not all there is. */
export const SERIES: readonly { id: Outcome | "outside"; label: string }[] = [
  { id: "declared", label: OUTCOMES.declared },
  { id: "outside", label: "Déclarés hors de Tocsin" },
  { id: "set_aside", label: OUTCOMES.set_aside },
  { id: "running", label: OUTCOMES.running },
  { id: "watched", label: OUTCOMES.watched },
];
export const MONTHS = [
  "janv.",
  "févr.",
  "mars",
  "avr.",
  "mai",
  "juin",
  "juil.",
  "août",
  "sept.",
  "oct.",
  "nov.",
  "déc.",
];

const SIZE = { width: 760, height: 260, left: 40, top: 16, bottom: 28 } as const;
const BAR = 0.62;
const STEPS = [1, 2, 5];

/** Draws a year as stacked bars, one a month; all of its text is numbers, and the months stand where `names` says. */
export function drawFigures({ months }: Figures): {
  size: string;
  drawn: string;
  names: { name: string; x: number; y: number }[];
} {
  const sums = months.map((month) => SERIES.reduce((sum, { id }) => sum + month[id], 0));
  const step = stepOf(Math.max(1, ...sums));
  const most = Math.ceil(Math.max(1, ...sums) / step) * step;
  const plot = { width: SIZE.width - SIZE.left, height: SIZE.height - SIZE.top - SIZE.bottom };
  const slot = plot.width / 12;
  const middleOf = (month: number) => round(SIZE.left + slot * (month + 0.5));
  const y = (count: number) => round(SIZE.top + plot.height * (1 - count / most));
  const lines = Array.from({ length: Math.round(most / step) + 1 }, (_, i) => i * step).map(
    (count) =>
      `<line class="level" x1="${SIZE.left}" x2="${SIZE.width}" y1="${y(count)}" y2="${y(count)}"/>` +
      `<text class="axis" x="${SIZE.left - 6}" y="${y(count) + 4}" text-anchor="end">${count}</text>`,
  );
  const bars = months.map((month, i) => {
    const x = round(SIZE.left + slot * (i + (1 - BAR) / 2));
    let below = 0;
    const pieces = SERIES.flatMap(({ id }) => {
      const count = month[id];
      if (count === 0) return [];
      const top = y(below + count);
      const height = round(y(below) - top);
      below += count;
      const box = `x="${x}" y="${top}" width="${round(slot * BAR)}" height="${height}"`;
      return [`<rect class="ground-${id}" ${box}/><rect class="piece" fill="url(#trame-${id})" ${box}/>`];
    });
    const middle = middleOf(i);
    const sum =
      below === 0
        ? ""
        : `<text class="sum" x="${middle}" y="${y(below) - 4}" text-anchor="middle">${below}</text>`;
    return pieces.join("") + sum;
  });
  return {
    size: `0 0 ${SIZE.width} ${SIZE.height}`,
    drawn: `${PATTERNS}${lines.join("")}${bars.join("")}`,
    names: MONTHS.map((name, i) => ({ name, x: middleOf(i), y: SIZE.height - 8 })),
  };
}

/** One sign of the legend. */
export function drawKey(id: Outcome | "outside"): string {
  return `<svg class="key" viewBox="0 0 18 18" aria-hidden="true"><rect class="ground-${id}" width="18" height="18"/><rect class="piece" fill="url(#trame-${id})" x="0.5" y="0.5" width="17" height="17"/></svg>`;
}

function pattern(id: string, content: string): string {
  return `<pattern id="trame-${id}" width="8" height="8" patternUnits="userSpaceOnUse">${content}</pattern>`;
}

const PATTERNS = `<defs>${[
  pattern("declared", `<rect class="mark-declared" width="8" height="8"/>`),
  pattern("outside", `<path class="mark-outside" d="M0 8 8 0M-2 2 2 -2M6 10 10 6"/>`),
  pattern("set_aside", `<path class="mark-set_aside" d="M0 0 8 8M8 0 0 8"/>`),
  pattern("running", `<circle class="mark-running" cx="4" cy="4" r="1.8"/>`),
  pattern("watched", `<path class="mark-watched" d="M0 4H8"/>`),
].join("")}</defs>`;

/** The distance of lines: five of them at most. */
function stepOf(most: number): number {
  for (let ten = 1; ; ten *= 10) for (const step of STEPS) if (most / (step * ten) <= 5) return step * ten;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
