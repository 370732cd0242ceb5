import { Counter, Gauge, Histogram, Registry } from "./prometheus.ts";

/** What the main thread counts. */
export function mainMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    /** Counts what Node says of the process too, from then on; asked once. */
    ofProcess: async () => (await import("prom-client")).collectDefaultMetrics({ register: registry }),
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
    windows: new Gauge({
      name: "tocsin_correlation_held",
      help: "What the windows of correlations hold: groups, events",
      labelNames: ["what"],
      registers,
    }),
    windowsLost: new Counter({
      name: "tocsin_correlation_lost_total",
      help: "What correlations did not count: groups and events given up for others, events too late or without the field",
      labelNames: ["what"],
      registers,
    }),
    masked: new Counter({
      name: "tocsin_identities_masked_total",
      help: "Identities of patients masked in texts that were made, by kind",
      labelNames: ["kind"],
      registers,
    }),
    unmasked: new Counter({
      name: "tocsin_originals_shown_total",
      help: "Originals of alerts that a person had shown",
      registers,
    }),
    mutes: new Counter({
      name: "tocsin_mutes_total",
      help: "Silences and windows of works that people made, and how they came to their end",
      labelNames: ["kind", "step"],
      registers,
    }),
    configReloads: new Counter({
      name: "tocsin_config_reloads_total",
      help: "Readings of the configuration while the daemon runs, by outcome",
      labelNames: ["outcome"],
      registers,
    }),
    configGood: new Gauge({
      name: "tocsin_config_last_reload_successful",
      help: "0 while the configuration that was read last is refused, and the one before it in force",
      registers,
    }),
    configRead: new Gauge({
      name: "tocsin_config_last_reload_success_timestamp_seconds",
      help: "When the configuration in force was read, unix seconds",
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
