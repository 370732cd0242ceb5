/** What a relevant record takes beside its text until it is durable, bytes, and how many bytes each of its text takes. */
const EACH = 8192;
const PER_BYTE = 4;
const MOST = 128 * 1024 * 1024;

/** What was read and is not durable yet, over all the listeners of a thread: a slow disk costs time, not memory. */
export interface Backlog {
  /** Takes a record in; returns what it weighs, to be given back. */
  add(bytes: number): number;
  remove(weight: number): void;
  /** True when who can wait must, and what cannot is dropped. */
  full(): boolean;
}

/** Opens the backlog of one thread; `most` in bytes. (Default: 128 MiB.) */
export function openBacklog(most = MOST): Backlog {
  let held = 0;
  return {
    add(bytes) {
      const weight = EACH + PER_BYTE * bytes;
      held += weight;
      return weight;
    },
    remove(weight) {
      held -= weight;
    },
    full: () => held >= most,
  };
}
