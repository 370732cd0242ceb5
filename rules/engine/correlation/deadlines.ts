/** Slots to look at again at a time: a heap, the nearest first. */
export interface Deadlines {
  add(due: number, slot: number): void;
  /** Takes the nearest when it is due; undefined otherwise. */
  take(now: number): { due: number; slot: number } | undefined;
  size(): number;
}

export function createDeadlines(): Deadlines {
  const dues: number[] = [];
  const slots: number[] = [];

  function swap(a: number, b: number): void {
    [dues[a], dues[b]] = [dues[b] as number, dues[a] as number];
    [slots[a], slots[b]] = [slots[b] as number, slots[a] as number];
  }

  function sink(from: number): void {
    for (let at = from; ; ) {
      const left = at * 2 + 1;
      if (left >= dues.length) return;
      const right = left + 1;
      const nearer = right < dues.length && (dues[right] as number) < (dues[left] as number) ? right : left;
      if ((dues[at] as number) <= (dues[nearer] as number)) return;
      swap(at, nearer);
      at = nearer;
    }
  }

  return {
    add(due, slot) {
      dues.push(due);
      slots.push(slot);
      for (let at = dues.length - 1; at > 0; ) {
        const above = (at - 1) >> 1;
        if ((dues[above] as number) <= (dues[at] as number)) return;
        swap(at, above);
        at = above;
      }
    },
    take(now) {
      const due = dues[0];
      const slot = slots[0];
      if (due === undefined || slot === undefined || due > now) return undefined;
      swap(0, dues.length - 1);
      dues.pop();
      slots.pop();
      sink(0);
      return { due, slot };
    },
    size: () => dues.length,
  };
}
