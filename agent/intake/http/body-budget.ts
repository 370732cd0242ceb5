/** What of a budget one body takes, until its records are decided. */
export interface Lease {
  /** Takes more bytes; false when there is no room for them, and nothing is taken. */
  take(bytes: number): boolean;
  /** Does a work once those before it of the same source are done: what each will take is not known before. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  release(): void;
}

/** What bodies may take, all together and each source. */
export interface BodyBudget {
  /** Opens the part of one body of a source. */
  lease(source: string): Lease;
}

/**
 * Bounds the bytes of bodies that are being received, read or stored: all together, and for each source a part,
 * so that one which sends faster than the disk takes cannot keep the others out.
 */
export function bodyBudget(bytes: number, eachSource: number): BodyBudget {
  const held = new Map<string, number>();
  let total = 0;
  const works = new Map<string, Promise<unknown>>();
  const of = (source: string) => held.get(source) ?? 0;
  return {
    lease(source) {
      let own = 0;
      return {
        take(more) {
          if (total + more > bytes || of(source) + more > eachSource) return false;
          own += more;
          total += more;
          held.set(source, of(source) + more);
          return true;
        },
        inTurn(work) {
          const mine = (works.get(source) ?? Promise.resolve()).then(work);
          const over: Promise<unknown> = mine
            .catch(() => undefined)
            .then(() => works.get(source) === over && works.delete(source));
          works.set(source, over);
          return mine;
        },
        release() {
          total -= own;
          const left = of(source) - own;
          if (left > 0) held.set(source, left);
          else held.delete(source);
          own = 0;
        },
      };
    },
  };
}
