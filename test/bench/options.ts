/** What every bench is told. */
export interface BenchOptions {
  /** Sizes that only prove that it runs. */
  tiny: boolean;
  /** What to measure of it; all when there is none. */
  names: readonly string[];
  /** A folder of rules: beside those that come with the program in the daemon, instead of them in the engine alone. */
  folder?: string | undefined;
}
