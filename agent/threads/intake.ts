import { readFileSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { type MessagePort, parentPort } from "node:worker_threads";
import { catalogueWith, readMappings } from "../../connectors/registry.ts";
import { heedCanary } from "../canary/heed-canary.ts";
import { CANARY_RULE, canaryRule } from "../canary/mark.ts";
import { MICROSECONDS, systemClock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import { keepReadings, openReadings } from "../core/readings.ts";
import { sameJson } from "../core/same-json.ts";
import { giveWay } from "../give-way.ts";
import { openBacklog } from "../intake/backlog.ts";
import { openHolding } from "../intake/holding.ts";
import { openLines } from "../intake/lines.ts";
import { openListeners } from "../intake/listeners.ts";
import { intakeMetrics } from "../intake/metrics.ts";
import { openSampler } from "../intake/sampler.ts";
import { serveRules } from "../intake/serve-rules.ts";
import { startPoll } from "../intake/start-poll.ts";
import { startSilence } from "../intake/start-silence.ts";
import { openTaker, type Taker } from "../intake/taker.ts";
import { tellShed } from "../intake/tell-shed.ts";
import type { FromIntake, IntakeData, IntakeWork, Listening, ToIntake } from "../intake/thread.ts";
import { storeClient } from "../store/client.ts";
import { type OpenReads, openReads, type RecordPlace } from "../store/record-place.ts";
import type { Receipt, Unit } from "../store/store.ts";
import { measureStore } from "../telemetry/measure-store.ts";
import { seldom } from "../telemetry/seldom.ts";

import { settle } from "./settle.ts";

type Answer = Extract<FromIntake, { say: "answer" }>["answer"];

/** What a process without a record knows of it. */
const NOTHING_READ = { bookmark: async () => undefined, close() {} } as unknown as OpenReads;
/** What is noted by the process that correlates is not noted by others too. */
const NOTHING_NOTED = async (): Promise<Receipt> => ({ outcome: "committed", alerts: [] });

/** Holds every listener of alerts: gate, parse and match happen here, away from the pages. */
function serveIntake({ canary, ...first }: IntakeWork, parent: MessagePort): void {
  // A firehose takes all that it is given: a page, and what goes out to people, come first.
  giveWay("intake");
  let data = first;
  const clock = systemClock;
  const metrics = intakeMetrics();
  const say = (message: FromIntake) => parent.postMessage(message);
  const log = (level: "info" | "warn" | "error", message: string, fields: Record<string, unknown>) =>
    say({ say: "log", level, message, fields });

  const cache = getCompileCacheDir();
  if (cache !== undefined)
    openReadings(cache, readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  // The rules are read while the store is still opening.
  const rules = serveRules({
    data,
    own: [canaryRule(canary)],
    clock,
    metrics,
    log,
    troubled: (troubles) => say({ say: "troubled", troubles }),
    gated: (ungated) => say({ say: "gated", ungated }),
    // Where others sort what is detected here, all receivers change their rules together.
    readied: data.http !== null && !data.correlates ? (hash) => say({ say: "readied", hash }) : undefined,
  });
  const unkept = keepReadings();
  if (unkept !== undefined)
    log("warn", "what was read is not kept for the next start", { folder: cache, error: unkept });
  const sampler = openSampler({ clock, metrics });
  let stop = async () => {};
  let follow = async (_other: IntakeData, _because: string): Promise<Listening[]> => [];

  async function listen(port: MessagePort, record: RecordPlace | undefined): Promise<void> {
    const reads = record === undefined ? NOTHING_READ : await openReads(record);
    const store = measureStore(storeClient(port, reads), metrics.registry);
    let failing = false;
    let told = 0;
    /** Readiness tells when alerts cannot be stored, and when they can again; others may think so meanwhile. */
    const commit = async (unit: Unit): Promise<Receipt> => {
      try {
        const receipt = await store.commit(unit);
        if (failing) say({ say: "store" });
        failing = false;
        return receipt;
      } catch (error) {
        if (!failing || clock.now() - told > MICROSECONDS.second) {
          told = clock.now();
          say({ say: "store", failing: messageOf(error) });
        }
        failing = true;
        throw error;
      }
    };
    const opened = openTaker({
      facility: data.facility,
      get rules() {
        return rules.live.set();
      },
      commit,
      clock,
      newId: uuidv7(clock),
      metrics,
      canary: heedCanary(canary),
      detected: (count) => say({ say: "detected", count }),
      failed: (error) => log("error", "quarantine not written", { error: messageOf(error) }),
    });
    // What comes as a body or from an index is read before it is taken, and by no line.
    const taker: Taker = {
      ...opened,
      take(source, records) {
        for (const { alert } of records) sampler.heard(source, alert);
        return opened.take(source, records);
      },
    };
    const tell = seldom({ warn: (message, fields = {}) => log("error", message, fields) });
    const lost = (source: string, count: number, error: unknown) =>
      tell("relevant records lost: they could not be stored", { source, count, error: messageOf(error) });
    const backlog = openBacklog();
    const holding = openHolding({
      metrics,
      clock,
      log: {
        info: (message, fields = {}) => log("info", message, fields),
        error: (message, fields = {}) => log("error", message, fields),
      },
    });
    const listeners = await openListeners({
      data,
      catalogue: rules.catalogue(),
      taker,
      lines: (transport) =>
        openLines({
          taker,
          get gate() {
            return rules.live.gate();
          },
          clock,
          metrics,
          sampler,
          lost,
          backlog,
          holding,
          transport,
        }),
      backlog,
      bookmark: (name) => store.reads.bookmark(data.facility, name),
      clock,
      metrics,
      log: tell,
      report: {
        info: (message, fields = {}) => log("info", message, fields),
        warn: (message, fields = {}) => log("warn", message, fields),
      },
      poll: (source, index) =>
        startPoll({
          facility: data.facility,
          source,
          index,
          reads: store.reads,
          commit,
          taker,
          clock,
          metrics,
          log,
        }),
    });
    const watchSilence = async () =>
      data.correlates
        ? startSilence({
            data,
            taker,
            metrics,
            commit,
            bookmark: store.reads.bookmark,
            clock,
            log: { warn: (message, fields = {}) => log("warn", message, fields) },
          })
        : undefined;
    let silence = await watchSilence();
    await rules.note({
      facility: data.facility,
      bookmark: store.reads.bookmark,
      commit: data.correlates ? commit : NOTHING_NOTED,
      changed: (change, correlations) => say({ say: "rules", change, correlations }),
      mapped: listeners.use,
    });
    follow = async (other, because) => {
      const mapped = sameJson(other.mappings, data.mappings)
        ? rules.catalogue()
        : catalogueWith(readMappings(other.mappings).mappings);
      await listeners.follow(other, mapped);
      for (const { id } of data.sources) metrics.silent.remove({ source: id });
      data = other;
      await silence?.stop();
      silence = await watchSilence();
      await rules.reload(because, other);
      return listeners.listening();
    };
    const untell = tellShed({
      metrics,
      clock,
      log: {
        info: (message, fields = {}) => log("info", message, fields),
        warn: (message, fields = {}) => log("warn", message, fields),
      },
    });
    stop = async () => {
      untell();
      await rules.stop();
      await silence?.stop();
      await listeners.stop();
      await holding.close();
      await taker.close();
      await store.close();
    };
    const { loaded, refused } = rules.live.report();
    say({
      say: "ready",
      listening: listeners.listening(),
      rules: loaded,
      refused: refused.length,
      correlations: rules.live.correlations(),
    });
    await rules.makeGate();
    settle();
  }

  /** A question that fails is its asker's: the thread goes on. */
  async function answer(id: number, of: () => Answer | Promise<Answer>): Promise<void> {
    try {
      say({ say: "answer", id, answer: await of() });
    } catch (error) {
      say({ say: "unanswered", id, error: messageOf(error) });
    }
  }

  parent.on("message", async (message: ToIntake) => {
    switch (message.ask) {
      case "listen":
        return listen(message.store, message.record).catch((error: unknown) =>
          say({ say: "failed", error: messageOf(error) }),
        );
      case "metrics":
        return answer(message.id, () => metrics.registry.getMetricsAsJSON());
      case "understood":
        return answer(message.id, sampler.understood);
      case "unfed":
        return answer(message.id, () => {
          const loaded = rules.live.set().rules.map((each) => each.loaded);
          return sampler.unfed(loaded.filter(({ rule }) => rule.id !== CANARY_RULE));
        });
      case "tried":
        return answer(message.id, async () => {
          const { tryRecord } = await import("../intake/try-record.ts");
          return tryRecord(message, {
            source: data.sources.find(({ id }) => id === message.source),
            ...{ catalogue: rules.catalogue(), rules: rules.live.set(), now: clock.now() },
          });
        });
      case "heard":
        return answer(message.id, () =>
          Object.fromEntries(
            data.sources.flatMap(({ id }) => {
              const at = metrics.lastSeen.of(id);
              return at === undefined ? [] : [[id, at * MICROSECONDS.second]];
            }),
          ),
        );
      case "hear":
        for (const [source, at] of Object.entries(message.sources)) {
          const seconds = Math.floor(at / MICROSECONDS.second);
          if (seconds > (metrics.lastSeen.of(source) ?? 0)) metrics.lastSeen.set({ source }, seconds);
        }
        return;
      case "activate":
        return rules.activate(message.hash);
      case "reload":
        return answer(message.id, () => rules.reload(message.because).then(() => null));
      case "follow":
        return answer(message.id, () => follow(message.data, message.because));
      case "stop":
        await stop();
        say({ say: "stopped" });
        return parent.close();
    }
  });
}

if (parentPort !== null) {
  const parent = parentPort;
  parent.once("message", ({ data }: Extract<ToIntake, { ask: "begin" }>) => serveIntake(data, parent));
}
