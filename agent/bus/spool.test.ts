import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Problem } from "../core/errors.ts";
import { openSpool, type Spool, type SpoolOptions } from "./spool.ts";
import type { SpoolRecord } from "./spool-segment.ts";

let folder: string;
let spool: Spool | undefined;
let now = 0;
const troubles: Problem[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-spool-"));
  now = Date.UTC(2026, 5, 7) * 1000;
  troubles.length = 0;
});
afterEach(async () => {
  await spool?.close();
  rmSync(folder, { recursive: true });
});

function open(over: Partial<SpoolOptions> = {}): Spool {
  const onTrouble = (problem: Problem) => troubles.push(problem);
  spool = openSpool({ folder, bytes: 1e6, kept_seconds: 0, clock: { now: () => now }, onTrouble, ...over });
  return spool;
}
async function reopened(over: Partial<SpoolOptions> = {}): Promise<Spool> {
  await spool?.close();
  return open(over);
}
const record = (id: number, size = 100): SpoolRecord => ({
  id: `m${id}`,
  rules: "ab12",
  payload: Buffer.alloc(size, id),
});
const records = (count: number, size?: number) => Array.from({ length: count }, (_, id) => record(id, size));
function rest(of: Spool): string[] {
  const ids: string[] = [];
  for (let taken = of.take(); taken !== undefined; taken = of.take()) ids.push(taken.record.id);
  return ids;
}
const MARK = { server: "NATS-1", seq: 7 };
function takeAll(of: Spool): void {
  for (let taken = of.take(); taken !== undefined; taken = of.take()) of.acked(taken, MARK);
}
const segments = () => readdirSync(folder).filter((name) => name.endsWith(".spool"));
const ids = (count: number) => records(count).map(({ id }) => id);

it("gives back what it was given, byte for byte, in order, and after a start anew", async () => {
  const first = open();
  await Promise.all(records(20).map((each) => first.append([each])));
  expect(first.take()?.record).toEqual(record(0));
  expect(rest(first)).toEqual(ids(20).slice(1));
  const second = await reopened();
  expect(second.waiting()).toBe(20);
  expect(second.take()?.record).toEqual(record(0));
  expect(rest(second)).toEqual(ids(20).slice(1));
});

it("goes on after the end while it is read", async () => {
  const open1 = open();
  await open1.append([record(0)]);
  expect(rest(open1)).toEqual(["m0"]);
  await open1.append([record(1)]);
  expect(rest(open1)).toEqual(["m1"]);
});

it("removes a segment once all of it is acknowledged, and not before", async () => {
  const opened = open();
  await opened.append(records(3));
  const taken = [opened.take(), opened.take(), opened.take()];
  for (const each of taken.slice(0, 2)) if (each !== undefined) opened.acked(each, MARK);
  expect(segments()).toHaveLength(1);
  if (taken[2] !== undefined) opened.acked(taken[2], MARK);
  await expect.poll(segments).toEqual([]);
  expect(opened.report()).toMatchObject({ bytes: 0, waiting: { records: 0, bytes: 0 }, oldest: null });
});

it("keeps what nobody has acknowledged when all before it is, segment by segment, in one turn", async () => {
  const opened = open();
  for (const each of records(20, 40_000)) await opened.append([each]);
  expect(segments().length).toBeGreaterThan(5);
  for (let i = 0; i < 19; i++) {
    const taken = opened.take();
    if (taken !== undefined) opened.acked(taken, MARK);
  }
  await expect.poll(segments).toHaveLength(1);
  expect(opened.waiting()).toBe(1);
  opened.rewind();
  expect(rest(opened)).toContain("m19");
  const { bytes } = opened.report();
  expect(bytes).toBeGreaterThan(40_000);
  expect(bytes).toBeLessThan(100_000);
});

it("keeps what is acknowledged for its time, and gives it out again after a rewind", async () => {
  const opened = open({ kept_seconds: 180 });
  await opened.append(records(2));
  const old = opened.take();
  if (old !== undefined) opened.acked(old, MARK);
  opened.rewind();
  if (old !== undefined) opened.acked(old, MARK);
  expect(opened.waiting()).toBe(2);
  takeAll(opened);
  expect(opened.report()).toMatchObject({ waiting: { records: 0 }, kept: { records: 2 } });
});

describe("after a start anew, what JetStream had taken", () => {
  const kept_seconds = 180;

  it("waits no more, and goes when it would have gone", async () => {
    const opened = open({ kept_seconds });
    await opened.append(records(2));
    takeAll(opened);
    now += 179e6;
    const second = await reopened({ kept_seconds });
    expect(second.mark).toEqual(MARK);
    expect(second.waiting()).toBe(0);
    expect(rest(second)).toEqual([]);
    await second.append([record(2)]);
    expect(rest(second)).toEqual(["m2"]);
    now += 2e6;
    const third = await reopened({ kept_seconds });
    expect(segments()).toHaveLength(1);
    expect(rest(third)).toEqual(["m2"]);
  });

  it("is given out again after a rewind", async () => {
    const opened = open({ kept_seconds });
    await opened.append(records(2));
    takeAll(opened);
    const second = await reopened({ kept_seconds });
    second.rewind();
    expect(second.waiting()).toBe(2);
    // Ended before JetStream took it anew: it is not taken for taken.
    const third = await reopened({ kept_seconds });
    expect(rest(third)).toEqual(ids(2));
  });

  it("waits again where that cannot be read, or was not all taken", async () => {
    const opened = open({ kept_seconds });
    await opened.append(records(3));
    const first = opened.take();
    if (first !== undefined) opened.acked(first, MARK);
    const second = await reopened({ kept_seconds });
    expect(rest(second)).toEqual(ids(3));
    second.rewind();
    takeAll(second);
    await second.close();
    writeFileSync(join(folder, "acknowledged.json"), '{"server":');
    expect(rest(open({ kept_seconds }))).toEqual(ids(3));
  });

  it("is known as soon as a segment is whole, should the end be sudden", async () => {
    const opened = open({ kept_seconds });
    for (const each of records(6, 40_000)) await opened.append([each]);
    takeAll(opened);
    const { segments: taken } = JSON.parse(readFileSync(join(folder, "acknowledged.json"), "utf8"));
    expect(Object.keys(taken)).toEqual(segments().slice(0, -1));
  });
});

it("refuses at once what would not fit, and takes it when there is room again", async () => {
  const opened = open({ bytes: 100_000 });
  await opened.append(records(9, 10_000));
  await expect(opened.append(records(1, 10_000))).rejects.toMatchObject({ code: "spool_full" });
  expect(opened.report().bytes).toBeLessThanOrEqual(100_000);
  takeAll(opened);
  await expect.poll(() => opened.report().bytes).toBe(0);
  await opened.append(records(1, 10_000));
});

it("says whether what fills it waits for NATS, or was taken and is kept", async () => {
  const opened = open({ bytes: 100_000, kept_seconds: 180 });
  await opened.append(records(9, 10_000));
  await expect(opened.append(records(1, 10_000))).rejects.toThrow(/what waits for NATS fills it/);
  takeAll(opened);
  await expect(opened.append(records(1, 10_000))).rejects.toThrow(/which is kept for 180 s more/);
});

it("says how much waits, since when, and how long the room lasts", async () => {
  const opened = open();
  const began = now;
  await opened.append(records(10, 1000));
  now += 9e6;
  const { waiting, oldest, lasts_seconds, bytes, limit } = opened.report();
  expect(waiting).toEqual({ records: 10, bytes: bytes - 8 });
  expect(oldest).toBe(began);
  // Some 1000 bytes a second over ten seconds.
  expect(lasts_seconds).toBeGreaterThan((limit - bytes) / 1100);
  expect(lasts_seconds).toBeLessThan((limit - bytes) / 1000);
});

it.each([
  ["half a record", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, -30)), 4],
  ["a flipped byte in the last record", flipAt(-30), 4],
  ["zeros, as a file system leaves them", (file: string) => appendFileSync(file, Buffer.alloc(500)), 5],
  ["a length of gigabytes", (file: string) => appendFileSync(file, Buffer.alloc(9, 0xff)), 5],
  ["nothing but half its head", (file: string) => writeFileSync(file, "TCSP"), 0],
])("takes up what is whole when a power cut left %s", async (_what, harm, whole) => {
  const opened = open();
  await opened.append(records(5));
  await opened.close();
  harm(join(folder, segments()[0] ?? ""));
  const again = open();
  expect(rest(again)).toEqual(ids(whole));
  await again.append([record(9)]);
  expect(rest(again)).toEqual(["m9"]);
  const third = await reopened();
  expect(rest(third)).toEqual([...ids(whole), "m9"]);
});

it("says which older segment is damaged, and keeps its bytes", async () => {
  const opened = open({ bytes: 1e6 });
  for (const each of records(20, 20_000)) await opened.append([each]);
  await opened.close();
  const [first = ""] = segments();
  flipAt(100)(join(folder, first));
  const again = open();
  expect(troubles).toMatchObject([{ code: "spool_damaged" }]);
  expect(again.waiting()).toBeLessThan(20);
  expect(existsSync(join(folder, `${first}.damaged`))).toBe(true);
});

it("is held by one", async () => {
  open();
  expect(() =>
    openSpool({ folder, bytes: 1, kept_seconds: 0, clock: { now: () => 0 }, onTrouble() {} }),
  ).toThrow(expect.objectContaining({ code: "spool_in_use" }));
});

it("sets a record aside in a file of its own", async () => {
  const opened = open();
  await opened.append([record(0), record(1)]);
  const taken = opened.take();
  if (taken !== undefined) await opened.setAside(taken, MARK, "message size exceeds maximum allowed");
  expect(readFileSync(join(folder, "m0.aside"))).toEqual(record(0).payload);
  expect(opened.report()).toMatchObject({ aside: 1, waiting: { records: 1 } });
  expect(troubles).toMatchObject([{ code: "bus_set_aside" }]);
});

function flipAt(at: number) {
  return (file: string) => {
    const bytes = readFileSync(file);
    const place = at < 0 ? bytes.length + at : at;
    bytes.writeUInt8(bytes.readUInt8(place) ^ 0xff, place);
    writeFileSync(file, bytes);
  };
}
