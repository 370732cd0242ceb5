import type { Listen } from "../../config/source.ts";
import { inboundNamed } from "../../connectors/registry.ts";
import type { Clock } from "../core/clock.ts";
import { listenerFailed, listenHttp } from "../http-server.ts";
import { alertsApp } from "./http.ts";
import type { LineTaker } from "./lines.ts";
import type { IntakeMetrics } from "./metrics.ts";
import type { HttpSource, OpenListener, TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";
import { listenTcp } from "./tcp.ts";
import type { IntakeData, Listening } from "./thread.ts";
import { listenUdp } from "./udp.ts";

/** Opens every listener of the sources; closes those already open when one can not be. */
export async function openListeners(parts: {
  data: IntakeData;
  taker: Taker;
  /** Makes the taker of one connection or socket. */
  lines: () => LineTaker;
  clock: Clock;
  metrics: IntakeMetrics;
  log: (message: string, fields: Record<string, unknown>) => void;
}): Promise<{ listening: Listening[]; stop(): Promise<void> }> {
  const { data, taker, lines, clock, metrics } = parts;
  const { limits } = data;
  const listening: Listening[] = [];
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    await Promise.all(stops.map((each) => each()));
  };

  function open(source: TextSource, where: Listen): Promise<OpenListener> {
    const { address, port } = where;
    const common = { source, address, port, recordBytes: limits.record_bytes, metrics, clock };
    const stream = { ...common, connections: limits.connections, idleSeconds: limits.idle_seconds };
    switch (where.transport) {
      case "udp":
        return listenUdp({ ...common, receiveBuffer: where.receive_buffer_bytes, lines: lines() });
      case "tcp":
        return listenTcp({ ...stream, lines, taker });
      default:
        throw new Error(`no listener for ${where.transport}`);
    }
  }

  async function listenAlerts(sources: readonly HttpSource[]): Promise<void> {
    const app = alertsApp({
      facility: data.facility,
      sources,
      taker,
      bodyBytes: limits.body_bytes,
      clock,
      metrics,
      log: parts.log,
    });
    const server = await listenHttp(data.http, "listeners.intake");
    server.serve(app);
    stops.push(server.close);
    listening.push({ source: null, transport: "http", address: data.http.address, port: server.port });
  }

  try {
    const httpSources: HttpSource[] = [];
    for (const [i, { id, connector: name, zone, tokenDigest, listen: wheres }] of data.sources.entries()) {
      const connector = inboundNamed(name);
      if (connector === undefined) throw new Error(`no inbound connector ${name}`);
      const source: TextSource = { id, connector, zone };
      if (tokenDigest !== undefined) httpSources.push({ ...source, tokenDigest });
      for (const [j, where] of wheres.entries()) {
        const opened = await open(source, where).catch((error: unknown) => {
          throw listenerFailed(`sources.${i}.listen.${j}`, error);
        });
        stops.push(opened.stop);
        const { transport, address } = where;
        listening.push({ source: id, transport, address, port: opened.port });
      }
    }
    await listenAlerts(httpSources);
    return { listening, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
