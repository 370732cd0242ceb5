/** The groups of one correlation: a slot for each key, in the order in which they were last heard of. */
export interface Groups {
  find(key: string): number | undefined;
  /** Opens a group; its slot may be that of one that was closed. */
  open(key: string): number;
  close(slot: number): void;
  /** Marks a group as the last heard of. */
  touch(slot: number, at: number): void;
  /** The group that was heard of longest ago; -1 when there is none. */
  stalest(): number;
  heard(slot: number): number;
  /** End of the window that fired last; -Infinity before. */
  fired(slot: number): number;
  setFired(slot: number, at: number): void;
  key(slot: number): string;
  size(): number;
  bytes(): number;
}

const NONE = -1;

export function createGroups(): Groups {
  const slots = new Map<string, number>();
  const keys: string[] = [];
  const closed: number[] = [];
  let heard = new Float64Array(64);
  let fired = new Float64Array(64);
  // A list through the slots: `older` and `newer` of each, by when they were heard of.
  let older = new Int32Array(64);
  let newer = new Int32Array(64);
  let oldest = NONE;
  let newest = NONE;

  function admit(slot: number): void {
    if (slot < heard.length) return;
    const room = heard.length * 2;
    heard = into(heard, new Float64Array(room));
    fired = into(fired, new Float64Array(room));
    older = into(older, new Int32Array(room));
    newer = into(newer, new Int32Array(room));
  }

  function unlink(slot: number): void {
    const before = older[slot] as number;
    const after = newer[slot] as number;
    if (before === NONE) oldest = after;
    else newer[before] = after;
    if (after === NONE) newest = before;
    else older[after] = before;
  }

  function append(slot: number): void {
    older[slot] = newest;
    newer[slot] = NONE;
    if (newest === NONE) oldest = slot;
    else newer[newest] = slot;
    newest = slot;
  }

  return {
    find: (key) => slots.get(key),
    open(key) {
      const slot = closed.pop() ?? keys.length;
      admit(slot);
      keys[slot] = key;
      slots.set(key, slot);
      heard[slot] = 0;
      fired[slot] = Number.NEGATIVE_INFINITY;
      append(slot);
      return slot;
    },
    close(slot) {
      unlink(slot);
      slots.delete(keys[slot] as string);
      keys[slot] = "";
      closed.push(slot);
    },
    touch(slot, at) {
      heard[slot] = at;
      if (newest === slot) return;
      unlink(slot);
      append(slot);
    },
    stalest: () => oldest,
    heard: (slot) => heard[slot] as number,
    fired: (slot) => fired[slot] as number,
    setFired(slot, at) {
      fired[slot] = at;
    },
    key: (slot) => keys[slot] as string,
    size: () => slots.size,
    bytes: () => [heard, fired, older, newer].reduce((sum, one) => sum + one.byteLength, 0),
  };
}

function into<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}
