import { hostname } from "node:os";
import type { Worker } from "node:worker_threads";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { startBusThread } from "./bus/thread.ts";
import { busOf } from "./bus-settings.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { messageOf, TocsinError } from "./core/errors.ts";
import { listenHttp } from "./http-server.ts";
import { type IntakeThread, type Listening, startIntake } from "./intake/thread.ts";
import { openReload, type Reload } from "./open-reload.ts";
import { intakeData, ruleFilesOf } from "./setup.ts";
import { type Part, stopParts } from "./stop-parts.ts";
import { storeClient } from "./store/client.ts";
import { lockState } from "./store/lock.ts";
import { ownState } from "./store/own-state.ts";
import type { OpenReads } from "./store/record-place.ts";
import { busMetrics } from "./telemetry/bus-metrics.ts";
import type { Log } from "./telemetry/log.ts";
import { mainMetrics } from "./telemetry/metrics.ts";
import { scrape } from "./telemetry/scrape.ts";
import { watchRules } from "./watch-rules.ts";
import { watchStore } from "./watch-store.ts";
import { operationsApp } from "./web/operations.ts";

/** How often it is said what each source last sent, ms. */
const HEARD_EVERY = 5_000;
const DUTIES = { listens: true, correlates: false };
const NO_RECORD = { close() {} } as unknown as OpenReads;

/** A running receiver. */
export interface Receiver {
  operations: string;
  readonly listening: Listening[];
  reload: Reload["run"];
  refusedSettings: Reload["refused"];
  causes(): string[];
  answers(): Promise<unknown>;
  stop(): Promise<string[]>;
}

/** Starts a process that takes alerts in, hands those that matter on to the bus, and keeps nothing. */
export async function startReceiver(
  first: LoadedConfig,
  options: { log: Log; intake: Worker; clock?: Clock; onDead?(why: string): void },
): Promise<Receiver> {
  const { log, clock = systemClock } = options;
  const { config, stateDirectory } = first;
  const facility = config.facility.id;
  const settings = busOf(first);
  if (settings === undefined)
    throw new TocsinError({
      code: "bus_missing",
      where: "bus",
      message: "a receiver hands alerts on, and no bus is configured",
      remedy: "give the address of NATS (docs/bus.md), or run without --role",
    });
  let loaded = first;
  const stops: Part[] = [{ part: "intake thread", stop: () => options.intake.terminate() }];
  const stop = () => stopParts(stops.splice(0).reverse(), { log });
  const causes = new Set<string>(["starting"]);
  const died = (why: string) => {
    causes.add(why);
    log.error("a part of the receiver died", { why });
    options.onDead?.(why);
  };
  const name = receiverName();
  const metrics = mainMetrics();
  const sets = { active: "", ready: null as string | null };
  const sayRules = () => {
    if (sets.active !== "") bus.announce({ rules: { receiver: name, at: clock.now(), ...sets } });
  };

  let receiving: IntakeThread | undefined;
  /** The rules that the correlator wants in force everywhere. */
  let activeElsewhere: string | undefined;

  ownState(stateDirectory);
  const lock = lockState(stateDirectory);
  stops.unshift({ part: "lock", stop: async () => lock.release() });
  const bus = await startBusThread(
    { settings, facility },
    {
      status({ connected, server, problem }) {
        log[connected ? "info" : "warn"]("bus", { connected, server, problem: problem?.message });
      },
      trouble: ({ message }) => log.error("trouble with the bus", { error: message }),
      active({ rules }) {
        activeElsewhere = rules;
        receiving?.activate(rules);
      },
    },
  );
  try {
    stops.push({ part: "bus", stop: bus.stop });
    void bus.ended.then((problem) => problem && died(`bus: ${problem.message}`));
    busMetrics(metrics.registry, bus.report, bus.status);
    // Nobody sends to who is not ready: it finds out by itself when it can hand on again.
    const handing = storeClient(bus.connect(), NO_RECORD);
    const watch = watchStore(handing, {
      ...{ facility, clock, log },
      remedy: "see what the bus and the disk of the spool say (docs/bus.md): tried anew",
      changed: (trouble) => (trouble === null ? causes.delete("bus") : causes.add("bus")),
    });
    stops.push(
      { part: "way to the bus", stop: handing.close },
      { part: "watch over the bus", stop: watch.stop },
    );
    const intake = startIntake(options.intake, intakeData(first, DUTIES), {
      detected: () => undefined,
      rules({ hash }) {
        Object.assign(sets, { active: hash, ready: null });
        sayRules();
      },
      readied(hash) {
        sets.ready = hash;
        log.info("other rules are ready: in force once every receiver has them", { hash });
        sayRules();
        if (hash === activeElsewhere) intake.activate(hash);
      },
      troubled: () => undefined,
      log: (level, message, fields) => log[level](message, fields),
      failing: watch.heard,
      died: (error) => died(`intake: ${messageOf(error)}`),
    });
    receiving = intake;
    stops.push({ part: "intake", stop: intake.stop });
    let unwatch = watchRules(ruleFilesOf(config), clock, () => void intake.reload("files changed"));
    stops.push({ part: "watch over the rules", stop: async () => unwatch() });
    await metrics.ofProcess();
    let { listening } = await intake.listen(bus.connect(), undefined);
    const telling = setInterval(() => {
      void intake.heard().then(
        (sources) => bus.announce({ heard: { receiver: name, at: clock.now(), sources } }),
        () => undefined,
      );
    }, HEARD_EVERY);
    stops.push({ part: "what was heard", stop: async () => clearInterval(telling) });
    const answers = () => Promise.all([bus.answers(), intake.heard()]);
    const operations = await listenHttp(config.listeners.operations, "listeners.operations", { log });
    stops.push({ part: "operations", stop: operations.close });
    operations.serve(
      operationsApp({
        causes: () => [...causes],
        stalled: async () =>
          answers().then(
            () => [],
            () => ["threads do not answer"],
          ),
        metrics: () => scrape(metrics, intake.metrics),
      }),
    );
    const reload = openReload({
      ...{ loaded: () => loaded, read: () => loadConfig(first.file), clock, metrics, log },
      async use(next, because) {
        listening = await intake.follow(intakeData(next, DUTIES), because);
        unwatch();
        unwatch = watchRules(ruleFilesOf(next.config), clock, () => void intake.reload("files changed"));
        loaded = next;
      },
    });
    stops.push({ part: "reload", stop: reload.settled });
    causes.delete("starting");
    metrics.started.set(Math.floor(clock.now() / 1_000_000));
    log.info("ready", {
      ...{ facility, role: "receiver", mode: config.mode, people: null },
      ...{ operations: operations.url, listening },
    });
    return {
      operations: operations.url,
      get listening() {
        return listening;
      },
      reload: reload.run,
      refusedSettings: reload.refused,
      causes: () => [...causes],
      answers,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** By what the correlator tells receivers apart: the machine, and the process since one may run several. */
function receiverName(): string {
  const host = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  return `${host.slice(0, 40) || "receiver"}-${process.pid}`;
}
