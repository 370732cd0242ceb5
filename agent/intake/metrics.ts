import { Counter, Gauge, Registry } from "prom-client";

/** What the intake thread counts; the main thread shows it on /metrics. */
export function intakeMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    bytes: new Counter({
      name: "tocsin_intake_bytes_total",
      help: "Bytes received",
      labelNames: ["source", "transport"],
      registers,
    }),
    received: new Counter({
      name: "tocsin_intake_records_received_total",
      help: "Records received, before the gate",
      labelNames: ["source", "transport"],
      registers,
    }),
    gated: new Counter({
      name: "tocsin_intake_records_gated_total",
      help: "Records that the gate refused unread: no rule could match them",
      labelNames: ["source"],
      registers,
    }),
    records: new Counter({
      name: "tocsin_intake_records_total",
      help: "Records read, by what became of them",
      labelNames: ["source", "outcome"],
      registers,
    }),
    refused: new Counter({
      name: "tocsin_intake_refused_total",
      help: "Records or bodies that could not be read, by code",
      labelNames: ["source", "code"],
      registers,
    }),
    lost: new Counter({
      name: "tocsin_intake_lost_total",
      help: "Relevant records of an unacknowledged transport that could not be stored",
      labelNames: ["source"],
      registers,
    }),
    lastSeen: new Gauge({
      name: "tocsin_intake_last_seen_seconds",
      help: "When the source last sent something, unix seconds",
      labelNames: ["source"],
      registers,
    }),
    connections: new Gauge({
      name: "tocsin_intake_connections",
      help: "Open TCP connections",
      labelNames: ["source"],
      registers,
    }),
  };
}
export type IntakeMetrics = ReturnType<typeof intakeMetrics>;
