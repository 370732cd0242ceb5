import { JetStreamApiError, type JetStreamClient, jetstream } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import type { Clock } from "../core/clock.ts";
import { messageOf, type Problem, TocsinError } from "../core/errors.ts";
import type { NewId } from "../core/id.ts";
import type { SealedUnit } from "../store/seal.ts";
import { type BusSettings, type BusStatus, busNames, type SpoolReport } from "./bus.ts";
import { type BusLink, problemOfBus, waited } from "./connect.ts";
import { decodeUnits } from "./decode-units.ts";
import { BUS_VERSION, CONTENT_TYPE, charactersOf, checkUnit, encodeUnits } from "./encode-units.ts";
import type { Spool, Taken } from "./spool.ts";
import type { SpoolRecord } from "./spool-segment.ts";
import { managerOf, streamInfo, streamProblem, versionProblem } from "./streams.ts";

/** Groups of units under way at once; the rest waits where it is. */
const MOST_GROUPS = 8;
/** Characters of a group: what waits is published together, up to this. */
const GROUP_CHARACTERS = 400_000;
const GROUP_UNITS = 1000;
/** Messages from the spool under way at once, and their bytes. */
const WINDOW = { messages: 32, bytes: 16 * 1024 * 1024 };
const ACK_MS = 5000;
/** The stream is looked at so often, in ms, and sooner while it is not as it must be. */
const INSPECT_MS = 10_000;
const INSPECT_SOON_MS = 1000;
const BACK_OFF = { first: 250, longest: 10_000 };
/** What headers take of a message at most. */
const HEADERS_BYTES = 1024;
/** Of a server that has not been met yet: what every one takes unless told otherwise. */
const USUAL_PAYLOAD = 1024 * 1024;

export interface PublisherReport {
  /** Units that wait or are under way. */
  units: number;
  /** Messages that JetStream acknowledged, those of them it had already, and those that went by the spool. */
  published: number;
  duplicates: number;
  spooled: number;
  spool: SpoolReport;
}

/** Hands units on to JetStream, by way of the spool when that must be. */
export interface Publisher {
  /**
   * Resolves once the unit is durable: in JetStream, or in the spool. Waits while too much is under way; rejects with
   * `bus_too_large`, `bus_not_durable`, `bus_full` or `spool_failed`, and is then the client's to send again.
   */
  publish(unit: SealedUnit): Promise<void>;
  /** Says which rules what is published from now on was matched by. */
  rules(hash: string): void;
  report(): PublisherReport;
  close(): Promise<void>;
}

export interface PublisherParts {
  link: BusLink;
  facility: string;
  settings: BusSettings;
  spool: Spool;
  newId: NewId;
  clock: Clock;
}

interface Waiting {
  unit: SealedUnit;
  resolve(): void;
  reject(error: unknown): void;
}

/** Builds the publisher of one facility. */
export function openPublisher({ link, facility, settings, spool, newId }: PublisherParts): Publisher {
  const { alerts: subject } = busNames(facility);
  const waiting: Waiting[] = [];
  const counts = { published: 0, duplicates: 0, spooled: 0 };
  const ended = new AbortController();
  /** Of the present connection: what was found of the stream; undefined until it was looked at. */
  let fit: true | Problem | undefined;
  let client: { nats: NatsConnection; js: JetStreamClient } | undefined;
  let server = spool.mark?.server;
  let most = USUAL_PAYLOAD - HEADERS_BYTES;
  let rules = "";
  let highest = spool.mark?.seq ?? 0;
  let groups = 0;
  let window: Taken[] = [];
  let blamed: string | undefined;
  const leaving = new Set<(error: Error) => void>();
  let wake = () => {};

  const unwatch = link.watch(heed);
  heed(link.status());
  let inspected = 0;
  const inspecting = setInterval(() => {
    inspected += INSPECT_SOON_MS;
    if (fit !== true || inspected >= INSPECT_MS) void inspect();
  }, INSPECT_SOON_MS);
  inspecting.unref();
  const draining = drain();

  function heed({ connected }: BusStatus): void {
    const nats = connected ? link.nats() : undefined;
    if (nats === undefined) {
      client = undefined;
      fit = undefined;
      blamed = undefined;
      const gone = new Error("the connection was lost before the acknowledgement");
      for (const leave of leaving) leave(gone);
      leaving.clear();
      return;
    }
    if (client !== undefined) return;
    client = { nats, js: jetstream(nats, { timeout: ACK_MS }) };
    const met = nats.info?.server_id;
    // Another one, or this one anew: what it had acknowledged and not synced may be gone.
    if (server !== undefined && met !== server) beginAnew();
    server = met;
    void inspect();
  }

  function beginAnew(): void {
    window = [];
    spool.rewind();
    wake();
  }

  async function inspect(): Promise<void> {
    const looked = client;
    inspected = 0;
    if (looked === undefined) return;
    try {
      const found = await streamInfo(await managerOf(looked.nats), facility);
      if (client !== looked) return;
      if (found === undefined) {
        fit = missing(facility);
      } else {
        fit = versionProblem(looked.nats.info?.version, settings) ?? streamProblem(found, settings) ?? true;
        const stream = found.config.max_msg_size > 0 ? found.config.max_msg_size : Number.POSITIVE_INFINITY;
        most = Math.min(looked.nats.info?.max_payload ?? USUAL_PAYLOAD, stream) - HEADERS_BYTES;
        if (found.state.last_seq < highest) lostSome(found.state.last_seq);
      }
    } catch (error) {
      if (client !== looked) return;
      fit = problemOfBus(error);
    }
    // That it is full shows when something is published, not before.
    if (fit !== true || blamed !== "bus_stream_full") blame(fit === true ? undefined : fit);
    wake();
  }

  /** The stream stands before what it had acknowledged: it is published anew. */
  function lostSome(seq: number): void {
    highest = seq;
    beginAnew();
  }

  function blame(problem: Problem | undefined): void {
    if (problem?.code === blamed) return;
    blamed = problem?.code;
    if (link.nats() !== undefined) link.blame(problem);
  }

  function publish(unit: SealedUnit): Promise<void> {
    if (ended.signal.aborted) return Promise.reject(closedError());
    if (unit.facility !== facility) return Promise.reject(otherFacility(unit.facility, facility));
    return new Promise((resolve, reject) => {
      waiting.push({ unit, resolve, reject });
      if (waiting.length === 1) queueMicrotask(pump);
    });
  }

  function pump(): void {
    while (waiting.length > 0 && groups < MOST_GROUPS) {
      const group = nextGroup();
      groups += 1;
      void handOn(group).finally(() => {
        groups -= 1;
        pump();
      });
    }
  }

  function nextGroup(): Waiting[] {
    let characters = 0;
    let count = 0;
    for (const { unit } of waiting) {
      characters += charactersOf(unit);
      if (count > 0 && (characters > GROUP_CHARACTERS || count >= GROUP_UNITS)) break;
      count += 1;
    }
    return waiting.splice(0, count);
  }

  async function handOn(group: readonly Waiting[]): Promise<void> {
    const sound = group.filter(({ unit, reject }) => {
      try {
        checkUnit(unit, most);
        return true;
      } catch (error) {
        reject(error);
        return false;
      }
    });
    try {
      const payloads = encodeUnits(
        sound.map(({ unit }) => unit),
        most,
      );
      const records = payloads.map((payload): SpoolRecord => ({ id: newId(), rules, payload }));
      await keep(records);
      for (const { resolve } of sound) resolve();
    } catch (error) {
      for (const { reject } of sound) reject(error);
    }
  }

  async function keep(records: SpoolRecord[]): Promise<void> {
    if (fit !== undefined && fit !== true && fit.code === "bus_not_durable") throw new TocsinError(fit);
    if (settings.durability === "spool" || !straight()) return intoSpool(records);
    const sent = await Promise.allSettled(records.map(send));
    const unsent = records.filter((_, index) => sent[index]?.status === "rejected");
    if (unsent.length === 0) {
      spool.passed(records.reduce((sum, { payload }) => sum + payload.length, 0));
      return blame(undefined);
    }
    const failed = sent.find((each) => each.status === "rejected") as PromiseRejectedResult;
    blame(problemOfPublish(failed.reason, facility));
    return intoSpool(unsent);
  }

  /** True when what comes may go by the spool: nothing waits there that came before. */
  function straight(): boolean {
    return client !== undefined && fit === true && window.length === 0 && spool.waiting() === 0;
  }

  async function intoSpool(records: SpoolRecord[]): Promise<void> {
    try {
      await spool.append(records);
    } catch (error) {
      if (!(error instanceof TocsinError) || error.code !== "spool_full") throw error;
      const because = link.status().problem?.message ?? "JetStream takes less than comes";
      throw new TocsinError(
        { code: "bus_full", message: `nothing more can be taken: ${because}; ${error.message}` },
        { cause: error },
      );
    }
    counts.spooled += records.length;
    wake();
  }

  async function send({ id, rules: hash, payload }: SpoolRecord): Promise<void> {
    if (client === undefined) throw new Error("not connected");
    const about = headers();
    about.set("Tocsin-Version", String(BUS_VERSION));
    about.set("Tocsin-Rules", hash);
    about.set("Content-Type", CONTENT_TYPE);
    const { promise: left, reject: leave } = Promise.withResolvers<never>();
    leaving.add(leave);
    try {
      const publishing = client.js.publish(subject, payload, { msgID: id, headers: about, timeout: ACK_MS });
      const ack = await Promise.race([publishing, left]);
      counts.published += 1;
      if (ack.duplicate) counts.duplicates += 1;
      else if (ack.seq <= highest) lostSome(ack.seq);
      else highest = ack.seq;
    } finally {
      leaving.delete(leave);
    }
  }

  /** Sends what was spooled, in parts when the server takes less than was thought when it was. */
  async function sendTaken(record: SpoolRecord): Promise<void> {
    if (record.payload.length <= most) return send(record);
    const parts = encodeUnits(decodeUnits(record.payload, facility), most);
    await Promise.all(parts.map((payload, n) => send({ ...record, id: `${record.id}.${n}`, payload })));
  }

  async function drain(): Promise<void> {
    let wait = BACK_OFF.first;
    while (!ended.signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (client === undefined || fit !== true || !fill()) {
        await woken;
        continue;
      }
      const failure = await sendWindow();
      blame(failure === undefined ? undefined : problemOfPublish(failure, facility));
      if (failure === undefined) {
        wait = BACK_OFF.first;
        continue;
      }
      await waited(wait / 2 + (Math.random() * wait) / 2, ended.signal);
      wait = Math.min(BACK_OFF.longest, wait * 2);
    }
  }

  /** Takes from the spool what is under way next, in order; false when there is nothing. */
  function fill(): boolean {
    let bytes = window.reduce((sum, taken) => sum + taken.bytes, 0);
    while (window.length < WINDOW.messages && bytes < WINDOW.bytes) {
      const taken = spool.take();
      if (taken === undefined) break;
      window.push(taken);
      bytes += taken.bytes;
    }
    return window.length > 0;
  }

  /** Sends all of the window; what fails stays in it, in order, and the first failure is answered. */
  async function sendWindow(): Promise<unknown> {
    const sending = window;
    const sent = await Promise.allSettled(sending.map(({ record }) => sendTaken(record)));
    const left: Taken[] = [];
    let failure: unknown;
    for (const [index, taken] of sending.entries()) {
      const done = sent[index] as PromiseSettledResult<void>;
      const mark = { server: server ?? "", seq: highest };
      if (done.status === "fulfilled") spool.acked(taken, mark);
      else if (isTooLarge(done.reason))
        await spool.setAside(taken, mark, messageOf(done.reason)).catch(() => left.push(taken));
      else {
        left.push(taken);
        failure ??= done.reason;
      }
    }
    // A rewind has emptied it: all will be read anew.
    if (window === sending) window = left;
    return failure;
  }

  return {
    publish,
    rules(hash) {
      rules = hash;
    },
    report: () => ({ units: waiting.length + groups, ...counts, spool: spool.report() }),
    async close() {
      unwatch();
      clearInterval(inspecting);
      while (groups > 0 || waiting.length > 0) {
        pump();
        await waited(10, new AbortController().signal);
      }
      ended.abort();
      wake();
      await draining;
      await spool.close();
    },
  };
}

function isTooLarge(error: unknown): boolean {
  const exceeds = error instanceof JetStreamApiError && error.code === 10054;
  return exceeds || (error instanceof TocsinError && error.code === "bus_too_large");
}

/** What a refused publication means. */
function problemOfPublish(error: unknown, facility: string): Problem {
  const message = messageOf(error);
  const { stream } = busNames(facility);
  if (/maximum (bytes|messages)|resources|storage/i.test(message)) {
    return {
      code: "bus_stream_full",
      where: stream,
      message: `the stream is full (${message.slice(0, 200)}): the correlators are behind, or gone`,
      remedy: "see why no correlator consumes it, or raise its max_bytes and the server's max_file_store",
    };
  }
  if (/jetstream is not enabled|no responders/i.test(message)) return missing(facility);
  return problemOfBus(error);
}

function missing(facility: string): Problem {
  const { stream } = busNames(facility);
  return {
    code: "bus_stream_missing",
    where: stream,
    message: "no stream takes the facility's alerts",
    remedy: "start its correlator, which makes it, or make it as docs/bus.md says",
  };
}

function closedError(): TocsinError {
  return new TocsinError({ code: "bus_closed", message: "the bus is closed" });
}

function otherFacility(other: string, facility: string): TocsinError {
  const message = `this connection is for ${facility}, the unit is of ${other.slice(0, 64)}`;
  return new TocsinError({ code: "bus_other_facility", message });
}
