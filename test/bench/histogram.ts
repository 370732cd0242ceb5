/** How values are spread, each within 2 % of what was added. */
export interface Histogram {
  add(value: number, times?: number): void;
  /** The value that a part of all do not exceed; 0 when there is none. */
  quantile(part: number): number;
}

const STEP = Math.log(1.02);
const LEAST = 1e-6;

/** Begins to count values above 0. */
export function histogram(): Histogram {
  const counts: number[] = [];
  let all = 0;
  return {
    add(value, times = 1) {
      const bucket = Math.max(0, Math.round(Math.log(Math.max(value, LEAST) / LEAST) / STEP));
      counts[bucket] = (counts[bucket] ?? 0) + times;
      all += times;
    },
    quantile(part) {
      let passed = 0;
      for (let bucket = 0; bucket < counts.length; bucket++) {
        passed += counts[bucket] ?? 0;
        if (passed > 0 && passed >= part * all) return LEAST * Math.exp(bucket * STEP);
      }
      return 0;
    },
  };
}
