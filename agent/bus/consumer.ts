import {
  type ConsumerMessages,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type JsMsg,
  jetstream,
} from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { messageOf, type Problem, TocsinError } from "../core/errors.ts";
import type { SealedUnit } from "../store/seal.ts";
import { type BusSettings, busNames } from "./bus.ts";
import { type BusLink, problemOfBus, waited } from "./connect.ts";
import { decodeUnits } from "./decode-units.ts";
import { BUS_VERSION } from "./encode-units.ts";
import { ACK_WAIT_SECONDS, consumerConfig, ensureStream, MOST_UNACKED, managerOf } from "./streams.ts";

/** What one call of `handle` is given at most, unless one message alone is more. */
const BATCH = { messages: 32, bytes: 8 * 1024 * 1024 };
const WORKING_MS = (ACK_WAIT_SECONDS * 1000) / 3;
const BACK_OFF = { first: 100, longest: 10_000 };
/** Message ids remembered as committed, so that what comes again is only acknowledged; a sequence may come again as another. */
const REMEMBERED = 8192;
const SAMPLE_BYTES = 2000;
const NAME = /^correlator-(\d{1,16})$/;

export interface ConsumerReport {
  /** Messages that JetStream has for us, those in memory with it; null until one has come, or after a cut. */
  lag: number | null;
  /** Messages handed over and acknowledged, refused, and received once more. */
  handled: number;
  refused: number;
  again: number;
}

/** The facility's messages, in order, to one correlator. */
export interface BusConsumer {
  report(): ConsumerReport;
  /** Stops at once, for another correlator has the facility: nothing is acknowledged any more. */
  lost(): void;
  /** Stops after what `handle` has under way. */
  stop(): Promise<void>;
  /** Resolves when it has ended; with the problem when nobody asked it to. */
  ended: Promise<Problem | undefined>;
}

export interface ConsumerParts {
  link: BusLink;
  facility: string;
  settings: BusSettings;
  /** The fencing token of the lease: a consumer takes over from those of lower ones, and stops for a higher one. */
  token: number;
  /** Commits units to the record, in order; what it rejects is given to it again. */
  handle: (units: SealedUnit[]) => Promise<void>;
  /** Notes what could not be read, before it is taken off the stream. */
  refused: (reason: string, sample: string) => void | Promise<void>;
  onTrouble: (problem: Problem) => void;
}

interface Held {
  message: JsMsg;
  seq: number;
  /** Of the message, given by its publisher; empty when it gave none. */
  id: string;
}

/** Begins to consume, as soon as the connection stands. */
export function openConsumer(parts: ConsumerParts): BusConsumer {
  const { link, facility, settings, token } = parts;
  const name = `correlator-${token}`;
  const { stream } = busNames(facility);
  const stopping = new AbortController();
  const counts = { handled: 0, refused: 0, again: 0 };
  const committed = new Set<string>();
  let held: Held[] = [];
  let batch: Held[] = [];
  let lag: number | null = null;
  let gone = false;
  let wake = () => {};

  const unwatch = link.watch(({ connected }) => {
    if (!connected) lag = null;
    wake();
  });
  const working = setInterval(() => {
    if (gone || link.nats() === undefined) return;
    for (const { message } of [...batch, ...held]) message.working();
  }, WORKING_MS);
  const pulling = pull();
  const ended = run();

  async function run(): Promise<Problem | undefined> {
    const handling = handleAll();
    const problem = await pulling;
    stopping.abort();
    wake();
    await handling;
    await link
      .nats()
      ?.flush()
      .catch(() => {});
    clearInterval(working);
    unwatch();
    return problem;
  }

  /** Keeps one pull open while the connection stands; answers why it may never be opened again. */
  async function pull(): Promise<Problem | undefined> {
    let wait = BACK_OFF.first;
    while (!stopping.signal.aborted) {
      const nats = link.nats();
      if (nats === undefined) {
        await changed();
        continue;
      }
      try {
        const taken = await takeOver(nats);
        if (taken !== undefined) return taken;
        link.blame(undefined);
        wait = BACK_OFF.first;
        await receive(nats);
      } catch (error) {
        if (stopping.signal.aborted || link.nats() !== nats) continue;
        const problem =
          error instanceof TocsinError ? { code: error.code, message: error.message } : problemOfBus(error);
        link.blame(problem);
      }
      await waited(wait, stopping.signal);
      wait = Math.min(BACK_OFF.longest, wait * 2);
    }
    return undefined;
  }

  /** Makes our consumer the only one: with a work queue, all that nobody acknowledged then comes to it, in order. */
  async function takeOver(nats: NatsConnection): Promise<Problem | undefined> {
    const manager = await managerOf(nats);
    const wrong = await ensureStream(manager, facility, settings);
    if (wrong !== undefined) throw new TocsinError(wrong);
    const names: string[] = [];
    for await (const { name: other } of manager.consumers.list(stream)) names.push(other);
    const newer = names.find((other) => Number(NAME.exec(other)?.[1] ?? -1) > token);
    if (newer !== undefined) {
      gone = true;
      return {
        code: "bus_taken_over",
        where: stream,
        message: `${newer} consumes it, which came after ${name}`,
      };
    }
    // Ours of before a cut too: what was on its way would else come late, and after what follows it.
    for (const other of names) await removed(manager, other);
    await manager.consumers.add(stream, consumerConfig(name));
    return undefined;
  }

  async function removed(manager: JetStreamManager, other: string): Promise<void> {
    try {
      await manager.consumers.delete(stream, other);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.ConsumerNotFound)
        throw error;
    }
  }

  async function receive(nats: NatsConnection): Promise<void> {
    const consumer = await jetstream(nats).consumers.get(stream, name);
    const messages: ConsumerMessages = await consumer.consume({
      max_messages: MOST_UNACKED,
      expires: 10_000,
      abort_on_missing_resource: true,
      callback: take,
    });
    const stop = () => messages.stop();
    stopping.signal.addEventListener("abort", stop);
    const unwatchLink = link.watch(({ connected }) => {
      if (!connected) stop();
    });
    try {
      const error = await messages.closed();
      if (error instanceof Error) throw error;
    } finally {
      unwatchLink();
      stopping.signal.removeEventListener("abort", stop);
      stop();
    }
  }

  /** Bounded by the server: no more than `MOST_UNACKED` are out at once. */
  function take(message: JsMsg): void {
    if (gone) return;
    const { streamSequence: seq, pending, redelivered } = message.info;
    if (redelivered) counts.again += 1;
    const id = message.headers?.get("Nats-Msg-Id") ?? "";
    // Committed before its acknowledgement was lost.
    if (committed.has(id)) {
      message.ack();
      return;
    }
    const known = [...batch, ...held].find((each) => each.seq === seq && each.id === id);
    if (known !== undefined) {
      known.message = message;
      return;
    }
    const at = held.findLastIndex((each) => each.seq < seq) + 1;
    held.splice(at, 0, { message, seq, id });
    lag = pending + held.length + batch.length;
    wake();
  }

  async function handleAll(): Promise<void> {
    while (!stopping.signal.aborted) {
      batch = nextBatch();
      if (batch.length === 0) await changed(() => held.length > 0);
      else await handleBatch();
    }
  }

  function nextBatch(): Held[] {
    let bytes = 0;
    let count = 0;
    for (const { message } of held) {
      bytes += message.data.length;
      if (count > 0 && (bytes > BATCH.bytes || count >= BATCH.messages)) break;
      count += 1;
    }
    return held.splice(0, count);
  }

  async function handleBatch(): Promise<void> {
    const read = batch.map(readMessage);
    const units = read.flatMap((each) => each.units);
    const spoilt = read.filter(({ reason }) => reason !== undefined);
    let noted = 0;
    let wait = BACK_OFF.first;
    while (!gone) {
      try {
        for (; noted < spoilt.length; noted++) {
          const { reason = "", sample } = spoilt[noted] as Read;
          await parts.refused(reason, sample);
        }
        if (units.length > 0) await parts.handle(units);
        break;
      } catch (error) {
        if (gone) return;
        parts.onTrouble({ code: "bus_not_handled", where: stream, message: messageOf(error) });
        if (stopping.signal.aborted) return;
        await waited(wait, stopping.signal);
        if (stopping.signal.aborted) return;
        wait = Math.min(BACK_OFF.longest, wait * 2);
      }
    }
    if (gone) return;
    for (const [index, { message, id }] of batch.entries()) {
      remember(id);
      const { reason } = read[index] as Read;
      if (reason === undefined) message.ack();
      else message.term();
    }
    counts.handled += batch.length - spoilt.length;
    counts.refused += spoilt.length;
    if (lag !== null) lag = Math.max(0, lag - batch.length);
  }

  interface Read {
    units: SealedUnit[];
    reason: string | undefined;
    sample: string;
  }

  function readMessage({ message }: Held): Read {
    try {
      const version = message.headers?.get("Tocsin-Version") || String(BUS_VERSION);
      if (version !== String(BUS_VERSION)) {
        throw new TocsinError({
          code: "bus_version_unknown",
          message: `a message of version ${version.slice(0, 20)}, this release reads version ${BUS_VERSION}`,
        });
      }
      return { units: decodeUnits(message.data, facility), reason: undefined, sample: "" };
    } catch (error) {
      const sample = Buffer.from(message.data.subarray(0, SAMPLE_BYTES)).toString("latin1");
      return { units: [], reason: messageOf(error), sample };
    }
  }

  function remember(id: string): void {
    if (id !== "") committed.add(id);
    if (committed.size <= REMEMBERED) return;
    for (const oldest of committed) {
      committed.delete(oldest);
      break;
    }
  }

  /** Resolves at the next change, or at once when `already`; two may wait. */
  function changed(already = () => false): Promise<void> {
    if (stopping.signal.aborted || already()) return Promise.resolve();
    return new Promise((resolve) => {
      const others = wake;
      wake = () => {
        wake = () => {};
        others();
        resolve();
      };
    });
  }

  return {
    report: () => ({ lag, ...counts }),
    lost() {
      gone = true;
      held = [];
      stopping.abort();
      wake();
    },
    async stop() {
      stopping.abort();
      wake();
      await ended;
    },
    ended,
  };
}
