import { TocsinError } from "./errors.ts";

/** Which states may follow which: the whole law of a life, in one table. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>;

export function mayMove<State extends string>(table: Transitions<State>, from: State, to: State): boolean {
  return table[from].includes(to);
}

/** Returns `to` when the table allows the step; throws `transition_refused` naming what is allowed. */
export function move<State extends string>(table: Transitions<State>, from: State, to: State): State {
  if (mayMove(table, from, to)) return to;
  const allowed = table[from].join(", ") || "nothing";
  throw new TocsinError({
    code: "transition_refused",
    message: `cannot go from ${from} to ${to}`,
    remedy: `from ${from} the next state may be: ${allowed}`,
  });
}
