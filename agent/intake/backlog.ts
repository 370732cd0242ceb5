/** What a relevant record takes beside its text until it is durable, bytes, and how many bytes each of its text takes. */
const EACH = 8192;
const PER_BYTE = 4;
const MOST = 128 * 1024 * 1024;

/**
 * What was read and is not durable yet, over all the listeners of a thread: a slow disk costs time, not memory. One half
 * of the room is for senders that can be made to wait, the other for those that cannot: neither takes that of the other.
 */
export interface Backlog {
  /** Takes a record in whose sender can wait; returns what it weighs, to be given back. */
  add(bytes: number): number;
  remove(weight: number): void;
  /** True when what can wait must. */
  full(): boolean;
  /** Calls whenever there is room again. */
  onRoom(go: () => void): void;
  /**
   * Takes a record in whose sender cannot wait; undefined when it is to be shed: no sender holds more than is left to all
   * the others, so that who sends most sheds first. Without a sender it is never shed.
   */
  squeeze(bytes: number, sender: string | undefined): number | undefined;
  release(weight: number, sender: string | undefined): void;
}

/** Opens the backlog of one thread; `most` in bytes. (Default: 128 MiB.) */
export function openBacklog(most = MOST): Backlog {
  const half = most / 2;
  const waiting: (() => void)[] = [];
  /** What each sender that cannot wait holds. */
  const shares = new Map<string | undefined, number>();
  let held = 0;
  let squeezed = 0;
  const weigh = (bytes: number) => EACH + PER_BYTE * bytes;
  return {
    add(bytes) {
      const weight = weigh(bytes);
      held += weight;
      return weight;
    },
    remove(weight) {
      const full = held >= half;
      held -= weight;
      if (full && held < half) for (const go of waiting) go();
    },
    onRoom: (go) => void waiting.push(go),
    full: () => held >= half,
    squeeze(bytes, sender) {
      const weight = weigh(bytes);
      const own = (shares.get(sender) ?? 0) + weight;
      if (sender !== undefined && own > half - squeezed - weight) return undefined;
      shares.set(sender, own);
      squeezed += weight;
      return weight;
    },
    release(weight, sender) {
      const left = (shares.get(sender) ?? 0) - weight;
      if (left > 0) shares.set(sender, left);
      else shares.delete(sender);
      squeezed -= weight;
    },
  };
}
