import { ownText } from "./own-text.ts";

/** A name that a source uses, and what its format makes of it. */
export interface KeyEntry<Meaning> {
  name: string;
  meaning: Meaning | undefined;
}

const SLOTS = 4096;
/** Names longer than this are not kept: no product has them. */
const LONGEST = 64;

/**
 * Makes a reader of names: the same name in a text always gives the same entry, without a new string for each record.
 *
 * Sources repeat a few dozen names in every record; those without meaning are kept too, as many as there are slots.
 */
export function keyTable<Meaning>(
  meaningOf: (name: string) => Meaning | undefined,
): (text: string, from: number, to: number) => KeyEntry<Meaning> {
  const slots: (KeyEntry<Meaning> | undefined)[] = new Array(SLOTS).fill(undefined);
  return (text, from, to) => {
    if (to - from > LONGEST) return { name: text.slice(from, to), meaning: undefined };
    let hash = 0;
    for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
    const slot = (hash ^ (hash >>> 12)) & (SLOTS - 1);
    const kept = slots[slot];
    if (kept !== undefined && kept.name.length === to - from && text.startsWith(kept.name, from)) return kept;
    const name = ownText(text.slice(from, to));
    const entry = { name, meaning: meaningOf(name) };
    slots[slot] = entry;
    return entry;
  };
}
