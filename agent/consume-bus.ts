import type { Registry } from "prom-client";
import type { LoadedConfig } from "../config/load.ts";
import { connectBus } from "./bus/connect.ts";
import { openConsumer } from "./bus/consumer.ts";
import { followReceivers } from "./bus/presence.ts";
import { busOf } from "./bus-settings.ts";
import { type Clock, MICROSECONDS } from "./core/clock.ts";
import { messageOf, TocsinError } from "./core/errors.ts";
import type { IntakeThread } from "./intake/thread.ts";
import { REACHES_BUS } from "./offer-on-bus.ts";
import type { Part } from "./stop-parts.ts";
import type { StoreClient } from "./store/client.ts";
import type { RecordPlace } from "./store/record-place.ts";
import type { SealedUnit } from "./store/seal.ts";
import { consumerMetrics } from "./telemetry/bus-metrics.ts";
import type { Log } from "./telemetry/log.ts";

/** How often it is told here what receivers have heard, ms. */
const HEARD_EVERY = 2_000;
/** How long a correlator is without NATS before it lets another have its place, µs: others may be slower to notice. */
const CUT_OFF = 10 * MICROSECONDS.second;
/** The source under which what no receiver can have sent is listed. */
const SOURCE = "tocsin:bus";

/** Takes in what the receivers of a facility hand on; undefined without a bus. */
export function consumeBus(
  loaded: LoadedConfig,
  parts: {
    store: Pick<StoreClient, "commit" | "commitSealed">;
    intake: Pick<IntakeThread, "hearElsewhere">;
    /** The fencing token of the process that correlates: each that takes over has a higher one. */
    token: number;
    /** The rules in force here, which all receivers are to have. */
    rules: () => string | null;
    /** Told when they could not be kept; they are tried again. */
    failing: (why: string) => void;
    /** Called once alerts are durable. */
    detected: () => void;
    died: (why: string) => void;
    registry: Registry;
    record: RecordPlace;
    clock: Clock;
    log: Log;
  },
): (Part & { lost(): void }) | undefined {
  const settings = busOf(loaded);
  if (settings === undefined) return undefined;
  const { store, intake, token, rules, failing, detected, died, clock, log } = parts;
  const facility = loaded.config.facility.id;
  const link = connectBus(settings, { role: "correlator", facility });
  link.watch(({ connected, server, problem }) =>
    log[connected ? "info" : "warn"]("bus", { connected, server, problem: problem?.message }),
  );

  const quarantine = async (code: string, message: string, sample: string) => {
    const entry = { source: SOURCE, received: clock.now(), code, message: message.slice(0, 500), sample };
    await store.commit({ facility, at: clock.now(), writes: [{ write: "quarantine", entry }] });
  };

  /** A unit that the record can never take is listed: what comes after it does not wait for ever. */
  async function keep(unit: SealedUnit): Promise<void> {
    try {
      const receipt = await store.commitSealed(unit);
      if (receipt.outcome === "conflict") await quarantine("unit_refused", receipt.because, sampleOf(unit));
    } catch (error) {
      if (!(error instanceof TocsinError) || error.code !== "unit_malformed") {
        failing(messageOf(error));
        throw error;
      }
      await quarantine(error.code, error.message, sampleOf(unit));
    }
  }

  const consumer = openConsumer({
    ...{ link, facility, settings, token },
    async handle(units) {
      // Handed in together, in their order: one group of the store.
      await Promise.all(units.map(keep));
      detected();
    },
    refused: (reason, sample) => quarantine("message_refused", reason, sample),
    onTrouble: ({ message }) => log.error("trouble with the bus", { error: message }),
  });
  consumerMetrics(parts.registry, consumer.report, link.status);
  void consumer.ended.then((problem) => problem && died(`bus: ${problem.message}`));

  let told = "";
  let activated = "";
  /** A set of rules comes into force when every receiver has it ready. */
  function follow(): void {
    const wanted = rules();
    if (wanted === null || wanted === activated) return;
    const missing = presence.unconfirmed(wanted);
    if (missing.length === 0) {
      presence.activate(wanted);
      activated = wanted;
      told = "";
      return;
    }
    const names = missing.join(", ");
    if (names !== told)
      log.warn("rules wait for receivers that do not have them", { rules: wanted, receivers: names });
    told = names;
  }
  const presence = followReceivers({ link, facility, token, changed: follow, clock });
  let asking = false;
  /** Cut off alone, it ends, and who reaches NATS takes over; when nobody does, what is here goes on here. */
  async function letGo(): Promise<void> {
    const { connected, since } = link.status();
    if (connected || asking || parts.record.engine === "sqlite" || clock.now() - since < CUT_OFF) return;
    asking = true;
    const { isHeld } = await import("./store/postgres/lease.ts");
    const other = await isHeld(parts.record.place, facility, REACHES_BUS).catch(() => false);
    asking = false;
    if (other) died("bus: NATS cannot be reached from here, and can from where another stands by");
  }
  const timer = setInterval(() => {
    follow();
    void letGo();
    intake.hearElsewhere(Object.fromEntries(presence.lastHeard()));
  }, HEARD_EVERY);

  return {
    part: "bus",
    lost: consumer.lost,
    async stop() {
      clearInterval(timer);
      presence.stop();
      await consumer.stop();
      await link.close();
    },
  };
}

const sampleOf = ({ writes }: SealedUnit) => JSON.stringify(writes[0] ?? null).slice(0, 2000);
