import { createRequire } from "node:module";
import type * as Prometheus from "prom-client";

// The whole of it reads eighty modules, OpenTelemetry's interface among them, for what only the figures of the process
// need; the intake thread has none of these, and each part reads itself.
const part = createRequire(import.meta.url);

export const Counter: typeof Prometheus.Counter = part("prom-client/lib/counter");
export const Gauge: typeof Prometheus.Gauge = part("prom-client/lib/gauge");
export const Histogram: typeof Prometheus.Histogram = part("prom-client/lib/histogram");
export const Registry: typeof Prometheus.Registry = part("prom-client/lib/registry");
export const AggregatorRegistry: typeof Prometheus.AggregatorRegistry = part("prom-client/lib/cluster");

export type Registry = Prometheus.Registry;
