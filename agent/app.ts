import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Express } from "express";
import { AggregatorRegistry, Registry } from "prom-client";
import type { LoadedConfig } from "../config/load.ts";
import type { HttpListener } from "../config/schema.ts";
import { NOTIFIERS, OUTBOUNDS } from "../connectors/registry.ts";
import { loadRegime } from "../rules/regimes/regime.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { messageOf, TocsinError } from "./core/errors.ts";
import { type NewId, uuidv7 } from "./core/id.ts";
import type { Incident } from "./core/incident.ts";
import { type IntakeThread, type Listening, startIntake } from "./intake/thread.ts";
import { schedule } from "./schedule.ts";
import type { Desk } from "./stages/desk.ts";
import { locator } from "./stages/locate.ts";
import type { OpenChannel } from "./stages/notify.ts";
import { openDesk } from "./stages/open-desk.ts";
import { openPipeline } from "./stages/pipeline.ts";
import { openSweeper } from "./stages/sweep.ts";
import type { OpenOutbound } from "./stages/transmit.ts";
import type { Setup, Work } from "./stages/work.ts";
import { storeClient } from "./store/client.ts";
import { openSqliteReads } from "./store/sqlite/reads.ts";
import type { Store } from "./store/store.ts";
import { startStoreThread } from "./store/thread.ts";
import { openEvents } from "./telemetry/events.ts";
import type { Log } from "./telemetry/log.ts";
import { mainMetrics } from "./telemetry/metrics.ts";
import { operationsApp } from "./web/operations.ts";
import { peopleApp } from "./web/server.ts";

/** The rules that come with the program. */
export const DEFAULT_RULES = join(import.meta.dirname, "../rules/detection");

/** Files of the state directory. */
export function stateFiles(directory: string) {
  return {
    database: join(directory, "tocsin.sqlite"),
    signingKey: join(directory, "signing-key.pem"),
    sessionSecret: join(directory, "session-secret"),
  };
}

export interface App {
  people: string;
  operations: string;
  listening: Listening[];
  rules: IntakeThread["rules"];
  desk: Desk;
  store: Store;
  /** Stops in order: listeners, intake, what is under way, store. */
  stop(): Promise<void>;
}

/** What a caller may watch or replace. */
export interface AppOptions {
  log: Log;
  clock?: Clock;
  newId?: NewId;
  /** Mounts the sign-in by one-time ticket of the demonstration. */
  demo?: boolean;
  onChange?(before: Incident | undefined, work: Work): void;
  onSettled?(key: string, state: string, because: string): void;
  /** Told when a part died and the daemon cannot go on. */
  onDead?(why: string): void;
}

/** Builds and starts the daemon on a checked configuration; rejects with what prevents it, having stopped the rest. */
export async function startApp(loaded: LoadedConfig, options: AppOptions): Promise<App> {
  const { config, stateDirectory, secrets } = loaded;
  const { log, clock = systemClock, newId = uuidv7(clock) } = options;
  const facility = config.facility.id;
  const files = stateFiles(stateDirectory);
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });

  const stops: { name: string; stop: () => Promise<unknown> }[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) {
      await each
        .stop()
        .catch((error: unknown) =>
          log.warn("part did not stop cleanly", { part: each.name, error: messageOf(error) }),
        );
    }
  };

  try {
    const metrics = mainMetrics();
    const events = openEvents(log, metrics);
    const causes = new Set<string>(["starting"]);
    const dead = (why: string) => {
      causes.add(why);
      log.error("a part of the daemon died", { why });
      options.onDead?.(why);
    };

    const storeThread = await startStoreThread(
      { file: files.database, keyFile: files.signingKey },
      (problem) => log.error("checkpoint failed", { problem: problem.message }),
    );
    stops.push({ name: "store", stop: storeThread.stop });
    void storeThread.ended.then((problem) => problem && dead(`store: ${problem.message}`));
    const store = storeClient(storeThread.connect(), openSqliteReads(files.database));
    stops.push({ name: "store client", stop: () => store.close() });

    const setup = setupOf(loaded, newId);
    const pipeline = await openPipeline({
      store,
      setup,
      clock,
      events: {
        changed(before, work) {
          if (before?.state !== work.incident.state)
            events.incidentMoved(work.incident, work.qualification?.sentence);
          options.onChange?.(before, work);
        },
      },
    });
    const aborter = new AbortController();
    const page = (incident: string) => `${publicUrl}/${facility}/incidents/${incident}`;
    const sweeper = openSweeper({
      store,
      pipeline,
      setup,
      clock,
      owner: newId(),
      channels: openChannels(loaded),
      outbounds: openOutbounds(loaded),
      page,
      random: Math.random,
      signal: aborter.signal,
      events: {
        settled(effect, state, because) {
          events.effectSettled(effect, state, because);
          options.onSettled?.(effect.key, state, because);
        },
      },
    });

    // One run at a time; a wake during a run makes one more.
    let running: Promise<void> | undefined;
    let again = false;
    const wake = (): Promise<void> => {
      again = true;
      running ??= run().finally(() => {
        running = undefined;
      });
      return running;
    };
    async function run(): Promise<void> {
      while (again) {
        again = false;
        try {
          const end = metrics.correlation.startTimer();
          const taken = await pipeline.advance();
          if (taken > 0) {
            end();
            metrics.detections.inc(taken);
          }
          if ((await sweeper.sweep()) > 0) again = true;
          causes.delete("pipeline");
        } catch (error) {
          causes.add("pipeline");
          log.error("pipeline failed; tried again within a second", { error: messageOf(error) });
        }
      }
    }

    const desk = openDesk({
      store,
      pipeline,
      setup,
      clock,
      decided: events.decided,
      planned: () => void wake(),
    });
    const sessionSecret = secretFile(files.sessionSecret);
    const peopleServer = serverOf(config.listeners.people);
    const people = await listen(peopleServer, config.listeners.people, "listeners.people");
    const publicUrl = config.listeners.people.public_url?.replace(/\/$/, "") ?? people;
    peopleServer.on(
      "request",
      peopleApp({
        desk,
        store,
        clock,
        publicUrl,
        sessionSecret,
        tools: new Map(
          config.tools.map((tool, i) => [tool.id, { secret: reveal(secrets, `tools.${i}.secret`) }]),
        ),
        systems: config.systems,
        demo: options.demo ?? false,
        log,
      }) as Express,
    );
    stops.push({ name: "people", stop: () => close(peopleServer) });

    await sweeper.recover();
    const intake = await startIntake(
      {
        facility,
        rules: [DEFAULT_RULES, ...config.rules],
        sources: config.sources.map((source, i) => ({
          id: source.id,
          connector: source.connector,
          zone: source.zone ?? config.facility.time_zone,
          listen: source.listen,
          ...(source.token
            ? {
                tokenDigest: createHash("sha256")
                  .update(reveal(secrets, `sources.${i}.token`))
                  .digest(),
              }
            : {}),
        })),
        http: {
          address: config.listeners.intake.address,
          port: config.listeners.intake.port,
          tls: tlsOf(config.listeners.intake),
        },
        limits: config.limits,
        database: files.database,
        store: storeThread.connect(),
      },
      {
        detected: () => void wake(),
        log: (level, message, fields) => log[level](message, fields),
        died: (error) => dead(`intake: ${messageOf(error)}`),
      },
    );
    const cron = schedule(wake);
    stops.push({
      name: "pipeline",
      stop: async () => {
        await cron.stop();
        await running;
        aborter.abort();
      },
    });
    stops.push({ name: "intake", stop: intake.stop });

    const operationsServer = serverOf(config.listeners.operations);
    operationsServer.on(
      "request",
      operationsApp({
        causes: () => [...causes],
        async metrics() {
          const all = AggregatorRegistry.aggregate([
            await metrics.registry.getMetricsAsJSON(),
            await intake.metrics(),
          ]);
          return { text: await all.metrics(), type: Registry.PROMETHEUS_CONTENT_TYPE };
        },
      }) as Express,
    );
    const operations = await listen(operationsServer, config.listeners.operations, "listeners.operations");
    stops.push({ name: "operations", stop: () => close(operationsServer) });

    await wake();
    causes.delete("starting");
    metrics.started.set(Math.floor(clock.now() / 1_000_000));
    log.info("ready", {
      facility,
      mode: config.mode,
      people: publicUrl,
      operations,
      listening: intake.listening,
      rules: intake.rules,
    });
    return {
      people: publicUrl,
      operations,
      listening: intake.listening,
      rules: intake.rules,
      desk,
      store,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What of a configuration the stages work with. */
export function setupOf({ config }: Pick<LoadedConfig, "config">, newId: NewId): Setup {
  const regime = config.regimes[0] ?? "sante-2022";
  return {
    facility: config.facility,
    mode: config.mode,
    systems: new Map(config.systems.map((system) => [system.id, system])),
    locate: locator(config.systems),
    regime: loadRegime(regime),
    notify: config.notify.map((channel) => ({ id: channel.id, for: channel.for })),
    outbound: config.outbound.flatMap((channel) => {
      const connector = OUTBOUNDS.find((each) => each.name === channel.connector);
      return connector === undefined ? [] : [{ id: channel.id, reach: connector.reach }];
    }),
    newId,
  };
}

function openChannels({ config, secrets }: LoadedConfig): Map<string, OpenChannel> {
  return new Map(
    config.notify.flatMap((channel, i) => {
      const connector = NOTIFIERS.find((each) => each.name === channel.connector);
      if (connector === undefined) return [];
      const { send } = connector.open(connector.config.parse(channel.settings), (setting) =>
        reveal(secrets, `notify.${i}.settings.${setting}`),
      );
      return [[channel.id, { repeatable: connector.repeatable, send }] as const];
    }),
  );
}

function openOutbounds({ config, secrets }: LoadedConfig): Map<string, OpenOutbound> {
  return new Map(
    config.outbound.flatMap((channel, i) => {
      const connector = OUTBOUNDS.find((each) => each.name === channel.connector);
      // Outside of `live` nothing that reaches an authority is even opened.
      if (connector === undefined || (connector.reach === "authority" && config.mode !== "live")) return [];
      const { send } = connector.open(connector.config.parse(channel.settings), (setting) =>
        reveal(secrets, `outbound.${i}.settings.${setting}`),
      );
      return [[channel.id, { repeatable: connector.repeatable, send }] as const];
    }),
  );
}

function reveal(secrets: LoadedConfig["secrets"], path: string): string {
  const secret = secrets.get(path);
  if (secret === undefined)
    throw new TocsinError({
      code: "secret_missing",
      where: path,
      message: "no such secret",
      remedy: "give it in the configuration",
    });
  return secret.reveal();
}

/** Reads a secret of the program's own, made at first use. */
function secretFile(file: string): string {
  if (!existsSync(file))
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  chmodSync(file, 0o600);
  return readFileSync(file, "utf8").trim();
}

function tlsOf(listener: HttpListener): { cert: string; key: string } | undefined {
  return (
    listener.tls && {
      cert: readFileSync(listener.tls.certificate, "utf8"),
      key: readFileSync(listener.tls.key, "utf8"),
    }
  );
}

function serverOf(listener: HttpListener): Server {
  const tls = tlsOf(listener);
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  return server;
}

async function listen(server: Server, listener: HttpListener, where: string): Promise<string> {
  server.listen(listener.port, listener.address);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new TocsinError(
      {
        code: "listener_failed",
        where,
        message: messageOf(error),
        remedy: "free the address or choose another port",
      },
      { cause: error },
    );
  }
  const { address, port, family } = server.address() as AddressInfo;
  return `${listener.tls === undefined ? "http" : "https"}://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), 5000);
  await closed;
  clearTimeout(patience);
}
