import { setTimeout } from "node:timers/promises";
import type { BusSettings } from "../../agent/bus/bus.ts";
import { startBusThread } from "../../agent/bus/thread.ts";
import { storeClient } from "../../agent/store/client.ts";
import type { OpenReads } from "../../agent/store/record-place.ts";
import { FACILITY } from "../support/daemon.ts";
import { sealedAlerts } from "./sealed-alerts.ts";

/** What a receiver of the bench is told: what to make ready, `atOnce` of it handed in and not yet durable; then to begin. */
export type ToReceiver =
  | {
      ask: "prepare";
      settings: BusSettings;
      units: number;
      alerts: number;
      atOnce: number;
      /** See `sealedAlerts`. */
      hosts?: number | undefined;
    }
  | { ask: "go" };
/** What it says: that it is ready, then what it took, in µs of CPU of all its threads. */
export type FromReceiver = { say: "ready" } | { say: "done"; spent: number; messages: number };

const LOOK_MS = 20;

async function prepare({
  settings,
  units,
  alerts,
  atOnce,
  hosts,
}: ToReceiver & { ask: "prepare" }): Promise<() => Promise<FromReceiver>> {
  const connected = Promise.withResolvers<void>();
  const bus = await startBusThread(
    { settings, facility: FACILITY },
    { status: (status) => status.connected && connected.resolve() },
  );
  const store = storeClient(bus.connect(), { close() {} } as OpenReads);
  // Sealed before: that is the listeners' work, in a thread of theirs.
  const sealed = sealedAlerts(units, alerts, hosts);
  await connected.promise;
  return async () => {
    const before = process.cpuUsage();
    let next = 0;
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let unit = sealed[next++]; unit !== undefined; unit = sealed[next++])
          await store.commitSealed(unit);
      }),
    );
    // What was spooled first is on its way still.
    let report = await bus.report();
    for (; report.spool.waiting.records > 0; report = await bus.report()) await setTimeout(LOOK_MS);
    const { user, system } = process.cpuUsage(before);
    return { say: "done", spent: user + system, messages: report.published };
  };
}

let go: (() => Promise<FromReceiver>) | undefined;
process.on("message", async (told: ToReceiver) => {
  if (told.ask === "prepare") {
    go = await prepare(told);
    process.send?.({ say: "ready" } satisfies FromReceiver);
    return;
  }
  const done = await go?.();
  process.send?.(done);
});
// It is looked at until the measure is over.
process.once("disconnect", () => process.exit());
