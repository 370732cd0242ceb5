import { Counter, Gauge, Registry } from "../telemetry/prometheus.ts";

/** A count kept as a plain number: a million lines a second cannot look their labels up. */
export interface Tally {
  count: number;
}

/** A counter made of tallies, which are read when it is scraped. */
function tallied(config: { name: string; help: string; labelNames: string[]; registers: Registry[] }) {
  const tallies: { labels: Record<string, string>; tally: Tally }[] = [];
  const counter = new Counter({
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
    get: () => counter.get(),
  };
}

/** A counter that others keep, by source: read when it is scraped; one that cannot be read is left out. */
function watched(config: { name: string; help: string; registers: Registry[] }) {
  const watches = new Set<{ source: string; read: () => number | undefined }>();
  new Counter({
    ...config,
    labelNames: ["source"],
    collect() {
      this.reset();
      for (const { source, read } of watches) {
        const count = read();
        if (count !== undefined) this.inc({ source }, count);
      }
    },
  });
  return {
    /** The counts by source, of those that can be read. */
    counts(): Map<string, number> {
      const counts = new Map<string, number>();
      for (const { source, read } of watches) {
        const count = read();
        if (count !== undefined) counts.set(source, (counts.get(source) ?? 0) + count);
      }
      return counts;
    },
    /** Reads one more count of a source; returns how to stop. */
    watch(source: string, read: () => number | undefined): () => void {
      const watch = { source, read };
      watches.add(watch);
      return () => void watches.delete(watch);
    },
  };
}

/** When each source was last heard, by whatever way it came: read by the silence alarm, and when it is scraped. */
function seen(config: { name: string; help: string; registers: Registry[] }) {
  const last = new Map<string, number>();
  new Gauge({
    ...config,
    labelNames: ["source"],
    collect() {
      for (const [source, seconds] of last) this.set({ source }, seconds);
    },
  });
  return {
    set({ source }: { source: string }, seconds: number): void {
      last.set(source, seconds);
    },
    /** Unix seconds; undefined while it has said nothing. */
    of: (source: string): number | undefined => last.get(source),
  };
}

/** What the intake thread counts; the main thread shows it on /metrics. */
export function intakeMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    bytes: tallied({
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
      help: "Records, bodies, connections and clients that were refused, by code",
      labelNames: ["source", "code"],
      registers,
    }),
    lost: new Counter({
      name: "tocsin_intake_lost_total",
      help: "Relevant records of an unacknowledged transport that could not be stored, by why",
      labelNames: ["source", "transport", "reason"],
      registers,
    }),
    heldBack: new Gauge({
      name: "tocsin_intake_held_back",
      help: "1 while plain TCP and TLS are not read because what was read of them cannot be stored",
      registers,
    }),
    heldRecords: new Gauge({
      name: "tocsin_intake_held_records",
      help: "Relevant records of plain TCP and TLS that were read, could not be stored, and are tried again",
      registers,
    }),
    dropped: watched({
      name: "tocsin_intake_udp_dropped_total",
      help: "Datagrams that the kernel dropped before they could be read",
      registers,
    }),
    repeats: new Counter({
      name: "tocsin_intake_repeats_total",
      help: "Relevant records that a sender repeated after a lost connection, and that were stored already",
      labelNames: ["source"],
      registers,
    }),
    unanswered: new Counter({
      name: "tocsin_intake_unanswered_total",
      help: "Relevant records not acknowledged because they could not be stored: their sender repeats them",
      labelNames: ["source"],
      registers,
    }),
    unrecognised: new Counter({
      name: "tocsin_intake_unrecognised_total",
      help: "Records read that no format recognised",
      labelNames: ["source"],
      registers,
    }),
    sampled: new Counter({
      name: "tocsin_intake_sampled_total",
      help: "Of the records that the gate refused, about one a second: whether a format recognises it, and which",
      labelNames: ["source", "outcome", "format"],
      registers,
    }),
    lastSeen: seen({
      name: "tocsin_intake_last_seen_seconds",
      help: "When the source last sent something, unix seconds",
      registers,
    }),
    silent: new Gauge({
      name: "tocsin_intake_source_silent",
      help: "1 while a source is silent for longer than it may be",
      labelNames: ["source"],
      registers,
    }),
    heartbeats: new Counter({
      name: "tocsin_intake_heartbeats_total",
      help: "Heartbeats received",
      labelNames: ["source"],
      registers,
    }),
    pollRounds: new Counter({
      name: "tocsin_intake_poll_rounds_total",
      help: "Rounds of questions to an index, by what became of them",
      labelNames: ["source", "outcome"],
      registers,
    }),
    pollLag: new Gauge({
      name: "tocsin_intake_poll_lag_seconds",
      help: "Age of the last document taken when the last round ended, on the index's clock",
      labelNames: ["source"],
      registers,
    }),
    rules: new Gauge({
      name: "tocsin_rules",
      help: "Rules, by what has become of them",
      labelNames: ["state"],
      registers,
    }),
    mappings: new Gauge({
      name: "tocsin_mappings",
      help: "Mappings beside those that come with the program, by what has become of them",
      labelNames: ["state"],
      registers,
    }),
    mappingReloads: new Counter({
      name: "tocsin_mapping_reloads_total",
      help: "Times the mappings were read anew, by outcome",
      labelNames: ["outcome"],
      registers,
    }),
    ruleReloads: new Counter({
      name: "tocsin_rule_reloads_total",
      help: "Times the rules were read anew, by outcome",
      labelNames: ["outcome"],
      registers,
    }),
    rulesChanged: new Gauge({
      name: "tocsin_rules_changed_seconds",
      help: "When the rules in force came into force, unix seconds",
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
