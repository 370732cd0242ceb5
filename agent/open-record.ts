import type { Registry } from "prom-client";
import type { LoadedConfig } from "../config/load.ts";
import { type Clock, MICROSECONDS } from "./core/clock.ts";
import type { TocsinError } from "./core/errors.ts";
import { recordOf } from "./record.ts";
import type { Duties } from "./roles.ts";
import { stateFiles } from "./setup.ts";
import { standBy } from "./stand-by.ts";
import type { Part } from "./stop-parts.ts";
import { type StoreClient, storeClient } from "./store/client.ts";
import { openReads, type RecordPlace } from "./store/record-place.ts";
import { type StoreThread, startStoreThread } from "./store/thread.ts";
import type { Log } from "./telemetry/log.ts";
import { measureStore } from "./telemetry/measure-store.ts";
import { traceCommits } from "./telemetry/trace-commits.ts";
import { tellDamage } from "./tell-damage.ts";
import { type StoreWatch, tryDisk, watchStore } from "./watch-store.ts";

/** The record of a running daemon. */
export interface OpenRecord {
  place: RecordPlace;
  thread: StoreThread;
  /** Beside the watch, for what was sealed elsewhere. */
  client: StoreClient;
  /** Higher for each process that takes over. */
  token: number;
  /** Resolves when another process has taken over, or a newer program has changed the schema. */
  lost: Promise<unknown>;
  watch: StoreWatch;
  /** What it consists of, the first to be started first. */
  parts: Part[];
}

/** Opens the record for a daemon; where others share it, a process that correlates waits until it alone may. */
export async function openRecord(
  loaded: LoadedConfig,
  given: {
    duties: Duties;
    /** Names this process among those that share the record. */
    owner: string;
    signal?: AbortSignal | undefined;
    standing?: (() => void) | undefined;
    clock: Clock;
    log: Log;
    registry: Registry;
    causes: Set<string>;
    died: (why: string) => void;
  },
): Promise<OpenRecord> {
  const { clock, log, causes, died } = given;
  const { stateDirectory } = loaded;
  const facility = loaded.config.facility.id;
  const place = recordOf(loaded);
  const lease = await standBy(loaded, place, given);
  void lease?.lost.then(({ message }) => died(message));
  const following = lease === undefined ? await follow(place, ({ message }) => died(message)) : undefined;
  const keyFile = stateFiles(stateDirectory).signingKey;
  const thread = await startStoreThread({ record: place, keyFile, lease: lease?.held }, (problem) =>
    log.error("checkpoint failed", { problem: problem.message }),
  );
  void thread.ended.then((problem) => problem && died(`store: ${problem.message}`));
  const client = storeClient(thread.connect(), await openReads(place, tellDamage(log)));
  const watch = watchStore(traceCommits(measureStore(client, given.registry)), {
    ...{ facility, clock, log },
    ...(place.engine === "sqlite"
      ? { disk: () => tryDisk(stateDirectory) }
      : { remedy: "check that PostgreSQL runs, can be reached and has room; tried anew" }),
    changed: (trouble) => (trouble === null ? causes.delete("store") : causes.add("store")),
  });
  return {
    ...{ place, thread, client, watch },
    // Of a record of its own, no process is left that an earlier start could be mistaken for.
    token: lease?.held.fence ?? Math.floor(clock.now() / MICROSECONDS.second),
    lost: lease?.lost ?? Promise.withResolvers<never>().promise,
    parts: [
      ...(lease === undefined ? [] : [{ part: "lease", stop: lease.release }]),
      ...(following === undefined ? [] : [{ part: "watch over the schema", stop: following.stop }]),
      { part: "store", stop: thread.stop },
      { part: "store client", stop: watch.store.close },
      { part: "watch over the store", stop: watch.stop },
    ],
  };
}

/** Who holds a lease hears of a newer schema by that; of a file, there is one writer. */
async function follow(place: RecordPlace, changed: (problem: TocsinError) => void) {
  if (place.engine === "sqlite") return undefined;
  const { followSchema } = await import("./store/postgres/schema.ts");
  return followSchema(place.place, changed);
}
