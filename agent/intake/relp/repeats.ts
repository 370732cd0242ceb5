/** A relevant message by its place among the frames of its sender and by what it says. */
export interface Mark {
  number: number;
  digest: string;
}

/** The relevant messages last stored of one sender, oldest first; a later session may go on from them. */
export interface Past {
  marks: readonly Mark[];
}

export type Verdict<P extends Past> =
  /** Another frame must tell. */
  | { verdict: "wait" }
  /** None of them is a repeat. */
  | { verdict: "new" }
  /** The first `repeats` of them were stored as the last of `past`; frame n here is frame n + `offset` there. */
  | { verdict: "repeats"; past: P; offset: number; repeats: number };

/** The first frame after `open`: a client repeats what was not answered from there on. */
const FIRST = 2;

/** One way in which a session may go on from a past: its first message is the past's mark at `from`. */
interface Way<P extends Past> {
  past: P;
  from: number;
  offset: number;
}

/**
 * Says which of a session's first relevant messages its sender repeats.
 *
 * What a sender repeats is what it last sent, in order and without gaps, from the first frame of the new session on
 * (librelp: relpSessTryReestablish). So a repeat is known by the same messages at the same distances down to the last
 * that was stored, not by one message that resembles another; and at least one of them must be a message that the
 * past holds once. Where a sender says the same again and again, all is kept: nothing tells a repeat from another.
 *
 * `seen` is the last frame received; with `last` nothing more is waited for.
 */
export function findRepeats<P extends Past>(
  pasts: readonly P[],
  first: readonly Mark[],
  { seen, last = false }: { seen: number; last?: boolean | undefined },
): Verdict<P> {
  let open = false;
  for (const past of pasts) {
    for (const way of waysInto(past, first)) {
      const agreed = agreement(way, first, seen);
      if (agreed === "so far") open = true;
      if (agreed === "to the end")
        return { verdict: "repeats", past, offset: way.offset, repeats: past.marks.length - way.from };
    }
  }
  return { verdict: open && !last ? "wait" : "new" };
}

/** Every way in which the first message may be one of the past, such that no earlier one would be missing. */
function waysInto<P extends Past>(past: P, first: readonly Mark[]): Way<P>[] {
  const ways: Way<P>[] = [];
  const [message] = first;
  if (message === undefined) return ways;
  const telling = lastSaidOnce(past);
  for (const [from, mark] of past.marks.entries()) {
    if (mark.digest !== message.digest || from > telling) continue;
    const offset = mark.number - message.number;
    const before = past.marks[from - 1];
    if (offset >= 0 && (before === undefined || before.number < FIRST + offset))
      ways.push({ past, from, offset });
  }
  return ways;
}

/** Where the last message stands that the past holds once; -1 when there is none. */
function lastSaidOnce({ marks }: Past): number {
  const times = new Map<string, number>();
  for (const { digest } of marks) times.set(digest, (times.get(digest) ?? 0) + 1);
  return marks.findLastIndex(({ digest }) => times.get(digest) === 1);
}

/** Whether the session's messages are those of the past: to its end, or as far as they go. */
function agreement({ past, from, offset }: Way<Past>, first: readonly Mark[], seen: number) {
  for (let at = from; at < past.marks.length; at++) {
    const mark = past.marks[at] as Mark;
    const message = first[at - from];
    if (message === undefined) return mark.number - offset <= seen ? "no" : "so far";
    if (message.digest !== mark.digest || message.number !== mark.number - offset) return "no";
  }
  return "to the end";
}
