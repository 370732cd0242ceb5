import { createRequire } from "node:module";
import { hostname } from "node:os";
import type { Worker } from "node:worker_threads";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import type { LoadedCorrelation } from "../rules/engine/correlation/correlation.ts";
import { openPacks } from "../rules/regimes/open-packs.ts";
import { startChores } from "./chores.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import { type NewId, uuidv7 } from "./core/id.ts";
import { liveMasks } from "./core/identities/live-masks.ts";
import type { Incident } from "./core/incident.ts";
import { sameJson } from "./core/same-json.ts";
import { openCorrelation } from "./correlation.ts";
import { refuseFenced } from "./crisis/keep-copies.ts";
import { followSettings } from "./follow-settings.ts";
import { openHouseView } from "./house-view.ts";
import { listenHttp } from "./http-server.ts";
import { launchIntake } from "./intake/launch.ts";
import type { RuleChange } from "./intake/note-rules.ts";
import { type Listening, startIntake } from "./intake/thread.ts";
import { openEffects } from "./open-effects.ts";
import { openPages } from "./open-pages.ts";
import { openPeople, upToDate } from "./open-people.ts";
import { openRecord } from "./open-record.ts";
import { openReload, type Reload } from "./open-reload.ts";
import { DUTIES, type Role } from "./roles.ts";
import { openRulesNow } from "./rules-now.ts";
import { intakeData, masksOf, openChannels, ownSecret, ruleFilesOf, setupOf, stateFiles } from "./setup.ts";
import { heardElsewhere, shareHeard } from "./share-heard.ts";
import type { Desk } from "./stages/desk/desk.ts";
import { openSearches } from "./stages/hunt/open-searches.ts";
import { linkCodes } from "./stages/links/link-codes.ts";
import { openPipeline } from "./stages/open-pipeline.ts";
import { openRegister } from "./stages/register/open-register.ts";
import { startCalls } from "./stages/roster/start-calls.ts";
import type { Work } from "./stages/work.ts";
import { stalledBy } from "./stalled-by.ts";
import { searchStarter } from "./start-search.ts";
import { type Part, stopParts } from "./stop-parts.ts";
import { lockState } from "./store/lock.ts";
import { ownState } from "./store/own-state.ts";
import type { Store } from "./store/store.ts";
import { openEvents } from "./telemetry/events.ts";
import type { Log } from "./telemetry/log.ts";
import { mainMetrics } from "./telemetry/metrics.ts";
import { nameRequests } from "./telemetry/name-requests.ts";
import { openTraces } from "./telemetry/open-traces.ts";
import { scrape } from "./telemetry/scrape.ts";
import { stateMetrics } from "./telemetry/state-metrics.ts";
import { timeRequests } from "./telemetry/time-requests.ts";
import { traceRequests } from "./telemetry/trace-requests.ts";
import { watchRules } from "./watch-rules.ts";
import { operationsApp } from "./web/operations.ts";

const { version: VERSION } = createRequire(import.meta.url)("../package.json") as { version: string };

/** A running daemon. */
export interface App {
  /** Addresses as people and monitoring reach them. */
  people: string;
  operations: string;
  readonly listening: Listening[];
  rules: { loaded: number; refused: number };
  readonly desk: Desk;
  store: Store;
  /** Has the configuration and the rules read anew, because of what is said. */
  reload: Reload["run"];
  /** The configuration that was refused last; null when none is. */
  refusedSettings: Reload["refused"];
  /** What keeps it from being ready. */
  causes(): string[];
  /** Resolves once the threads of the store and of intake have answered. */
  answers(): Promise<unknown>;
  /** Stops in order: listeners, intake, what is under way, store; names the parts that did not stop in time. */
  stop(): Promise<string[]>;
}

/** What a caller may watch or replace. */
export interface AppOptions {
  log: Log;
  /** A launched thread of intake. */
  intake?: Worker;
  /** What this process does. (Default: all.) */
  role?: Exclude<Role, "receiver">;
  /** Gives up waiting for another process to leave the facility to this one. */
  signal?: AbortSignal;
  /** Told when it waits for that. */
  standing?(): void;
  clock?: Clock;
  newId?: NewId;
  /** Mounts the sign-in by one-time ticket of the demonstration. */
  demo?: boolean;
  /** Told of each set of rules that comes into force. */
  onRules?(change: RuleChange): void;
  onChange?(before: Incident | undefined, work: Work): void;
  /** Told of other settings that come into force. */
  onSettings?(loaded: LoadedConfig): void;
  /** Told when a part died and the daemon cannot go on. */
  onDead?(why: string): void;
}

/** Builds and starts the daemon on a checked configuration; rejects with what prevents it, having stopped the rest. */
export async function startApp(first: LoadedConfig, options: AppOptions): Promise<App> {
  const { config, stateDirectory } = first;
  /** The settings in force. */
  let loaded = first;
  const { log, clock = systemClock, newId = uuidv7(clock) } = options;
  const duties = DUTIES[options.role ?? "all"];
  const facility = config.facility.id;
  const files = stateFiles(stateDirectory);
  const worker = options.intake ?? launchIntake();
  const stopThread = { part: "intake thread", stop: () => worker.terminate() };
  const stops: Part[] = [stopThread];
  const stop = () => stopParts(stops.splice(0).reverse(), { log });
  /** What keeps the daemon from being ready. */
  const causes = new Set<string>(["starting"]);
  const died = (why: string) => {
    causes.add(why);
    log.error("a part of the daemon died", { why });
    options.onDead?.(why);
  };

  const rulesNow = openRulesNow({ clock, log });
  /** Puts correlations in force, once there is a pipeline; before, no detection is sorted. */
  let combine: (correlations: readonly LoadedCorrelation[]) => void = () => undefined;

  try {
    ownState(stateDirectory);
    // Two daemons on one record would each take the other for dead.
    refuseFenced(first);
    const lock = lockState(stateDirectory);
    // Let go last: another daemon would open what this one has not closed.
    stops.unshift({ part: "lock", stop: async () => lock.release() });
    const metrics = mainMetrics();
    const events = openEvents(log, metrics);
    const traces = await openTraces(first, { role: options.role ?? "all", version: VERSION, log });
    // After all that is traced.
    stops.unshift({ part: "traces", stop: traces.stop });

    // Before they are read, so that no change falls in between.
    const watch = (settings: LoadedConfig) =>
      watchRules(ruleFilesOf(settings.config), clock, () => void intake.reload("files changed"));
    let unwatch = watch(first);
    stops.push({ part: "watch over the rules", stop: async () => unwatch() });
    // Both threads start at once: the rules are read while the database opens.
    const intake = startIntake(worker, intakeData(loaded, duties), {
      detected: () => void correlation.wake(),
      rules(change, correlations) {
        rulesNow.changed(change);
        options.onRules?.(change);
        combine(correlations);
      },
      troubled: rulesNow.troubled,
      gated: rulesNow.gated,
      log: (level, message, fields) => log[level](message, fields),
      failing: (why) => record.watch.heard(why),
      died: (error) => died(`intake: ${messageOf(error)}`),
    });
    const stopIntake = { part: "intake", stop: intake.stop };
    stops.push(stopIntake);
    /** What is fed by the intake stops once it has, the last first. */
    const stopAfterIntake = (part: string, stop: () => Promise<unknown>) =>
      stops.splice(stops.indexOf(stopIntake), 0, { part, stop });
    const record = await openRecord(first, {
      ...{ duties, owner: `${hostname()} (process ${process.pid})`, clock, log, causes, died },
      ...{ signal: options.signal, standing: options.standing, registry: metrics.registry },
    });
    stops.splice(stops.indexOf(stopThread) + 1, 0, ...record.parts);
    const { thread: storeThread, watch: storeWatch } = record;
    const { store } = storeWatch;

    const secret = ownSecret(files.maskSecret);
    const masked = (kind: string) => metrics.masked.inc({ kind });
    const masks = liveMasks(masksOf(config, secret, masked));
    const setup = setupOf(loaded, newId, masks);
    const pipeline = await openPipeline({
      store,
      setup,
      clock,
      events: {
        changed(before, after) {
          if (before?.state !== after.incident.state) {
            events.incidentMoved(after.incident, after.qualification?.sentence);
          }
          options.onChange?.(before, after);
        },
        muted: events.muted,
        rebuilt: ({ detections, whole }) =>
          log[whole ? "info" : "warn"]("windows of correlations rebuilt from the record", {
            detections,
            whole,
          }),
      },
    });
    combine = (correlations) => pipeline.use(correlations);
    const people = await openPeople(loaded, duties, log);
    stops.push({ part: "people", stop: people.close });
    const publicUrl = () => loaded.config.listeners.people.public_url?.replace(/\/$/, "") ?? people.url;
    const channels = openChannels(loaded);
    const page = (path: string) => `${publicUrl()}/${facility}/${path}`;
    const sessionSecret = ownSecret(files.sessionSecret);
    const codes = linkCodes(sessionSecret);
    const effects = openEffects(loaded, {
      ...{ store, pipeline, setup, clock, owner: newId(), channels, page, codes, log },
      events: { settled: events.effectSettled },
    });
    const woken = () => void effects.loop.wake();
    const shared = record.place.engine === "postgres";
    const correlation = openCorrelation({
      ...{ pipeline, duties, shared, causes, metrics, woken, clock, log },
    });
    stopAfterIntake("pipeline", () => Promise.all([correlation.stop(), effects.stop()]));

    const register = openRegister({ reads: store.reads, facility, systems: setup.systems, masks });
    const house = openHouseView({
      loaded: () => loaded,
      refused: () => reload.refused(),
      storeTrouble: storeWatch.trouble,
      clock,
      version: VERSION,
      ...{ metrics: intake.metrics, understood: intake.understood, tryRecord: intake.tryRecord },
      unfedRules: intake.unfedRules,
      heard: duties.correlates ? undefined : () => heardElsewhere(store.reads, facility),
      rules: rulesNow.now,
      causes: () => [...causes],
    });
    stopAfterIntake("view of the house", async () => house.stop());
    const searches = openSearches({
      folder: files.searches,
      get sources() {
        return loaded.config.sources.flatMap(({ id, poll }) => (poll === undefined ? [] : [id]));
      },
      start: searchStarter(loaded),
      clock,
      newId,
      warn: log.warn,
    });
    stopAfterIntake("searches", searches.stop);
    const pages = openPages({
      loaded: () => loaded,
      ...{ store, pipeline, setup, clock, channels, page, publicUrl, codes, sessionSecret, masks, log },
      ...{ register, house, searches, decided: events.decided, unmasked: events.unmasked },
      planned: woken,
      troubles: rulesNow.troubles,
      reach: effects.reach.of,
      uploads: files.uploads,
      demo: options.demo ?? false,
    });
    // Whoever answers next knows what the one before wrote.
    const served = duties.correlates ? pages.listener : upToDate(pages.listener, pipeline, log);
    people.serve(nameRequests(traceRequests(timeRequests(served, metrics.registry))));
    stateMetrics({
      ...{ registry: metrics.registry, facility, clock, reads: store.reads, house },
      entries: register.entries,
      advanced: correlation.advanced,
    });

    const call = async () => (duties.correlates ? startCalls({ store, setup, clock, log }) : undefined);
    let calling = await call();
    stopAfterIntake("calls", async () => calling?.stop());
    if (duties.correlates) await effects.sweeper.recover();
    // While the intake still reads its rules; later, a flood may leave no file to be opened.
    await metrics.ofProcess();
    const { listening, rules, refused, correlations } = await intake.listen(
      storeThread.connect(),
      record.place,
    );
    rulesNow.began(rules);
    combine(correlations);
    const answers = () => Promise.all([storeThread.answers(), intake.metrics()]);
    const consumed = duties.correlates && config.bus !== undefined;
    // NATS is read where it is used.
    const bus = consumed
      ? (await import("./consume-bus.ts")).consumeBus(first, {
          ...{ store: record.client, intake, token: record.token, rules: () => rulesNow.now().hash },
          ...{ failing: storeWatch.heard, detected: () => void correlation.wake(), died, clock, log },
          ...{ registry: metrics.registry, record: record.place },
        })
      : undefined;
    if (bus !== undefined) stopAfterIntake(bus.part, bus.stop);
    if (shared && duties.correlates) {
      const sharing = shareHeard({ store, facility, sources: house.sources, clock, log });
      stopAfterIntake("what was heard", sharing.stop);
    }
    void record.lost.then(() => bus?.lost());
    const operations = await listenHttp(config.listeners.operations, "listeners.operations", { log });
    // Both at once: each may have a client that is waited for.
    stops.push({ part: "pages", stop: () => Promise.all([operations.close(), people.close()]) });
    operations.serve(
      operationsApp({
        causes: () => [...causes],
        stalled: () =>
          stalledBy({
            causes: [...causes],
            now: clock.now(),
            advanced: correlation.advanced(),
            threads: answers,
          }),
        metrics: () => scrape(metrics, intake.metrics),
      }),
    );

    for (const problem of openPacks(config.packs).problems) log.error("law pack refused", { ...problem });
    let listeningNow = listening;
    const canary = { token: intake.canary, listening: () => listeningNow };
    const chores = await startChores({
      ...{ loaded: () => loaded, duties, store, setup, pipeline, register, clock, log },
      ...{ woken, house, died, canary, causes, registry: metrics.registry },
    });
    stopAfterIntake("chores", chores.stop);
    const reload = openReload({
      ...{ loaded: () => loaded, read: () => loadConfig(first.file), clock, metrics, log },
      async use(next, because) {
        const moved = !sameJson(ruleFilesOf(next.config), ruleFilesOf(loaded.config));
        // As at the start: before they are read.
        const other = moved ? watch(next) : undefined;
        const given = { before: loaded, because, duties, secret, masked, store, setup, masks, pipeline };
        try {
          listeningNow = await followSettings(next, { ...given, intake, effects, channels, clock, log });
        } catch (error) {
          other?.();
          throw error;
        }
        loaded = next;
        pages.renew();
        if (other !== undefined) {
          unwatch();
          unwatch = other;
        }
        options.onSettings?.(next);
        void register.follow(setup.systems);
        try {
          await calling?.stop();
          calling = await call();
          await chores.follow();
        } catch (error) {
          // The settings are in force: this is made up for at the next reload or start.
          log.error("a part does not follow the settings", { error: messageOf(error) });
        }
        woken();
      },
    });
    stops.push({ part: "reload", stop: reload.settled });

    correlation.start();
    if (duties.correlates) {
      effects.loop.start();
      effects.look();
    }
    causes.delete("starting");
    void correlation.wake();
    metrics.started.set(Math.floor(clock.now() / 1_000_000));
    const found = { loaded: rules, refused };
    log.info("ready", {
      facility,
      mode: config.mode,
      people: publicUrl(),
      operations: operations.url,
      listening,
      rules: found,
    });
    return {
      people: publicUrl(),
      operations: operations.url,
      get listening() {
        return listeningNow;
      },
      rules: found,
      get desk() {
        return pages.desk();
      },
      store,
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
