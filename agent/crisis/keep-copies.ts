import { rmSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { LoadedConfig } from "../../config/load.ts";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import { messageOf, problemSentence } from "../core/errors.ts";
import { stateFiles } from "../setup.ts";
import { sweepPartial } from "../store/backup/durable-file.ts";
import { fencedBy, fencedError } from "../store/backup/fence.ts";
import type { PartSource } from "../store/backup/manifest.ts";
import { refuseFull } from "../store/backup/refuse-full.ts";
import type { BackupOrder } from "../store/backup/write-backup.ts";
import { loadSigningKey } from "../store/keys.ts";
import type { Log } from "../telemetry/log.ts";
import type { BackupReport } from "../threads/backup.ts";
import { backupOrder, prefixOf } from "./backup-order.ts";
import { type CopyPlan, type CopyStatus, copiesIn, lastCopy } from "./copy-status.ts";

/** Between two looks at whether a copy is due, ms; a failure is tried again at the second one. */
const LOOK_EVERY = 15_000;
const AGAIN_AFTER = MICROSECONDS.minute;

/** What the copies of a daemon are made with. */
export interface CopyParts {
  /** The settings in force. */
  loaded: () => LoadedConfig;
  status: CopyStatus;
  version: string;
  clock: Clock;
  log: Log;
  /** Files made for the copy: the kit to print. */
  more: () => Promise<readonly PartSource[]>;
  /** Told that the record was taken over elsewhere: this daemon must not go on. */
  died: (why: string) => void;
}

/** Makes the copies that the configuration asks for when they are due, one after the other, each in a thread of its own. */
export function keepCopies(parts: CopyParts): { stop(): Promise<void>; look(): Promise<void> } {
  const { status, clock, log } = parts;
  const failed = new Map<CopyPlan["kind"], Instant>();
  let running: Promise<void> | undefined;
  let stopping = false;
  let worker: Worker | undefined;

  async function make(plan: CopyPlan): Promise<void> {
    const loaded = parts.loaded();
    const { kind, folder } = plan;
    const prefix = prefixOf(kind, loaded.config.facility.id);
    try {
      if (kind === "crisis" && isTakenOver(parts)) return;
      refuseFull(folder, 0);
      sweepPartial(folder, prefix);
      const { order } = backupOrder(loaded, {
        ...{ kind, now: clock.now(), version: parts.version, to: { folder } },
        recipients: plan.recipients,
        withSecrets: plan.recipients.length > 0,
        limit: plan.limit,
        more: kind === "crisis" ? await parts.more() : [],
      });
      if (stopping) return;
      const report = await inThread(order, (started) => {
        worker = started;
      });
      if (report.outcome === "failed") throw new Error(problemSentence(report.problem));
      for (const old of copiesIn(folder, prefix).slice(0, -plan.keep))
        rmSync(join(folder, old), { force: true });
      failed.delete(kind);
      status.told(kind, { bytes: report.bytes });
      log[kind === "backup" ? "info" : "debug"]("copy made", {
        kind,
        file: report.file,
        bytes: report.bytes,
      });
    } catch (error) {
      if (stopping) return;
      if (!failed.has(kind))
        log.error("copy not made; tried again every minute", { kind, error: messageOf(error) });
      failed.set(kind, clock.now());
      status.told(kind, { problem: messageOf(error) });
    } finally {
      worker = undefined;
    }
  }

  const isDue = (plan: CopyPlan) => {
    const again = failed.get(plan.kind);
    if (again !== undefined) return clock.now() >= again + AGAIN_AFTER;
    const last = lastCopy(plan.folder, prefixOf(plan.kind, parts.loaded().config.facility.id));
    // A date to come is that of a clock that was wrong: it holds up nothing.
    return last === null || clock.now() >= last + plan.every || last > clock.now() + plan.every;
  };
  async function lookAtAll(): Promise<void> {
    for (const plan of status.plans()) if (!stopping && isDue(plan)) await make(plan);
  }
  function look(): Promise<void> {
    running ??= lookAtAll().finally(() => {
      running = undefined;
    });
    return running;
  }
  const timer = setInterval(() => void look(), LOOK_EVERY);
  void look();
  return {
    look,
    async stop() {
      stopping = true;
      clearInterval(timer);
      await worker?.terminate();
      await running;
    },
  };
}

function isTakenOver({ loaded, died }: CopyParts): boolean {
  const fence = installedFence(loaded());
  if (fence !== undefined) died(fencedError(fence, loaded().stateDirectory).message);
  return fence !== undefined;
}

/** Throws `fenced` when the record of an installation goes on elsewhere. */
export function refuseFenced(loaded: Pick<LoadedConfig, "config" | "stateDirectory">): void {
  const fence = installedFence(loaded);
  if (fence !== undefined) throw fencedError(fence, loaded.stateDirectory);
}

function installedFence({ config, stateDirectory }: Pick<LoadedConfig, "config" | "stateDirectory">) {
  return fencedBy({
    stateDirectory,
    facility: config.facility.id,
    publicKey: loadSigningKey(stateFiles(stateDirectory).signingKey).publicKey,
    folder: config.crisis?.folder,
  });
}

function inThread(order: BackupOrder, started: (worker: Worker) => void): Promise<BackupReport> {
  const worker = new Worker(new URL("../threads/backup.ts", import.meta.url), { workerData: order });
  started(worker);
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the thread that copies was stopped")));
  });
}
