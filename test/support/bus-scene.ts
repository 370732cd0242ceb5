import { join } from "node:path";
import { type BusSettings, keptSeconds } from "../../agent/bus/bus.ts";
import { type BusLink, connectBus } from "../../agent/bus/connect.ts";
import { type BusConsumer, openConsumer } from "../../agent/bus/consumer.ts";
import { openPublisher, type Publisher } from "../../agent/bus/publisher.ts";
import { openSpool } from "../../agent/bus/spool.ts";
import { systemClock } from "../../agent/core/clock.ts";
import type { Problem } from "../../agent/core/errors.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { type SealedUnit, sealUnit } from "../../agent/store/seal.ts";
import { FACILITY } from "./daemon.ts";
import { samples } from "./store-samples.ts";

/** A receiver's side of the bus, in this thread. */
export interface Sending {
  link: BusLink;
  publisher: Publisher;
  troubles: Problem[];
  close(): Promise<void>;
}

/** A correlator's side; what was handled and refused is kept. */
export interface Receiving {
  link: BusLink;
  consumer: BusConsumer;
  ids: string[];
  refused: { reason: string; sample: string }[];
  troubles: Problem[];
  close(): Promise<void>;
}

const make = samples(systemClock);
let event = 0;

/** A unit of so many alerts, each with an event of its own; `size` characters of message each. */
export function unitOf(alerts: number, size = 40, facility = FACILITY): SealedUnit {
  const writes = Array.from({ length: alerts }, () =>
    make.alert({
      eventId: String(++event),
      alert: { message: "x".repeat(size), event: { module: "syslog" } },
    }),
  );
  return sealUnit({ facility, at: systemClock.now(), writes });
}

export const idsOf = (units: readonly SealedUnit[]): string[] =>
  units.flatMap(({ writes }) => writes.flatMap((write) => (write.write === "alert" ? [write.id] : [])));

export function startSending(settings: BusSettings, { kept = keptSeconds(settings) } = {}): Sending {
  const troubles: Problem[] = [];
  const link = connectBus(settings, { role: "receiver", facility: FACILITY });
  const spool = openSpool({
    folder: join(settings.spool.folder, FACILITY),
    bytes: settings.spool.bytes,
    kept_seconds: kept,
    clock: systemClock,
    onTrouble: (problem) => troubles.push(problem),
  });
  const parts = { link, facility: FACILITY, settings, spool, newId: uuidv7(systemClock), clock: systemClock };
  const publisher = openPublisher(parts);
  return {
    link,
    publisher,
    troubles,
    async close() {
      await publisher.close();
      await link.close();
    },
  };
}

export function startReceiving(
  settings: BusSettings,
  { token = 1, handle }: { token?: number; handle?: (units: SealedUnit[]) => Promise<void> } = {},
): Receiving {
  const ids: string[] = [];
  const refused: { reason: string; sample: string }[] = [];
  const troubles: Problem[] = [];
  const link = connectBus(settings, { role: "correlator", facility: FACILITY });
  const consumer = openConsumer({
    link,
    facility: FACILITY,
    settings,
    token,
    async handle(units) {
      await handle?.(units);
      ids.push(...idsOf(units));
    },
    refused: (reason, sample) => void refused.push({ reason, sample }),
    onTrouble: (problem) => troubles.push(problem),
  });
  return {
    link,
    consumer,
    ids,
    refused,
    troubles,
    async close() {
      await consumer.stop();
      await link.close();
    },
  };
}
