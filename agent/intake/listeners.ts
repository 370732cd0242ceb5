import type { Socket } from "node:net";
import type { Listen } from "../../config/source.ts";
import type { Catalogue } from "../../connectors/registry.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { type HttpAddress, type HttpServer, listenerFailed, listenHttp } from "../http-server.ts";
import type { Log } from "../telemetry/log.ts";
import { seldom } from "../telemetry/seldom.ts";
import type { Backlog } from "./backlog.ts";
import { enterAll, fairShare, networkOf } from "./fair-share.ts";
import { inTurn } from "./http/in-turn.ts";
import { alertsApp } from "./http.ts";
import type { LineTaker, Unacknowledged } from "./lines.ts";
import type { IntakeMetrics } from "./metrics.ts";
import { connectionsWithin, MORE_CONNECTIONS, openFilesLimit } from "./open-files.ts";
import { listenRelp } from "./relp.ts";
import type { HttpSource, OpenListener, PolledIndex, TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";
import { listenTcp } from "./tcp.ts";
import type { IntakeData, Listening, SourceData } from "./thread.ts";
import { openTurns } from "./turns.ts";
import { listenUdp } from "./udp.ts";

/**
 * What one turn of the event loop reads of connections, and begins of requests (what follows of these comes besides), µs.
 * Short, since each turn reads 32 datagrams of a UDP socket and no more: who floods connections leaves UDP that much.
 */
const LASTING = { streams: 2000, requests: 100 };
/** Finer than the clock of the day. */
const stopwatch: Clock = { now: () => performance.now() * 1000 };

/** A socket of a source that is open, or is to be. */
interface Wanted {
  source: string;
  listen: Listen;
  /** Its part of the configuration. */
  place: string;
}
type Opened = Wanted & { port: number; stop: () => Promise<void> };

/** The listeners of all sources, which follow the settings while they run. */
export interface Listeners {
  /** What is open now. */
  listening(): Listening[];
  /** Has every source read by its way in of another catalogue; one whose way in is gone keeps the one it has. */
  use(catalogue: Catalogue): void;
  /**
   * Follows other settings: what listens where it did keeps its socket and its connections, whatever else of its source
   * changed. When something cannot be opened, all is as it was, and it rejects.
   */
  follow(data: IntakeData, catalogue: Catalogue): Promise<void>;
  stop(): Promise<void>;
}

/** Opens every listener of the sources; closes those already open when one can not be. */
export async function openListeners(parts: {
  data: IntakeData;
  /** Every way in that a source may name. */
  catalogue: Catalogue;
  taker: Taker;
  /** Makes the taker of one connection or socket. */
  lines: (transport?: Unacknowledged) => LineTaker;
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
}): Promise<Listeners> {
  const { taker, lines, clock, metrics } = parts;
  const turns = openTurns({ backlog: parts.backlog, clock: stopwatch, lasting: LASTING.streams });
  const { limits, facility } = parts.data;
  const warn = seldom(parts.report);
  /** The connections of all listeners, so that they leave the rest of the daemon its descriptors. */
  const whole = fairShare<Socket>(connectionsWithin(openFilesLimit()));
  /** As the connections that are open know them: changed in place. */
  let sources = new Map<string, HttpSource>();
  const posting: HttpSource[] = [];
  let open = new Map<string, Opened>();
  let http: { of: string; server: HttpServer; address: string } | undefined;
  const polls = new Map<string, { of: string; stop: () => Promise<unknown> }>();
  /** What is being closed while the rest goes on. */
  const closing = new Set<Promise<unknown>>();
  const close = (stop: () => Promise<unknown>) => {
    const closed: Promise<unknown> = stop().finally(() => closing.delete(closed));
    closing.add(closed);
    return closed;
  };

  function listen(source: TextSource, { listen, place: where }: Wanted): Promise<OpenListener> {
    const { address, port } = listen;
    const about = { metrics, clock, where, log: ofSource(parts.report, source.id) };
    const common = { source, address, port, recordBytes: limits.record_bytes, ...about };
    const { connections, idle_seconds: idleSeconds } = limits;
    const stream = { ...common, turns, connections, whole, idleSeconds };
    switch (listen.transport) {
      case "udp":
        return listenUdp({
          ...common,
          receiveBuffer: listen.receive_buffer_bytes,
          lines: lines("udp"),
          canary: taker.canary,
        });
      case "tcp":
        return listenTcp({ ...stream, lines: () => lines("tcp"), taker });
      case "tls":
        return listenTcp({ ...stream, lines: () => lines("tls"), taker, tls: listen.tls });
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

  const openSocket = async (source: TextSource, wanted: Wanted): Promise<Opened> => {
    const opened = await listen(source, wanted).catch((error: unknown) => {
      throw listenerFailed(wanted.place, error);
    });
    return { ...wanted, port: opened.port, stop: opened.stop };
  };

  const app = alertsApp({
    facility,
    sources: posting,
    taker,
    bodyBytes: limits.body_bytes,
    recordBytes: limits.record_bytes,
    clock,
    turns,
    metrics,
    log: parts.log,
  });
  const shares = [fairShare<Socket>(limits.connections), whole];

  async function listenAlerts(where: HttpAddress): Promise<HttpServer> {
    const connected = (socket: Socket) => {
      const peer = networkOf(socket.remoteAddress ?? "");
      const leaving = enterAll(shares, socket, peer);
      socket.once("close", () => {
        for (const share of shares) share.leave(socket, peer);
      });
      for (const gone of leaving) {
        metrics.refused.inc({ source: "", code: "too_many_connections" });
        const told = { where: "listeners.intake", connections: limits.connections, remedy: MORE_CONNECTIONS };
        warn("connection closed: there are too many", told);
        gone.destroy();
      }
    };
    const server = await listenHttp(where, "listeners.intake", {
      log: parts.report,
      refused: (code) => metrics.refused.inc({ source: "", code }),
      // A source is known by its certificate, or by its token.
      strangers: "served",
      connected,
    });
    // Apart from what waits for room: who posts is answered, whatever fills it.
    server.serve(inTurn(app, { turns: openTurns({ clock: stopwatch, lasting: LASTING.requests }), metrics }));
    return server;
  }

  async function follow(data: IntakeData, catalogue: Catalogue): Promise<void> {
    const next = new Map(data.sources.map((each) => [each.id, sourceOf(each, catalogue)]));
    const wanted = wantedOf(data.sources);
    const leaving = [...open].filter(([key]) => !wanted.has(key));
    const kept = new Map([...open].filter(([key]) => wanted.has(key)));
    const fresh: Opened[] = [];
    const inTheWay: Opened[] = [];
    const httpOf = JSON.stringify(data.http);
    const before = http;
    try {
      for (const [key, each] of wanted) {
        if (kept.has(key)) continue;
        // One address is one listener's: who held it lets go first.
        for (const [, other] of leaving)
          if (!inTheWay.includes(other) && sameSocket(other.listen, each.listen)) {
            inTheWay.push(other);
            await close(other.stop);
          }
        const { id } = next.get(each.source) as HttpSource;
        const opened = await openSocket(sources.get(id) ?? (next.get(id) as HttpSource), each);
        fresh.push(opened);
        kept.set(key, opened);
      }
      if ((before?.of ?? "null") !== httpOf) {
        if (before !== undefined && before.server.port === data.http?.port) await before.server.close();
        http =
          data.http === null
            ? undefined
            : { of: httpOf, server: await listenAlerts(data.http), address: data.http.address };
      }
    } catch (error) {
      await Promise.all(fresh.map(({ stop }) => stop()));
      await takeBack(inTheWay, before);
      throw error;
    }
    if (before !== undefined && before !== http) void close(before.server.close);
    for (const [, each] of leaving) if (!inTheWay.includes(each)) void close(each.stop);
    open = kept;
    // In place: a connection holds the source that it came in by.
    sources = new Map(
      [...next].map(([id, source]) => [id, Object.assign(sources.get(id) ?? source, source)]),
    );
    posting.splice(
      0,
      posting.length,
      ...[...sources.values()].filter((each) => each.tokenDigest ?? each.signature ?? each.client),
    );
    await followPolls(data.sources);
  }

  /** What had to let go before another could not be opened listens again. */
  async function takeBack(gone: readonly Opened[], before: typeof http): Promise<void> {
    for (const each of gone) {
      const source = sources.get(each.source) as HttpSource;
      try {
        Object.assign(each, await openSocket(source, each));
      } catch (error) {
        parts.log("a listener that was given up could not be opened again", { error: messageOf(error) });
      }
    }
    if (before === undefined || before.server.listening()) return;
    const where = JSON.parse(before.of) as HttpAddress;
    http = { ...before, server: await listenAlerts(where) };
  }

  async function followPolls(wanted: readonly SourceData[]): Promise<void> {
    for (const [id, { of, stop }] of polls) {
      const poll = wanted.find((each) => each.id === id)?.poll;
      if (poll !== undefined && JSON.stringify(poll) === of) continue;
      polls.delete(id);
      await close(stop);
    }
    for (const { id, poll } of wanted) {
      if (poll === undefined || polls.has(id)) continue;
      const opened = parts.poll?.(sources.get(id) as HttpSource, poll);
      if (opened !== undefined) polls.set(id, { of: JSON.stringify(poll), stop: opened.stop });
    }
  }

  await follow(parts.data, parts.catalogue);
  return {
    listening: () => [
      ...[...open.values()].map(({ source, listen: { transport, address }, port }) => ({
        ...{ source, transport, address, port },
      })),
      ...(http === undefined
        ? []
        : [{ source: null, transport: "http" as const, address: http.address, port: http.server.port }]),
    ],
    follow,
    use(now) {
      for (const source of sources.values()) {
        const { name } = source.connector;
        const found = now.named(name);
        if (found !== undefined) source.connector = found;
        else
          parts.report.warn("mapping of a source is gone: the last one stays until a restart, which fails", {
            source: source.id,
            mapping: name,
          });
      }
    },
    async stop() {
      const stops = [
        ...[...open.values()].map(({ stop }) => stop),
        ...[...polls.values()].map(({ stop }) => stop),
      ];
      if (http !== undefined) stops.push(http.server.close);
      await Promise.all([...stops.map((each) => each()), ...closing]);
    },
  };
}

function sourceOf(data: SourceData, catalogue: Catalogue): HttpSource {
  const { id, connector: name, zone, tokenDigest, signature, client } = data;
  const connector = catalogue.named(name);
  if (connector === undefined) throw new Error(`no format or mapping ${name}`);
  return { id, connector, zone, tokenDigest, signature, client };
}

/** Every socket of the sources by what it is: two settings that give the same key have the same listener. */
function wantedOf(sources: readonly SourceData[]): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const [i, { id, listen }] of sources.entries())
    for (const [j, each] of listen.entries()) {
      const key = (nth: number) => `${id} ${JSON.stringify(each)} ${nth}`;
      // Port 0 is another one each time.
      let nth = 0;
      while (wanted.has(key(nth))) nth++;
      wanted.set(key(nth), { source: id, listen: each, place: `sources.${i}.listen.${j}` });
    }
  return wanted;
}

function sameSocket(one: Listen, other: Listen): boolean {
  return one.port === other.port && (one.transport === "udp") === (other.transport === "udp");
}

/** A log whose lines say of which source they are: its place in the configuration says little by itself. */
function ofSource(log: Pick<Log, "info" | "warn">, source: string): Pick<Log, "info" | "warn"> {
  return {
    info: (message, fields) => log.info(message, { source, ...fields }),
    warn: (message, fields) => log.warn(message, { source, ...fields }),
  };
}
