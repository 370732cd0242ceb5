/** What every bench is told. */
export interface BenchOptions {
  /** Sizes that only prove that it runs. */
  tiny: boolean;
  /** What to measure of it; all when there is none. */
  names: readonly string[];
  /** A folder of Sigma rules to measure with, instead of our own. */
  sigma?: string | undefined;
  /** Rules to measure with, beside those that come with the program. */
  folder?: string | undefined;
}
