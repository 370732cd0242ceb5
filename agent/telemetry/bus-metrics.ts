import type { BusStatus } from "../bus/bus.ts";
import type { ConsumerReport } from "../bus/consumer.ts";
import type { PublisherReport } from "../bus/publisher.ts";
import { Gauge, type Registry } from "./prometheus.ts";

/** Shows what a correlator takes off the bus, and how much waits for it there. */
export function consumerMetrics(
  registry: Registry,
  report: () => ConsumerReport,
  status: () => BusStatus,
): void {
  function gauge(name: string, help: string, of: (report: ConsumerReport) => number): void {
    new Gauge({
      name: `tocsin_bus_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(of(report()));
      },
    });
  }
  gauge("handled_messages", "Messages taken into the record since the start", (of) => of.handled);
  gauge("refused_messages", "Messages that could not be read since the start", (of) => of.refused);
  const behind =
    "Messages that JetStream still has for this process; -1 until one has come since it is connected";
  gauge("behind_messages", behind, ({ lag }) => lag ?? -1);
  connectedMetric(registry, status);
}

/** Shows what goes to the bus, and what waits for it on disk. */
export function busMetrics(
  registry: Registry,
  report: () => Promise<PublisherReport>,
  status: () => BusStatus,
): void {
  let asked: Promise<PublisherReport | undefined> | undefined;
  /** Asked once for all gauges of one look. */
  function now(): Promise<PublisherReport | undefined> {
    asked ??= report()
      .catch(() => undefined)
      .finally(() => {
        asked = undefined;
      });
    return asked;
  }

  function gauge(name: string, help: string, of: (report: PublisherReport) => number): void {
    new Gauge({
      name: `tocsin_bus_${name}`,
      help,
      registers: [registry],
      async collect() {
        const figures = await now();
        if (figures !== undefined) this.set(of(figures));
      },
    });
  }
  gauge("published_messages", "Messages that JetStream acknowledged since the start", (of) => of.published);
  gauge("duplicate_messages", "Those of them that it had already", (of) => of.duplicates);
  gauge("spooled_messages", "Messages that went by the spool since the start", (of) => of.spooled);
  const waiting = "Bytes in the spool that JetStream has not acknowledged";
  gauge("spool_waiting_bytes", waiting, ({ spool }) => spool.waiting.bytes);
  gauge("spool_bytes", "Bytes of the spool on disk", ({ spool }) => spool.bytes);
  gauge("spool_limit_bytes", "Bytes of the spool at most", ({ spool }) => spool.limit);
  const lasts = "How long the room left in the spool lasts; -1 when nothing comes";
  gauge("spool_lasts_seconds", lasts, ({ spool }) => spool.lasts_seconds ?? -1);
  connectedMetric(registry, status);
}

function connectedMetric(registry: Registry, status: () => BusStatus): void {
  new Gauge({
    name: "tocsin_bus_connected",
    help: "1 while the connection to NATS stands",
    registers: [registry],
    collect() {
      this.set(status().connected ? 1 : 0);
    },
  });
}
