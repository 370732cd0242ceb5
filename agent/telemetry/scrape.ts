import type { MetricObjectWithValues, MetricValue } from "prom-client";
import type { MainMetrics } from "./metrics.ts";
import { AggregatorRegistry, Registry } from "./prometheus.ts";

/** Everything that is counted in this process, its own figures and another thread's with it, as Prometheus reads it. */
export async function scrape(
  { registry }: Pick<MainMetrics, "registry">,
  other: () => Promise<MetricObjectWithValues<MetricValue<string>>[]>,
): Promise<{ text: string; type: string }> {
  const all = AggregatorRegistry.aggregate([await registry.getMetricsAsJSON(), await other()]);
  return { text: await all.metrics(), type: Registry.PROMETHEUS_CONTENT_TYPE };
}
