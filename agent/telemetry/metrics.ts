import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What the main thread counts. */
export function mainMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    incidents: new Counter({
      name: "tocsin_incident_transitions_total",
      help: "Incidents that came to a state",
      labelNames: ["state"],
      registers,
    }),
    decisions: new Counter({
      name: "tocsin_decisions_total",
      help: "Decisions of people",
      labelNames: ["decision", "channel"],
      registers,
    }),
    effects: new Counter({
      name: "tocsin_effects_total",
      help: "Effects settled, by kind and state",
      labelNames: ["kind", "state"],
      registers,
    }),
    detections: new Counter({
      name: "tocsin_detections_correlated_total",
      help: "Detections taken into the pipeline",
      registers,
    }),
    correlation: new Histogram({
      name: "tocsin_pipeline_seconds",
      help: "Time to take in the waiting detections",
      buckets: [0.005, 0.02, 0.1, 0.5, 2],
      registers,
    }),
    started: new Gauge({
      name: "tocsin_started_seconds",
      help: "When the daemon became ready, unix seconds",
      registers,
    }),
  };
}
export type MainMetrics = ReturnType<typeof mainMetrics>;
