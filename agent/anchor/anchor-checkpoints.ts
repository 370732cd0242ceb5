import type { Registry } from "prom-client";
import type { LoadedConfig } from "../../config/load.ts";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import { messageOf, TocsinError } from "../core/errors.ts";
import type { Checkpoint } from "../core/journal.ts";
import { stateFiles } from "../setup.ts";
import type { Store } from "../store/store.ts";
import { anchorMetrics } from "../telemetry/anchor-metrics.ts";
import type { Log } from "../telemetry/log.ts";
import { anchorsFileOf, appendAnchor, readAnchors } from "./anchors-file.ts";
import { ANCHOR_WAYS, giveAnchor } from "./give-anchor.ts";

/** Between two looks at whether one is due, ms. */
const LOOK_EVERY = 60_000;
/** For how long a third party that did not take one is left alone. */
const AGAIN_AFTER = 10 * MICROSECONDS.minute;

/** What gives signed heads of the journal to third parties, by the clock. */
export interface Anchoring {
  /** Gives one now when it is due. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Gives the journal's signed head to the third parties of the configuration every few hours, when it has grown; what
 * they took is written beside the record. One that takes none is told once, and tried again.
 */
export function anchorCheckpoints(parts: {
  loaded: () => LoadedConfig;
  store: Pick<Store, "checkpoint">;
  clock: Clock;
  log: Pick<Log, "info" | "warn">;
  registry: Registry;
  /** Between two looks, ms. (Default: a minute.) */
  every?: number;
}): Anchoring {
  const { loaded, store, clock, log } = parts;
  const metrics = anchorMetrics(parts.registry);
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let waitUntil: Instant = 0;
  let told = "";

  async function anchor(): Promise<void> {
    const { config, secrets, stateDirectory } = loaded();
    const { anchors, facility } = config;
    const now = clock.now();
    if (anchors === undefined || now < waitUntil) return;
    const file = anchorsFileOf(stateFiles(stateDirectory).database);
    const held = readAnchors(file)?.anchors.filter(({ checkpoint }) => checkpoint.facility === facility.id);
    const lastTo = new Map(
      ANCHOR_WAYS.filter((to) => anchors[to] !== undefined).map((to) => [
        to,
        held?.findLast(({ given }) => given.includes(to))?.checkpoint,
      ]),
    );
    metrics.stand([...lastTo].map(([to, last]) => ({ to, at: last?.at })));
    // A clock that was ahead and is set back must not put it off.
    const every = anchors.every_hours * MICROSECONDS.hour;
    const due = (last: Checkpoint | undefined) =>
      last === undefined || now < last.at || now >= last.at + every;
    if (![...lastTo.values()].some(due)) return;
    const checkpoint = await store.checkpoint(facility.id);
    if (checkpoint === undefined) return;
    const to = [...lastTo].flatMap(([way, last]) => (due(last) && last?.seq !== checkpoint.seq ? [way] : []));
    if (to.length === 0) return;
    const reveal = (setting: string) => {
      const secret = secrets.get(`anchors.${setting}`);
      if (secret !== undefined) return secret.reveal();
      throw new TocsinError({
        code: "secret_missing",
        where: `anchors.${setting}`,
        message: "no such secret",
      });
    };
    const done = await giveAnchor(checkpoint, { anchors, to, reveal, now, signal: stopping.signal });
    if (stopping.signal.aborted) return;
    const { given } = done.anchor;
    metrics.told({ given, at: checkpoint.at, failed: done.failed });
    if (given.length > 0) appendAnchor(file, done.anchor);
    if (done.failed.length === 0) {
      told = "";
      log.info("checkpoint anchored", { seq: checkpoint.seq, given });
      return;
    }
    waitUntil = now + AGAIN_AFTER;
    const failed = JSON.stringify(done.failed);
    if (failed !== told)
      log.warn("checkpoint not anchored everywhere", { seq: checkpoint.seq, failed: done.failed });
    told = failed;
  }

  const look = () => {
    running = running.then(() =>
      anchor().catch((error: unknown) => {
        if (messageOf(error) !== told) log.warn("checkpoint not anchored", { error: messageOf(error) });
        told = messageOf(error);
      }),
    );
    return running;
  };
  const timer = setInterval(look, parts.every ?? LOOK_EVERY).unref();
  void look();
  return {
    look,
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await running;
    },
  };
}
