import type { Drawn } from "./report.ts";

const [WIDTH, LABELS, RIGHT, ROW, BAR, HEAD] = [1000, 430, 150, 40, 13, 34];
const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/**
 * Draws measures as SVG: a pair of bars each, ours above its peer's, and a mark where the goal lies. Lengths are
 * logarithmic, each table on its own scale.
 */
export function plot(tables: readonly Drawn[], machine: string): string {
  let y = 50;
  const parts: string[] = [];
  const text = (x: number, at: number, words: string, more = "") =>
    parts.push(`<text x="${x}" y="${at}"${more}>${escaped(words)}</text>`);
  text(12, 28, machine, ' class="machine"');
  for (const { title, unit, less, measures } of tables) {
    const values = measures.flatMap(({ own, peer, goal }) => [own.value, peer?.value ?? 0, goal ?? 0]);
    const positive = values.filter((value) => value > 0);
    const least = Math.log10(Math.min(...positive)) - 0.3;
    const most = Math.log10(Math.max(...positive));
    const lengthOf = (value: number) =>
      value <= 0 ? 0 : ((Math.log10(value) - least) / (most - least || 1)) * (WIDTH - LABELS - RIGHT);
    y += HEAD;
    text(12, y - 8, `${title}, ${unit}${less ? " (less is better)" : ""}`, ' class="title"');
    for (const { what, own, goal, against, peer } of measures) {
      text(LABELS - 10, y + 11, what, ' class="label"');
      bar(parts, { y, length: lengthOf(own.value), kind: "own" });
      text(LABELS + lengthOf(own.value) + 6, y + 11, count.format(own.value));
      if (peer !== undefined) {
        text(LABELS - 10, y + 11 + BAR + 2, against, ' class="label peer"');
        bar(parts, { y: y + BAR + 2, length: lengthOf(peer.value), kind: "peer" });
        text(LABELS + lengthOf(peer.value) + 6, y + 11 + BAR + 2, count.format(peer.value), ' class="peer"');
      }
      if (goal !== undefined) {
        const x = LABELS + lengthOf(goal);
        parts.push(`<path d="M${x.toFixed(1)} ${y - 3}v${2 * BAR + 8}" class="goal"/>`);
      }
      y += ROW;
    }
  }
  const style =
    "text{font:12px sans-serif;fill:#1b1f24}.label{text-anchor:end}.peer{fill:#57606a}.title{font-weight:bold}" +
    ".machine{fill:#57606a}.bar-own{fill:#0b5cad}.bar-peer{fill:#9aa4af}.goal{stroke:#c2410c;stroke-width:2}";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 12}" role="img" aria-label="Measures beside peers">
<style>${style}</style>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
}

function bar(
  parts: string[],
  { y, length, kind }: { y: number; length: number; kind: "own" | "peer" },
): void {
  parts.push(
    `<rect x="${LABELS}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" class="bar-${kind}"/>`,
  );
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
