import type { Daemon } from "../support/daemon.ts";

/** What a daemon says of itself. */
export interface Told {
  /** How late the event loop of its main thread was since it was asked last, ms. */
  delay: { p50: number; p99: number; max: number };
  /** Of the main thread, MB. */
  heap: number;
  /** Records of a source that were decided, and how many of them were stored. */
  decided(source: string): { all: number; stored: number };
}

/** Of the timer by which the delay is measured, which is in every value, ms. */
const RESOLUTION = 10;

/** Asks a daemon for its metrics. */
export async function askMetrics({ operations }: Pick<Daemon, "operations">): Promise<Told> {
  const text = await (await fetch(`${operations}/metrics`)).text();
  const lines = new Map(
    text.split("\n").map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
  const delay = (which: string) =>
    Math.max(0, (lines.get(`nodejs_eventloop_lag_${which}_seconds`) ?? 0) * 1000 - RESOLUTION);
  return {
    delay: { p50: delay("p50"), p99: delay("p99"), max: delay("max") },
    heap: (lines.get("nodejs_heap_size_used_bytes") ?? 0) / 2 ** 20,
    decided(source) {
      const outcome = (name: string) =>
        lines.get(`tocsin_intake_records_total{source="${source}",outcome="${name}"}`) ?? 0;
      const gated = lines.get(`tocsin_intake_records_gated_total{source="${source}"}`) ?? 0;
      const stored = outcome("stored");
      return { all: gated + stored + outcome("irrelevant"), stored };
    },
  };
}
