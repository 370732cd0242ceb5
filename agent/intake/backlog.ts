/** What a relevant record takes beside its text until it is durable, bytes, and how many bytes each of its text takes. */
const EACH = 8192;
const PER_BYTE = 4;
const MOST = 128 * 1024 * 1024;

/** What was read and is not durable yet, over all the listeners of a thread: a slow disk costs time, not memory. */
export interface Backlog {
  /** Takes a record in; returns what it weighs, to be given back. */
  add(bytes: number): number;
  remove(weight: number): void;
  /** True when what can wait must. */
  full(): boolean;
  /** True when what cannot wait is dropped: it may not take the room of those that do. */
  halfFull(): boolean;
  /** Calls whenever there is room again. */
  onRoom(go: () => void): void;
}

/** Opens the backlog of one thread; `most` in bytes. (Default: 128 MiB.) */
export function openBacklog(most = MOST): Backlog {
  let held = 0;
  const waiting: (() => void)[] = [];
  return {
    add(bytes) {
      const weight = EACH + PER_BYTE * bytes;
      held += weight;
      return weight;
    },
    remove(weight) {
      const full = held >= most;
      held -= weight;
      if (full && held < most) for (const go of waiting) go();
    },
    onRoom: (go) => void waiting.push(go),
    full: () => held >= most,
    halfFull: () => held >= most / 2,
  };
}
