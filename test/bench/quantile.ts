/** The value that a part of all do not exceed; 0 when there is none. */
export function quantile(values: readonly number[], part: number): number {
  return (
    [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0
  );
}
