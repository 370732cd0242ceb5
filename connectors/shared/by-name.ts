/** Names longer than this are not kept: no product has them. */
const LONGEST = 64;

/** Makes a function of a name remember its answers, as many as `most`: sources repeat a few dozen names in every record. */
export function byName<Answer>(most: number, work: (name: string) => Answer): (name: string) => Answer {
  const kept = new Map<string, Answer>();
  return (name) => {
    const known = kept.get(name);
    if (known !== undefined) return known;
    const answer = work(name);
    if (name.length > LONGEST) return answer;
    if (kept.size >= most) kept.clear();
    kept.set(name, answer);
    return answer;
  };
}
