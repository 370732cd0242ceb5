/** The known name that differs least from one that is not known, or the only one of which it is a part; undefined otherwise. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  const wanted = name.toLowerCase();
  for (const each of known) {
    const distance = distanceOf(wanted, each.toLowerCase(), least);
    if (distance < least) {
      best = each;
      least = distance;
    }
  }
  if (best !== undefined || name.length < SHORTEST_PART) return best;
  const whole = [...known].filter((each) => each.toLowerCase().split("-").includes(wanted));
  return whole.length === 1 ? whole[0] : undefined;
}

/** Characters of a name that stands for a longer one whose part it is: `fortigate` of `fortinet-fortigate`. */
const SHORTEST_PART = 3;

/** Characters to put, drop or change to make one of the other; `most` and more are all the same. */
function distanceOf(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) >= most) return most;
  let above = Array.from({ length: other.length + 1 }, (_, i) => i);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      row.push(Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + same));
    }
    above = row;
  }
  return above[other.length] ?? most;
}
