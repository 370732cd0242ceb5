import { createServer, type Server as HttpServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { inboundNamed } from "../../connectors/registry.ts";
import { compileGate } from "../../rules/engine/gate.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { systemClock } from "../core/clock.ts";
import { messageOf, problemSentence } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import { alertsApp } from "../intake/http.ts";
import { openLines } from "../intake/lines.ts";
import { intakeMetrics } from "../intake/metrics.ts";
import type { HttpSource, TextSource } from "../intake/sources.ts";
import { openTaker } from "../intake/taker.ts";
import { listenTcp } from "../intake/tcp.ts";
import type { FromIntake, IntakeData, Listening, ToIntake } from "../intake/thread.ts";
import { listenUdp } from "../intake/udp.ts";
import { storeClient } from "../store/client.ts";
import { openSqliteReads } from "../store/sqlite/reads.ts";

const data = workerData as IntakeData;
const port = parentPort as MessagePort;
const say = (message: FromIntake) => port.postMessage(message);
const log = (level: "info" | "warn" | "error", message: string, fields: Record<string, unknown> = {}) =>
  say({ say: "log", level, message, fields });

const clock = systemClock;
const metrics = intakeMetrics();
const stops: (() => Promise<void> | void)[] = [];

const loaded = loadRules(data.rules);
for (const refused of loaded.refused) log("warn", "rule refused", { problem: problemSentence(refused) });
const rules = compileRules(loaded.rules, {
  onFault: (rule, fault) =>
    log("error", "rule disabled after a fault", {
      rule: rule.id,
      title: rule.title,
      fault: messageOf(fault),
    }),
});
const gate = compileGate(rules);
const store = storeClient(data.store, openSqliteReads(data.database));
const taker = openTaker({
  facility: data.facility,
  rules,
  commit: store.commit,
  clock,
  newId: uuidv7(clock),
  metrics,
  detected: (count) => say({ say: "detected", count }),
  failed: (error) => log("error", "quarantine not written", { error: messageOf(error) }),
});
const lines = () =>
  openLines({
    taker,
    gate,
    clock,
    metrics,
    lost: (source, count, error) =>
      log("error", "relevant records lost: the store refused them", {
        source,
        count,
        error: messageOf(error),
      }),
  });

async function open(): Promise<Listening[]> {
  const listening: Listening[] = [];
  const httpSources: HttpSource[] = [];
  for (const source of data.sources) {
    const connector = inboundNamed(source.connector);
    if (connector === undefined) throw new Error(`no inbound connector ${source.connector}`);
    const text: TextSource = { id: source.id, connector, zone: source.zone };
    if (source.tokenDigest !== undefined) httpSources.push({ ...text, tokenDigest: source.tokenDigest });
    for (const { transport, address, port } of source.listen) {
      const common = { source: text, address, port, recordBytes: data.limits.record_bytes, metrics, clock };
      if (transport === "udp") {
        const udpLines = lines();
        const socket = await listenUdp({ ...common, lines: udpLines });
        listening.push({ source: source.id, transport, address, port: socket.address().port });
        stops.push(() => new Promise((resolve) => socket.close(() => resolve(udpLines.settled()))));
      } else {
        const { server, sockets } = await listenTcp({
          ...common,
          connections: data.limits.connections,
          idleSeconds: data.limits.idle_seconds,
          lines,
          taker,
        });
        listening.push({
          source: source.id,
          transport,
          address,
          port: (server.address() as AddressInfo).port,
        });
        stops.push(() => {
          server.close();
          for (const socket of sockets) socket.end();
        });
      }
    }
  }
  const app = alertsApp({
    facility: data.facility,
    sources: httpSources,
    taker,
    bodyBytes: data.limits.body_bytes,
    clock,
    metrics,
    log: (message, fields) => log("error", message, fields),
  });
  const { address, port, tls } = data.http;
  const server: HttpServer = tls === undefined ? createServer(app) : createTlsServer(tls, app);
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, address, resolve);
  });
  listening.push({ source: null, transport: "http", address, port: (server.address() as AddressInfo).port });
  stops.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  );
  return listening;
}

port.on("message", async (message: ToIntake) => {
  if (message.ask === "metrics")
    say({ say: "metrics", id: message.id, metrics: await metrics.registry.getMetricsAsJSON() });
  if (message.ask === "stop") {
    await Promise.all(stops.map((stop) => stop()));
    taker.stop();
    await taker.flush().catch(() => undefined);
    say({ say: "stopped" });
    await store.close();
    port.close();
  }
});

try {
  const listening = await open();
  say({
    say: "ready",
    listening,
    rules: loaded.rules.length,
    refused: loaded.refused.length,
    ungated: gate.ungated,
  });
} catch (error) {
  say({ say: "failed", error: messageOf(error), code: (error as NodeJS.ErrnoException).code });
}
