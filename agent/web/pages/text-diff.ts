/** A run of words of one line; `marked` when the other version does not have them. */
export interface DiffWord {
  text: string;
  marked: boolean;
}
/** One line of a comparison; `skipped` stands for equal lines that are not shown. */
export type DiffLine =
  | { kind: "same"; words: DiffWord[] }
  | { kind: "gone" | "added"; words: DiffWord[] }
  | { kind: "skipped"; count: number };

/** Cells of one table of comparison: beyond, what differs is shown whole, as replaced. */
const CELLS = 400_000;
/** Lines read of each text. */
const LINES = 4000;
/** Equal lines shown around a change. */
const AROUND = 1;

/** Compares two texts line by line, and changed lines word by word; time and memory are bounded whatever they say. */
export function textDiff(before: string, after: string): DiffLine[] {
  const [old, fresh] = [linesOf(before), linesOf(after)];
  const lines: DiffLine[] = [];
  let gone: string[] = [];
  let added: string[] = [];
  const flush = () => {
    const pairs = gone.map((line, n) => (n < added.length ? wordDiff(line, added[n] ?? "") : undefined));
    lines.push(
      ...gone.map((line, n): DiffLine => ({ kind: "gone", words: pairs[n]?.before ?? whole(line) })),
    );
    lines.push(
      ...added.map((line, n): DiffLine => ({ kind: "added", words: pairs[n]?.after ?? whole(line) })),
    );
    [gone, added] = [[], []];
  };
  for (const { kind, item } of compare(old, fresh)) {
    if (kind === "gone") gone.push(item);
    else if (kind === "added") added.push(item);
    else {
      flush();
      lines.push({ kind: "same", words: [{ text: item, marked: false }] });
    }
  }
  flush();
  return folded(lines);
}

function linesOf(text: string): string[] {
  return text.split("\n").slice(0, LINES);
}

function whole(text: string): DiffWord[] {
  return [{ text, marked: true }];
}

function wordDiff(before: string, after: string): { before: DiffWord[]; after: DiffWord[] } {
  const words = (line: string) => line.match(/\s+|[^\s]+/g) ?? [];
  const steps = compare(words(before), words(after));
  const side = (own: "gone" | "added") =>
    joined(
      steps.flatMap(({ kind, item }) =>
        kind === own || kind === "same" ? [{ text: item, marked: kind === own }] : [],
      ),
    );
  return { before: side("gone"), after: side("added") };
}

/** Neighbours of one mark as one run. */
function joined(words: readonly DiffWord[]): DiffWord[] {
  const runs: DiffWord[] = [];
  for (const word of words) {
    const last = runs.at(-1);
    if (last?.marked === word.marked) last.text += word.text;
    else runs.push({ ...word });
  }
  return runs;
}

interface Step {
  kind: "same" | "gone" | "added";
  item: string;
}

/** The longest common subsequence, between equal beginnings and ends that are set aside first. */
function compare(before: readonly string[], after: readonly string[]): Step[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const step = (kind: Step["kind"]) => (item: string) => ({ kind, item });
  return [
    ...before.slice(0, head).map(step("same")),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(step("same")),
  ];
}

function middle(before: readonly string[], after: readonly string[]): Step[] {
  const [rows, columns] = [before.length, after.length];
  const replaced = (): Step[] => [
    ...before.map((item): Step => ({ kind: "gone", item })),
    ...after.map((item): Step => ({ kind: "added", item })),
  ];
  if (rows === 0 || columns === 0 || (rows + 1) * (columns + 1) > CELLS) return replaced();
  // Length of the longest common subsequence of what follows each pair.
  const lengths = new Uint16Array((rows + 1) * (columns + 1));
  const cell = (row: number, column: number) => row * (columns + 1) + column;
  for (let row = rows - 1; row >= 0; row--)
    for (let column = columns - 1; column >= 0; column--)
      lengths[cell(row, column)] =
        before[row] === after[column]
          ? (lengths[cell(row + 1, column + 1)] ?? 0) + 1
          : Math.max(lengths[cell(row + 1, column)] ?? 0, lengths[cell(row, column + 1)] ?? 0);
  const steps: Step[] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    const [old, fresh] = [before[row], after[column]];
    if (old !== undefined && old === fresh) {
      steps.push({ kind: "same", item: old });
      row += 1;
      column += 1;
    } else if (
      old !== undefined &&
      (fresh === undefined || (lengths[cell(row + 1, column)] ?? 0) >= (lengths[cell(row, column + 1)] ?? 0))
    ) {
      steps.push({ kind: "gone", item: old });
      row += 1;
    } else {
      steps.push({ kind: "added", item: fresh ?? "" });
      column += 1;
    }
  }
  return steps;
}

/** Long runs of equal lines give way to their number. */
function folded(lines: readonly DiffLine[]): DiffLine[] {
  const near = lines.map((line) => line.kind !== "same");
  const shown = lines.map((_, n) => near.slice(Math.max(0, n - AROUND), n + AROUND + 1).includes(true));
  const out: DiffLine[] = [];
  for (const [n, line] of lines.entries()) {
    const last = out.at(-1);
    if (shown[n]) out.push(line);
    else if (last?.kind === "skipped") last.count += 1;
    else out.push({ kind: "skipped", count: 1 });
  }
  return out;
}
