import type { OutsideDeclaration } from "../../core/outside-declaration.ts";
import type { Noted } from "./entry.ts";

type Revision = OutsideDeclaration["revisions"][number];

/** A declaration made outside Tocsin, as it stands now. */
export interface OutsideLine extends Revision {
  id: string;
  /** How many times it was written, corrections included. */
  revision: number;
  entry: number;
}

/** What stands of declarations made outside, the latest declared first. */
export function outsideLines(
  outside: readonly Noted<OutsideDeclaration & { revision: number }>[],
): OutsideLine[] {
  return outside
    .flatMap(({ id, revision, entry, revisions }) => {
      const last = revisions.at(-1);
      return last === undefined ? [] : [{ ...last, id, revision, entry }];
    })
    .sort((a, b) => b.declared - a.declared);
}
