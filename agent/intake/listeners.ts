import type { AddressInfo } from "node:net";
import { inboundNamed } from "../../connectors/registry.ts";
import type { Clock } from "../core/clock.ts";
import { listenerFailed, listenHttp } from "../http-server.ts";
import { alertsApp } from "./http.ts";
import type { LineTaker } from "./lines.ts";
import type { IntakeMetrics } from "./metrics.ts";
import type { HttpSource, TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";
import { listenTcp } from "./tcp.ts";
import type { IntakeData, Listening } from "./thread.ts";
import { listenUdp } from "./udp.ts";

/** How long TCP connections may take to end when the listeners stop, ms. */
const PATIENCE = 2000;

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

  async function listen(
    source: TextSource,
    where: IntakeData["sources"][number]["listen"][number],
  ): Promise<void> {
    const { transport, address, port } = where;
    const common = { source, address, port, recordBytes: limits.record_bytes, metrics, clock };
    if (transport === "udp") {
      const socket = await listenUdp({ ...common, lines: lines() });
      stops.push(() => new Promise<void>((resolve) => socket.close(resolve)));
      listening.push({ source: source.id, transport, address, port: socket.address().port });
      return;
    }
    const { server, sockets } = await listenTcp({
      ...common,
      connections: limits.connections,
      idleSeconds: limits.idle_seconds,
      lines,
      taker,
    });
    stops.push(async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.end();
      const patience = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, PATIENCE);
      await closed;
      clearTimeout(patience);
    });
    listening.push({ source: source.id, transport, address, port: (server.address() as AddressInfo).port });
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
        await listen(source, where).catch((error: unknown) => {
          throw listenerFailed(`sources.${i}.listen.${j}`, error);
        });
      }
    }
    await listenAlerts(httpSources);
    return { listening, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
