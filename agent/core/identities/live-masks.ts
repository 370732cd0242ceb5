import type { Masks } from "../masked.ts";

/** Masks in whose place others may come, for everyone who holds them. */
export interface LiveMasks extends Masks {
  use(masks: Masks): void;
}

export function liveMasks(first: Masks): LiveMasks {
  let present = first;
  return {
    text: (text, options) => present.text(text, options),
    every: (value, options) => present.every(value, options),
    use(masks) {
      present = masks;
    },
  };
}
