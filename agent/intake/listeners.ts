import type { Socket } from "node:net";
import type { Listen } from "../../config/source.ts";
import type { Catalogue } from "../../connectors/registry.ts";
import type { Clock } from "../core/clock.ts";
import { listenerFailed, listenHttp } from "../http-server.ts";
import type { Log } from "../telemetry/log.ts";
import type { Backlog } from "./backlog.ts";
import { fairShare, networkOf } from "./fair-share.ts";
import { alertsApp } from "./http.ts";
import type { LineTaker } from "./lines.ts";
import type { IntakeMetrics } from "./metrics.ts";
import { listenRelp } from "./relp.ts";
import type { HttpSource, OpenListener, PolledIndex, TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";
import { listenTcp } from "./tcp.ts";
import type { IntakeData, Listening } from "./thread.ts";
import { openTurns } from "./turns.ts";
import { listenUdp } from "./udp.ts";

/** Opens every listener of the sources; closes those already open when one can not be. */
export async function openListeners(parts: {
  data: IntakeData;
  /** Every way in that a source may name. */
  catalogue: Catalogue;
  taker: Taker;
  /** Makes the taker of one connection or socket; one that drops is for senders that cannot be made to wait. */
  lines: (kind?: { drops: boolean }) => LineTaker;
  /** What all the listeners have read and not stored yet. */
  backlog?: Backlog | undefined;
  clock: Clock;
  metrics: IntakeMetrics;
  log: (message: string, fields: Record<string, unknown>) => void;
  /** Told what a listener finds while it runs: certificates renewed, clients refused, buffers too small. */
  report: Pick<Log, "info" | "warn">;
  /** Reads where a listener stood. */
  bookmark: (name: string) => Promise<string | undefined>;
  /** Begins to ask an index for its documents. */
  poll?: (source: TextSource, index: PolledIndex) => Pick<OpenListener, "stop">;
}): Promise<{
  listening: Listening[];
  /** Has every source read by its way in of another catalogue; one whose way in is gone keeps the one it has. */
  use(catalogue: Catalogue): void;
  stop(): Promise<void>;
}> {
  const { data, catalogue, taker, lines, clock, metrics } = parts;
  const turns = openTurns(parts);
  const { limits } = data;
  const listening: Listening[] = [];
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    await Promise.all(stops.map((each) => each()));
  };

  function open(source: TextSource, listen: Listen, where: string): Promise<OpenListener> {
    const { address, port } = listen;
    const about = { metrics, clock, where, log: ofSource(parts.report, source.id) };
    const common = { source, address, port, recordBytes: limits.record_bytes, ...about };
    const stream = { ...common, turns, connections: limits.connections, idleSeconds: limits.idle_seconds };
    switch (listen.transport) {
      case "udp":
        return listenUdp({
          ...common,
          receiveBuffer: listen.receive_buffer_bytes,
          lines: lines({ drops: true }),
        });
      case "tcp":
        return listenTcp({ ...stream, lines, taker });
      case "tls":
        return listenTcp({ ...stream, lines, taker, tls: listen.tls });
      case "relp":
        return listenRelp({
          ...stream,
          lines,
          taker,
          tls: listen.tls,
          backlog: parts.backlog,
          bookmark: parts.bookmark,
        });
    }
  }

  async function listenAlerts(sources: readonly HttpSource[]): Promise<void> {
    const app = alertsApp({
      facility: data.facility,
      sources,
      taker,
      bodyBytes: limits.body_bytes,
      recordBytes: limits.record_bytes,
      clock,
      turns,
      metrics,
      log: parts.log,
    });
    const share = fairShare<Socket>(limits.connections);
    const connected = (socket: Socket) => {
      const peer = networkOf(socket.remoteAddress ?? "");
      const gone = share.enter(socket, peer);
      socket.once("close", () => share.leave(socket, peer));
      if (gone === undefined) return;
      metrics.refused.inc({ source: "", code: "too_many_connections" });
      gone.destroy();
    };
    const server = await listenHttp(data.http, "listeners.intake", {
      log: parts.report,
      refused: (code) => metrics.refused.inc({ source: "", code }),
      // A source is known by its certificate, or by its token.
      strangers: "served",
      connected,
    });
    server.serve(app);
    stops.push(server.close);
    listening.push({ source: null, transport: "http", address: data.http.address, port: server.port });
  }

  try {
    const sources: HttpSource[] = [];
    const httpSources: HttpSource[] = [];
    const polled = new Map<TextSource, PolledIndex>();
    for (const [i, { id, connector: name, zone, listen: wheres, ...proofs }] of data.sources.entries()) {
      const connector = catalogue.named(name);
      if (connector === undefined) throw new Error(`no format or mapping ${name}`);
      const { tokenDigest, signature, client, poll } = proofs;
      const source: HttpSource = { id, connector, zone, tokenDigest, signature, client };
      sources.push(source);
      if (poll !== undefined) polled.set(source, poll);
      if (tokenDigest ?? signature ?? client) httpSources.push(source);
      for (const [j, where] of wheres.entries()) {
        const place = `sources.${i}.listen.${j}`;
        const opened = await open(source, where, place).catch((error: unknown) => {
          throw listenerFailed(place, error);
        });
        stops.push(opened.stop);
        const { transport, address } = where;
        listening.push({ source: id, transport, address, port: opened.port });
      }
    }
    await listenAlerts(httpSources);
    for (const [source, index] of polled) {
      const opened = parts.poll?.(source, index);
      if (opened !== undefined) stops.push(opened.stop);
    }
    return {
      listening,
      use(now) {
        for (const source of sources) {
          const { name } = source.connector;
          const found = now.named(name);
          if (found !== undefined) source.connector = found;
          else
            parts.report.warn(
              "mapping of a source is gone: the last one stays until a restart, which fails",
              {
                source: source.id,
                mapping: name,
              },
            );
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A log whose lines say of which source they are: its place in the configuration says little by itself. */
function ofSource(log: Pick<Log, "info" | "warn">, source: string): Pick<Log, "info" | "warn"> {
  return {
    info: (message, fields) => log.info(message, { source, ...fields }),
    warn: (message, fields) => log.warn(message, { source, ...fields }),
  };
}
