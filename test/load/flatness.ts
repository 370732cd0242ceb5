/** How a value moved while something went on. */
export interface Flatness {
  /** Means of the second and of the last third. */
  middle: number;
  last: number;
  /** By how much the last third is above the second, as a part of it. */
  growth: number;
  /** Slope of the least squares over both, an hour. */
  slope: number;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Tells how flat values are, taken at even distances over `hours`, once the first third has warmed up what it measures. */
export function flatness(values: readonly number[], hours: number): Flatness {
  const third = Math.floor(values.length / 3);
  const warm = values.slice(third);
  const [middle, last] = [mean(warm.slice(0, -third)), mean(warm.slice(-third))];
  const [at, level] = [(warm.length - 1) / 2, mean(warm)];
  const [moved, spread] = warm.reduce(
    ([x, y], value, i) => [x + (i - at) * (value - level), y + (i - at) ** 2],
    [0, 0],
  ) as [number, number];
  const perStep = spread === 0 ? 0 : moved / spread;
  return { middle, last, growth: last / middle - 1, slope: (perStep * values.length) / hours };
}
