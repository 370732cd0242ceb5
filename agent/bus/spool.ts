import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import { messageOf, type Problem, TocsinError } from "../core/errors.ts";
import { lockState } from "../store/lock.ts";
import { forgetAcknowledged, type Mark, readAcknowledged, writeAcknowledged } from "./acknowledged.ts";
import type { SpoolReport } from "./bus.ts";
import { flowRate } from "./flow-rate.ts";
import {
  closeReader,
  newSegment,
  readRecord,
  recordBytes,
  rewind,
  type Segment,
  type SpoolRecord,
  takeFor,
  takeUp,
} from "./spool-segment.ts";

/** A segment is closed at so many bytes, or a sixteenth of the spool. */
const SEGMENT_BYTES = 64 * 1024 * 1024;
/** …or at this age once JetStream has some of it, so that what comes slowly is given back too. */
const SEGMENT_AGE = 30 * MICROSECONDS.second;
/** Bytes that are written before one sync at most. */
const GROUP_BYTES = 16 * 1024 * 1024;
const SWEEP_MS = 1000;
const SEGMENT = /^(\d{13})-(\d{6,})\.spool$/;

/** A record taken out to be published; given back to `acked`. */
export interface Taken {
  record: SpoolRecord;
  bytes: number;
  segment: Segment;
  /** Of which reading it was: a rewind begins another. */
  reading: number;
}

/** Records on disk, in order, until JetStream holds them. */
export interface Spool {
  /** Resolves once all are on disk; rejects with `spool_full` at once when they would not fit. */
  append(records: readonly SpoolRecord[]): Promise<void>;
  /** The next record to publish, in order of arrival; undefined when none is left. */
  take(): Taken | undefined;
  /** Notes that JetStream has acknowledged it, and how far it stood then. */
  acked(taken: Taken, mark: Mark): void;
  /** How far JetStream stood when the spool was last open; what it had taken by then waits no more, until a rewind. */
  readonly mark: Mark | undefined;
  /** Puts one aside in a file of its own: no server can take it. */
  setAside(taken: Taken, mark: Mark, because: string): Promise<void>;
  /** Begins anew with all that is held: the server may have lost what it had acknowledged. */
  rewind(): void;
  /** Records that JetStream has not acknowledged. */
  waiting(): number;
  /** Counts bytes that came and went by, for how long the room would last. */
  passed(bytes: number): void;
  report(): SpoolReport;
  close(): Promise<void>;
}

export interface SpoolOptions {
  folder: string;
  /** Bytes on disk at most. */
  bytes: number;
  /** How long what JetStream acknowledged is kept, in seconds. */
  kept_seconds: number;
  clock: Clock;
  /** Told of what could not be read at the start, or removed. */
  onTrouble: (problem: Problem) => void;
}

interface Group {
  buffers: Buffer[];
  bytes: number;
  records: number;
  resolve(): void;
  reject(error: TocsinError): void;
}

/** Opens the spool of a folder, made when it does not exist; throws `spool_in_use` when another process holds it. */
export function openSpool(options: SpoolOptions): Spool {
  const { folder, clock } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = lockSpool(folder);
  const segmentBytes = Math.min(SEGMENT_BYTES, Math.max(64 * 1024, Math.floor(options.bytes / 16)));
  const segments: Segment[] = [];
  const groups: Group[] = [];
  const rate = flowRate(clock);
  let queued = 0;
  let onDisk = 0;
  let reading = 0;
  let sequence = 0;
  let aside = readdirSync(folder).filter((name) => name.endsWith(".aside")).length;
  let writing = false;
  let working: Promise<void> | undefined;
  let closed = false;

  const before = options.kept_seconds === 0 ? undefined : readAcknowledged(folder);
  let mark: Mark | undefined;
  for (const segment of readFolder()) {
    onDisk += segment.bytes;
    segments.push(segment);
    const at = before?.segments[basename(segment.file)];
    // Kept for no longer than if nothing had ended.
    if (at !== undefined) takeFor(segment, Math.min(at, clock.now()));
  }
  const sweeping = setInterval(() => void sweep(), SWEEP_MS);
  sweeping.unref();

  function readFolder(): Segment[] {
    const names = readdirSync(folder)
      .filter((name) => SEGMENT.test(name))
      .sort();
    return names.flatMap((name, index) => {
      const file = join(folder, name);
      const [, began = "0", number = "0"] = SEGMENT.exec(name) ?? [];
      sequence = Math.max(sequence, Number(number));
      const newest = index === names.length - 1;
      const { segment, damaged } = takeUp(file, { newest, now: Number(began) * 1000 });
      if (damaged > 0) options.onTrouble(damageOf(file, damaged));
      if (segment !== undefined) return [segment];
      rmSync(file, { force: true });
      return [];
    });
  }

  function append(records: readonly SpoolRecord[]): Promise<void> {
    const buffers = records.flatMap(recordBytes);
    const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
    rate.add(bytes);
    if (closed) return Promise.reject(closedError());
    if (onDisk + queued + bytes > options.bytes) return Promise.reject(fullError());
    queued += bytes;
    return new Promise((resolve, reject) => {
      groups.push({ buffers, bytes, records: records.length, resolve, reject });
      if (!writing) working = work();
    });
  }

  async function work(): Promise<void> {
    writing = true;
    // After what arrives in this turn: all of it shares the sync.
    await Promise.resolve();
    while (groups.length > 0) {
      let bytes = 0;
      let count = 0;
      for (const group of groups) {
        if (count > 0 && bytes + group.bytes > GROUP_BYTES) break;
        bytes += group.bytes;
        count += 1;
      }
      const together = groups.splice(0, count);
      try {
        await write(together, bytes);
        for (const { resolve } of together) resolve();
      } catch (error) {
        for (const { reject } of together) reject(failedError(error));
      } finally {
        queued -= bytes;
      }
    }
    // Here and not once the promise is settled: what is appended in between would wait for ever.
    writing = false;
  }

  /** Remembers for the next start what JetStream has taken whole. */
  function noteTaken(): void {
    if (mark === undefined || options.kept_seconds === 0) return;
    const taken = segments.filter(({ handle, records, acked }) => handle === undefined && acked === records);
    const problem = writeAcknowledged(folder, {
      ...mark,
      segments: Object.fromEntries(taken.map(({ file, lastAck }) => [basename(file), lastAck])),
    });
    if (problem !== undefined) options.onTrouble(problem);
  }

  async function write(together: readonly Group[], bytes: number): Promise<void> {
    const segment = await active();
    const handle = segment.handle;
    if (handle === undefined) throw new Error("the segment is closed");
    try {
      let left = together.flatMap(({ buffers }) => buffers);
      let at = segment.bytes;
      while (left.length > 0) {
        const part = left.slice(0, 1000);
        left = left.slice(1000);
        const size = part.reduce((sum, { length }) => sum + length, 0);
        const { bytesWritten } = await handle.writev(part, at);
        if (bytesWritten !== size) throw new Error("the disk took a part only");
        at += size;
      }
      await handle.datasync();
    } catch (error) {
      // What the disk holds after a failed sync is unknown: nothing is added to this file any more.
      await handle.truncate(segment.bytes).catch(() => {});
      await seal(segment);
      throw error;
    }
    segment.bytes += bytes;
    onDisk += bytes;
    for (const { records } of together) segment.records += records;
  }

  async function active(): Promise<Segment> {
    const last = segments.at(-1);
    const now = clock.now();
    if (last?.handle !== undefined) {
      const old = last.acked > 0 && now - last.began >= SEGMENT_AGE;
      if (last.bytes < segmentBytes && !old) return last;
      await seal(last);
      if (last.acked === last.records) noteTaken();
    }
    sequence += 1;
    const name = `${String(Math.floor(now / 1000)).padStart(13, "0")}-${String(sequence).padStart(6, "0")}.spool`;
    const segment = await newSegment(join(folder, name), now);
    syncFolder(folder);
    onDisk += segment.bytes;
    segments.push(segment);
    return segment;
  }

  async function sweep(): Promise<void> {
    // The oldest, looked at anew each time: several sweeps may be under way.
    for (let segment = segments[0]; segment !== undefined; segment = segments[0]) {
      const due = segment.lastAck + options.kept_seconds * MICROSECONDS.second <= clock.now();
      const busy = segment.handle !== undefined && writing;
      if (busy || segment.acked < segment.records || !due) break;
      if (segment.records === 0 && segment.handle !== undefined) break;
      segments.shift();
      onDisk -= segment.bytes;
      closeReader(segment);
      await seal(segment);
      const { file } = segment;
      await rm(file, { force: true }).catch((error) => options.onTrouble(troubleOf(file, error)));
    }
  }

  function take(): Taken | undefined {
    for (const segment of segments) {
      const next = readRecord(segment);
      if (next !== undefined) return { ...next, segment, reading };
      if (segment.handle === undefined) closeReader(segment);
    }
    return undefined;
  }

  function acked({ segment, bytes, reading: of }: Taken, at: Mark): void {
    if (of !== reading) return;
    mark = at;
    segment.acked += 1;
    segment.ackedBytes += bytes;
    segment.lastAck = clock.now();
    if (options.kept_seconds === 0) void sweep();
    else if (segment.handle === undefined && segment.acked === segment.records) noteTaken();
  }

  function waiting(): number {
    return segments.reduce((sum, { records, acked }) => sum + records - acked, 0);
  }

  return {
    append,
    take,
    acked,
    mark: before && { server: before.server, seq: before.seq },
    async setAside(taken, mark, because) {
      const file = join(folder, `${taken.record.id.replaceAll(/[^\w-]/g, "_")}.aside`);
      await writeFile(file, taken.record.payload, { mode: 0o600, flush: true });
      syncFolder(folder);
      aside += 1;
      options.onTrouble({
        code: "bus_set_aside",
        where: file,
        message: `a message was set aside: ${because}`,
        remedy: "raise the bound it names; what it holds is in that file, and in the source",
      });
      acked(taken, mark);
    },
    rewind() {
      reading += 1;
      mark = undefined;
      forgetAcknowledged(folder);
      for (const segment of segments) rewind(segment);
    },
    waiting,
    passed: rate.add,
    report() {
      const kept = segments.reduce((sum, { acked }) => sum + acked, 0);
      const keptBytes = segments.reduce((sum, { ackedBytes }) => sum + ackedBytes, 0);
      const records = waiting();
      const oldest = segments.find((segment) => segment.acked < segment.records);
      const second = rate.second();
      const room = Math.max(0, options.bytes - onDisk - queued);
      return {
        waiting: { records, bytes: Math.max(0, onDisk - keptBytes - segments.length * 8) },
        kept: { records: kept, bytes: keptBytes },
        bytes: onDisk,
        limit: options.bytes,
        oldest: oldest?.began ?? null,
        lasts_seconds: second === 0 ? null : Math.floor(room / second),
        aside,
      };
    },
    async close() {
      closed = true;
      clearInterval(sweeping);
      await working;
      await sweep();
      for (const segment of segments) {
        closeReader(segment);
        await seal(segment);
      }
      noteTaken();
      lock.release();
    },
  };

  function fullError(): TocsinError {
    const kept = segments.reduce((sum, { ackedBytes }) => sum + ackedBytes, 0);
    const taken = kept > onDisk / 2;
    return new TocsinError({
      code: "spool_full",
      where: folder,
      message: `the spool holds ${onDisk} bytes of ${options.bytes}: ${
        taken
          ? `NATS has taken most of it, which is kept for ${options.kept_seconds} s more, until it is surely synced`
          : "what waits for NATS fills it"
      }`,
      remedy: taken
        ? "wait, or give the spool more bytes: it needs room for 4 minutes of the highest rate"
        : "bring NATS back, or give the spool more bytes",
    });
  }

  function failedError(error: unknown): TocsinError {
    return new TocsinError(
      {
        code: "spool_failed",
        where: folder,
        message: messageOf(error),
        remedy: "check the disk of the spool",
      },
      { cause: error },
    );
  }

  function closedError(): TocsinError {
    return new TocsinError({ code: "spool_closed", where: folder, message: "the spool is closed" });
  }
}

async function seal(segment: Segment): Promise<void> {
  const { handle } = segment;
  segment.handle = undefined;
  await handle?.close().catch(() => {});
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function lockSpool(folder: string) {
  try {
    return lockState(folder);
  } catch (error) {
    if (!(error instanceof TocsinError) || error.code !== "state_in_use") throw error;
    throw new TocsinError(
      {
        code: "spool_in_use",
        where: folder,
        message: "another receiver uses it",
        remedy: "give each receiver a spool folder of its own",
      },
      { cause: error },
    );
  }
}

function damageOf(file: string, bytes: number): Problem {
  return {
    code: "spool_damaged",
    where: file,
    message: `${bytes} bytes of it cannot be read; they are kept in ${file}.damaged`,
    remedy: "check the disk, and hunt the sources for that time",
  };
}

function troubleOf(file: string, error: unknown): Problem {
  return { code: "spool_not_removed", where: file, message: messageOf(error) };
}
