/** The known name that takes the fewest changes, at most `most` and a third of its letters, case apart; undefined otherwise. */
export function nearest(name: string, known: Iterable<string>, most = 2): string | undefined {
  const wanted = name.toLowerCase();
  let least = Math.min(most, Math.floor(name.length / 3)) + 1;
  let best: string | undefined;
  for (const each of known) {
    const distance = each === name ? 0 : changes(wanted, each.toLowerCase(), least);
    if (distance >= least) continue;
    least = distance;
    best = each;
  }
  return best;
}

/** Letters to put, drop, change or swap with their neighbour; `most` and more are all the same. */
function changes(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) >= most) return most;
  let before: number[] = [];
  let above = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      let least = Math.min(
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (above[j - 1] as number) + same,
      );
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        least = Math.min(least, (before[j - 2] as number) + 1);
      row.push(least);
    }
    before = above;
    above = row;
  }
  return above[other.length] as number;
}
