import { Counter, Gauge, Registry } from "prom-client";

/** A count kept as a plain number: a million lines a second cannot look their labels up. */
export interface Tally {
  count: number;
}

/** A counter made of tallies, which are read when it is scraped. */
function tallied(config: { name: string; help: string; labelNames: string[]; registers: Registry[] }) {
  const tallies: { labels: Record<string, string>; tally: Tally }[] = [];
  new Counter({
    ...config,
    collect() {
      this.reset();
      for (const { labels, tally } of tallies) this.inc(labels, tally.count);
    },
  });
  return {
    /** The tally of these labels; ask once, keep it. */
    of(labels: Record<string, string>): Tally {
      const known = tallies.find((each) =>
        Object.entries(labels).every(([name, value]) => each.labels[name] === value),
      );
      if (known !== undefined) return known.tally;
      const tally: Tally = { count: 0 };
      tallies.push({ labels, tally });
      return tally;
    },
  };
}

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
    received: tallied({
      name: "tocsin_intake_records_received_total",
      help: "Records received, before the gate",
      labelNames: ["source", "transport"],
      registers,
    }),
    gated: tallied({
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
