import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DiscardPolicy,
  jetstream,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { BusSettings } from "../../agent/bus/bus.ts";
import { checkBus } from "../../agent/bus/check-bus.ts";
import { connectBus } from "../../agent/bus/connect.ts";
import { streamConfig } from "../../agent/bus/streams.ts";
import { startBusThread } from "../../agent/bus/thread.ts";
import { systemClock } from "../../agent/core/clock.ts";
import { messageOf, TocsinError } from "../../agent/core/errors.ts";
import { storeClient } from "../../agent/store/client.ts";
import type { Reads, Write } from "../../agent/store/store.ts";
import {
  idsOf,
  type Receiving,
  type Sending,
  startReceiving,
  startSending,
  unitOf,
} from "../support/bus-scene.ts";
import { eventually, FACILITY } from "../support/daemon.ts";
import { busSettings, type NatsServer, natsServer, startNatsServer } from "../support/nats-server.ts";
import { describePeer } from "../support/peer.ts";
import { samples } from "../support/store-samples.ts";

let folder: string;
let server: NatsServer;
let settings: BusSettings;
const open: { close(): Promise<void> }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-bus-"));
});
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

async function begin(over: Partial<BusSettings> = {}, payload?: number): Promise<void> {
  server = await startNatsServer(join(folder, "nats"), payload === undefined ? {} : { payload });
  settings = busSettings(server, folder, over);
}
function sending(over: Partial<BusSettings> = {}, kept?: number): Sending {
  const made = startSending({ ...settings, ...over }, kept === undefined ? {} : { kept });
  open.push(made);
  return made;
}
function receiving(options: Parameters<typeof startReceiving>[1] = {}): Receiving {
  const made = startReceiving(settings, options);
  open.push(made);
  return made;
}
const units = (count: number, alerts = 5) => Array.from({ length: count }, () => unitOf(alerts));
const all = (of: Receiving, count: number) =>
  eventually(`${count} alerts`, () => of.ids.length >= count || undefined);
const spoolFiles = () =>
  readdirSync(join(settings.spool.folder, FACILITY)).filter((name) => name.endsWith(".spool"));
async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "resolved",
    (error: unknown) => (error instanceof TocsinError ? error.code : messageOf(error)),
  );
}
const raw = (of: Receiving) => jetstream(of.link.nats() as never);

describePeer(natsServer, "the bus over a real nats-server", () => {
  it("hands every unit on, in order, and takes it off the stream once it is handled", async () => {
    await begin();
    const to = receiving();
    const from = sending();
    const sent = units(200);
    for (const unit of sent) void from.publisher.publish(unit);
    await all(to, 1000);
    expect(to.ids).toEqual(idsOf(sent));
    const info = await (await raw(to).jetstreamManager(false)).streams.info(`TOCSIN_${FACILITY}`);
    expect(info.config).toMatchObject({ retention: "workqueue", discard: "new", storage: "file" });
    await expect.poll(async () => (await stateOf(to)).messages).toBe(0);
    expect(to.consumer.report()).toMatchObject({ lag: 0, refused: 0 });
    expect(from.publisher.report().spool).toMatchObject({ waiting: { records: 0 }, aside: 0 });
  });

  it("refuses a stream of one replica where three are asked for, and acknowledges nothing", async () => {
    await begin();
    const to = receiving();
    await eventually("stream", () => made(to));
    const from = sending({ durability: "replicas", replicas: 1 });
    await eventually("looked at", () => from.link.status().problem);
    expect(from.link.status().problem).toMatchObject({ code: "bus_not_durable" });
    expect(await codeOf(from.publisher.publish(unitOf(1)))).toBe("bus_not_durable");
    expect(spoolFiles()).toEqual([]);
  });

  it("refuses sync_always from a server that cannot, and says what to do", async () => {
    await begin();
    const to = receiving();
    await eventually("stream", () => made(to));
    const from = sending({ durability: "sync_always" });
    const problem = await eventually("problem", () => from.link.status().problem);
    expect(problem).toMatchObject({ code: "bus_not_durable", remedy: expect.stringContaining("2.10") });
    expect(await codeOf(from.publisher.publish(unitOf(1)))).toBe("bus_not_durable");
  });

  it("checks beforehand what would keep it from serving", async () => {
    await begin();
    const codes = async (over: Partial<BusSettings> = {}) =>
      (await checkBus({ ...settings, ...over }, { role: "receiver", facility: FACILITY }, 2)).map(
        ({ code }) => code,
      );
    expect(await codes()).toEqual(["bus_stream_missing"]);
    const to = receiving();
    await eventually("stream", () => made(to));
    expect(await codes()).toEqual([]);
    expect(await codes({ durability: "replicas" })).toEqual(["bus_not_durable"]);
    expect(await codes({ durability: "sync_always" })).toEqual(["bus_not_durable"]);
    expect(await codes({ servers: ["nats://127.0.0.1:1"] })).toEqual(["bus_away"]);
  });

  it.each<[string, Partial<StreamConfig>]>([
    ["drops what is old when it is full", { discard: DiscardPolicy.Old }],
    ["forgets by age", { max_age: 3_600_000_000_000 }],
    ["keeps in memory", { storage: StorageType.Memory }],
    ["keeps what was taken off", { retention: RetentionPolicy.Limits }],
    ["knows ids for a minute", { duplicate_window: 60_000_000_000 }],
  ])("refuses a stream that %s, on both sides, and leaves it as it is", async (_what, config) => {
    await begin();
    const link = connectBus(settings, { role: "correlator", facility: FACILITY });
    open.push(link);
    const nats = await eventually("connected", () => link.nats());
    const manager = await jetstream(nats).jetstreamManager();
    await manager.streams.add({ ...streamConfig(FACILITY, settings), ...config });
    const to = receiving();
    const from = sending();
    for (const { link: of } of [to, from]) {
      const problem = await eventually("problem", () => of.status().problem);
      expect(problem).toMatchObject({ code: "bus_not_durable" });
    }
    expect(await codeOf(from.publisher.publish(unitOf(1)))).toBe("bus_not_durable");
  });

  it("remembers over a restart of the receiver what the server took; else it publishes the same under the same ids", async () => {
    await begin();
    const early = receiving({ handle: () => Promise.reject(new Error("not yet")) });
    await eventually("stream", () => made(early));
    const first = sending({}, 180);
    const sent = units(20);
    for (const unit of sent) await first.publisher.publish(unit);
    await expect.poll(() => first.publisher.report().spool.kept.records, { timeout: 10_000 }).toBe(20);
    await first.close();
    open.splice(open.indexOf(first), 1);
    const second = sending({}, 180);
    expect(second.publisher.report().spool).toMatchObject({ kept: { records: 20 }, waiting: { records: 0 } });
    await second.publisher.publish(unitOf(1));
    await expect.poll(() => second.publisher.report().published, { timeout: 10_000 }).toBe(1);
    await second.close();
    open.splice(open.indexOf(second), 1);
    rmSync(join(settings.spool.folder, FACILITY, "acknowledged.json"));
    const third = sending({}, 180);
    await expect.poll(() => third.publisher.report().duplicates, { timeout: 10_000 }).toBe(21);
    expect((await stateOf(early)).messages).toBe(21);
  });

  it("gives a batch that is refused again, in order, until it is taken", async () => {
    await begin();
    let refusals = 3;
    const to = receiving({
      async handle() {
        if (refusals-- > 0) throw new Error("the record is away");
      },
    });
    const from = sending();
    const sent = units(30);
    for (const unit of sent) await from.publisher.publish(unit);
    await all(to, 150);
    expect(to.ids).toEqual(idsOf(sent));
    expect(to.troubles).toHaveLength(3);
  });

  it("ends when a newer correlator takes over, which gets all that was not acknowledged, in order", async () => {
    await begin();
    const from = sending();
    const old = receiving({ token: 7, handle: () => new Promise(() => {}) });
    const sent = units(10);
    for (const unit of sent) await from.publisher.publish(unit);
    await eventually("handed out", () => (old.consumer.report().lag ?? 0) > 0 || undefined);
    const young = receiving({ token: 8 });
    await all(young, 50);
    expect(young.ids).toEqual(idsOf(sent));
    old.consumer.lost();
    const late = receiving({ token: 7 });
    expect(await late.consumer.ended).toMatchObject({ code: "bus_taken_over" });
    open.splice(open.indexOf(old), 1);
    await old.link.close();
  });

  it("acknowledges nothing once it is lost", async () => {
    await begin();
    const from = sending();
    const handling = Promise.withResolvers<void>();
    const going = Promise.withResolvers<void>();
    const to = receiving({
      handle() {
        handling.resolve();
        return going.promise;
      },
    });
    await from.publisher.publish(unitOf(1));
    await handling.promise;
    to.consumer.lost();
    going.resolve();
    await to.consumer.ended;
    expect(await stateOf(to)).toMatchObject({ messages: 1 });
  });

  it("notes what is malformed or of a later release, takes it off, and goes on", async () => {
    await begin();
    const to = receiving();
    await eventually("stream", () => made(to));
    const later = headers();
    later.set("Tocsin-Version", "2");
    await raw(to).publish(`tocsin.${FACILITY}.alerts`, "<script>");
    await raw(to).publish(`tocsin.${FACILITY}.alerts`, "later", { headers: later });
    await raw(to).publish(`tocsin.${FACILITY}.alerts`);
    const from = sending();
    await from.publisher.publish(unitOf(2));
    await all(to, 2);
    expect(to.refused.map(({ sample }) => sample)).toEqual(["<script>", "later", ""]);
    expect(to.refused[1]?.reason).toContain("version 2");
    expect(to.consumer.report()).toMatchObject({ refused: 3, handled: 1 });
    await expect.poll(async () => (await stateOf(to)).messages).toBe(0);
  });

  it("divides what is larger than a message, and refuses what cannot be divided", async () => {
    await begin({}, 64 * 1024);
    const to = receiving();
    const from = sending();
    const large = unitOf(100, 4000);
    const before = from.publisher.publish(large);
    await before;
    await all(to, 100);
    expect([...to.ids].sort()).toEqual(idsOf([large]));
    expect(await codeOf(from.publisher.publish(unitOf(1, 70_000)))).toBe("bus_too_large");
    await from.publisher.publish(unitOf(1));
    await all(to, 101);
    expect(from.publisher.report().spool.aside).toBe(0);
  });

  it("spools while the stream is full, refuses when both are, and drains in order once there is room", async () => {
    await begin({ stream: { bytes: 200_000 }, spool: { folder: join(folder, "spool"), bytes: 300_000 } });
    let room = false;
    const to = receiving({
      async handle() {
        if (!room) throw new Error("the record is away");
      },
    });
    await eventually("stream", () => made(to));
    const from = sending({}, 0);
    const taken: string[] = [];
    let refused = "resolved";
    for (let turn = 0; refused === "resolved" && turn < 1000; turn++) {
      const unit = unitOf(1, 4000);
      refused = await codeOf(from.publisher.publish(unit));
      if (refused === "resolved") taken.push(...idsOf([unit]));
    }
    expect(refused).toBe("bus_full");
    expect(from.link.status().problem).toMatchObject({ code: "bus_stream_full" });
    expect((await stateOf(to)).bytes).toBeLessThanOrEqual(200_000);
    room = true;
    await all(to, taken.length);
    expect(to.ids).toEqual(taken);
    await from.publisher.publish(unitOf(1));
  });

  it("speaks to no server without TLS where that was asked for", async () => {
    await begin();
    const servers = [server.url.replace("nats:", "tls:")];
    const from = sending({ servers });
    expect(await eventually("problem", () => from.link.status().problem)).toMatchObject({ code: "bus_tls" });
    expect(from.link.status().connected).toBe(false);
  });

  it("starts no thread on a spool that another holds, nor with a key that is none", async () => {
    await begin();
    const first = await startBusThread({ settings, facility: FACILITY });
    open.push({ close: first.stop });
    expect(await codeOf(startBusThread({ settings, facility: FACILITY }))).toBe("spool_in_use");
    await first.stop();
    const keyed = { ...settings, authentication: { seed: "SUAM" } };
    expect(await codeOf(startBusThread({ settings: keyed, facility: FACILITY }))).toBe("bus_key_unreadable");
    const again = await startBusThread({ settings, facility: FACILITY });
    await again.stop();
    expect(await again.ended).toBeUndefined();
  });

  it("answers in the place of the store thread, and stops in order", async () => {
    await begin();
    const to = receiving();
    const statuses: boolean[] = [];
    const thread = await startBusThread(
      { settings, facility: FACILITY },
      { status: ({ connected }) => statuses.push(connected) },
    );
    open.push({ close: thread.stop });
    const store = storeClient(thread.connect(), { close() {} } as Reads & { close(): void });
    const make = samples(systemClock);
    const commit = (writes: Write[]) => store.commit({ facility: FACILITY, at: systemClock.now(), writes });
    const entry = { source: "siem", received: 1, code: "json", message: "no JSON", sample: "{" };
    expect(await commit([make.alert(), { write: "quarantine", entry }, make.alert()])).toEqual({
      outcome: "committed",
      alerts: ["stored", "stored"],
    });
    expect(await store.checkpoint(FACILITY)).toBeUndefined();
    expect(await codeOf(commit([make.incidentPut(make.incident())]))).toBe("not_for_the_bus");
    await thread.answers();
    await all(to, 2);
    await expect.poll(async () => (await thread.report()).spool.waiting.records).toBe(0);
    expect(statuses).toContain(true);
    await store.close();
    await thread.stop();
    expect(await thread.ended).toBeUndefined();
  });
});

const made = (of: Receiving) =>
  of.link.nats() === undefined ? undefined : stateOf(of).catch(() => undefined);

async function stateOf(of: Receiving): Promise<{ messages: number; bytes: number }> {
  return (await (await raw(of).jetstreamManager(false)).streams.info(`TOCSIN_${FACILITY}`)).state;
}
