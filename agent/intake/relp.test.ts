import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { inboundNamed } from "../../connectors/registry.ts";
import { compileGate } from "../../rules/engine/gate.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { openRelp, type RelpClient, relpFrame } from "../../test/support/relp-client.ts";
import { systemClock as clock } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import type { QuarantineEntry, Receipt, Unit } from "../store/store.ts";
import { openLines } from "./lines.ts";
import { intakeMetrics } from "./metrics.ts";
import { listenRelp } from "./relp.ts";
import { openSampler } from "./sampler.ts";
import type { OpenListener } from "./sources.ts";
import { openTaker } from "./taker.ts";

const { rules: LOADED } = loadRules([join(import.meta.dirname, "../../rules/detection")]);
const relevant = (what: string | number) =>
  `<34>Oct 11 22:14:15 pacs-01 app: vssadmin delete shadows /all (${what})`;
const plain = (what: string | number) => `<34>Oct 11 22:14:15 pacs-01 app: all is well (${what})`;

/** What survives a restart, and a store that can fail or make wait. */
class Disk {
  stored: string[] = [];
  quarantined: QuarantineEntry[] = [];
  bookmarks = new Map<string, string>();
  /** Units that wait for `release`. */
  held: (() => void)[] | undefined;
  failing = false;

  release(): void {
    const all = this.held ?? [];
    this.held = undefined;
    for (const go of all) go();
  }

  async commit({ writes }: Unit): Promise<Receipt> {
    const hold = this.held;
    if (hold !== undefined) await new Promise<void>((go) => hold.push(go));
    if (this.failing) throw new Error("the disk is full");
    const alerts: "stored"[] = [];
    for (const write of writes) {
      if (write.write === "quarantine") this.quarantined.push(write.entry);
      if (write.write === "bookmark") this.bookmarks.set(write.name, write.content);
      if (write.write !== "alert") continue;
      alerts.push("stored");
      this.stored.push(/\(([^)]*)\)$/.exec(write.alert.alert.message ?? "")?.[1] ?? "");
    }
    return { outcome: "committed", alerts };
  }
}

/** A listener over a disk. */
async function listen(disk: Disk, over: { recordBytes?: number } = {}) {
  const metrics = intakeMetrics();
  const rules = compileRules(LOADED);
  const taker = openTaker({
    facility: "ch-x",
    rules,
    commit: (unit) => disk.commit(unit),
    clock,
    newId: uuidv7(clock),
    metrics,
    detected: () => undefined,
    failed: () => undefined,
  });
  const gate = compileGate(rules);
  const sampler = openSampler({ clock, metrics });
  const connector = inboundNamed("syslog");
  if (connector === undefined) throw new Error("no syslog");
  const listener = await listenRelp({
    source: { id: "relp", connector, zone: "UTC" },
    address: "127.0.0.1",
    port: 0,
    recordBytes: over.recordBytes ?? 1000,
    connections: 100,
    idleSeconds: 60,
    lines: () => openLines({ taker, gate, clock, metrics, sampler, lost: () => undefined }),
    taker,
    metrics,
    clock,
    bookmark: async (name) => disk.bookmarks.get(name),
  });
  const counted = async (counter: "repeats" | "unanswered" | "records") => {
    const { values } = await metrics[counter].get();
    return values.reduce((sum, { value }) => sum + value, 0);
  };
  return { listener, taker, metrics, port: listener.port, counted };
}

let opened: { disk: Disk; listener: OpenListener; taker: { close(): Promise<void> } }[] = [];
let clients: RelpClient[] = [];
async function start(disk: Disk, over?: Parameters<typeof listen>[1]) {
  const here = await listen(disk, over);
  opened.push({ disk, ...here });
  return here;
}
async function client(port: number, window?: number): Promise<RelpClient> {
  const made = await openRelp(port, window);
  clients.push(made);
  return made;
}
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  for (const { disk, listener, taker } of opened) {
    disk.release();
    await listener.stop();
    await taker.close();
  }
  opened = [];
  clients = [];
});
/** Cuts a connection without a word, and lets its end arrive. */
async function cut({ socket }: RelpClient): Promise<void> {
  const closed = once(socket, "close");
  socket.resetAndDestroy();
  await closed;
}

describe("a message over RELP", () => {
  it("is acknowledged once it is refused, without interest or stored, in order", async () => {
    const disk = new Disk();
    const { port, counted } = await start(disk);
    const here = await client(port);
    disk.held = [];
    void here.send([plain(1), relevant(2), plain(3), "", relevant(4)]);
    await expect.poll(() => disk.held?.length).toBe(1);
    await expect.poll(() => here.acknowledged).toEqual([plain(1)]);
    disk.release();
    await expect.poll(() => here.acknowledged.length).toBe(5);
    expect(disk.stored).toEqual(["2", "4"]);
    expect(await counted("records")).toBe(2);
  });

  it("is kept twice when it is sent twice, in one session and after an orderly end", async () => {
    const disk = new Disk();
    const { port, counted } = await start(disk);
    const first = await client(port);
    await first.send([relevant("same"), relevant("same")]);
    await first.close();
    expect(first.said()).toMatch(/4 rsp 6 200 OK\n0 serverclose 0\n$/);
    await (await client(port)).send([relevant("same")]);
    expect(disk.stored).toEqual(["same", "same", "same"]);
    expect(await counted("repeats")).toBe(0);
  });

  it("that is too long is cut, counted and acknowledged", async () => {
    const disk = new Disk();
    const { port, taker } = await start(disk, { recordBytes: 200 });
    const here = await client(port);
    await here.send([`${relevant("long")} ${"x".repeat(100_000)}`, relevant("next")]);
    await taker.close();
    expect([disk.stored.length, disk.stored[1]]).toEqual([2, "next"]);
    expect(disk.quarantined).toMatchObject([{ code: "record_too_long" }]);
  });

  it("that breaks the protocol is listed, and the session is over", async () => {
    const disk = new Disk();
    const { port, taker } = await start(disk);
    const here = await client(port);
    here.socket.write("2 syslog 3 abcd\n");
    await once(here.socket, "close");
    await taker.close();
    expect(here.said()).toMatch(/0 serverclose 0\n$/);
    expect(disk.quarantined).toMatchObject([
      { source: "relp", code: "relp_bad_frame", sample: "2 syslog 3 " },
    ]);
  });
});

describe("what a sender repeats after a lost connection", () => {
  const lines = Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? relevant(i) : plain(i)));
  const kept = ["0", "3", "6", "9", "12", "15", "18"];

  it.each([
    ["the connection", false],
    ["the server", true],
  ])("is stored once when %s was cut after it was stored", async (_, restarts) => {
    const disk = new Disk();
    const before = await start(disk);
    const first = await client(before.port);
    await first.send(lines.slice(0, 11));
    await cut(first);
    const after = restarts ? await start(disk) : before;
    // Answers to the last eight never arrived, as far as this sender knows.
    await (await client(after.port)).send(lines.slice(3));
    expect(disk.stored).toEqual(kept);
    expect(await after.counted("repeats")).toBe(3);
  });

  it("is stored once when it is on its way to the disk", async () => {
    const disk = new Disk();
    const { port, counted } = await start(disk);
    disk.held = [];
    const first = await client(port);
    void first.send([relevant(1), relevant(2)]);
    await expect.poll(() => disk.held?.length).toBe(1);
    await cut(first);
    const second = await client(port);
    const sent = second.send([relevant(1), relevant(2), relevant(3)]);
    await expect.poll(() => second.socket.bytesWritten).toBeGreaterThan(200);
    disk.release();
    await sent;
    expect([disk.stored, await counted("repeats")]).toEqual([["1", "2", "3"], 2]);
  });

  it("is stored when the store had failed: it was not acknowledged, nor was anything after it", async () => {
    const disk = new Disk();
    const { port, counted } = await start(disk);
    const first = await client(port);
    await first.send([relevant(1)]);
    disk.failing = true;
    await first.send([plain(2), relevant(3), plain(4), relevant(5)]);
    expect(first.acknowledged).toEqual([relevant(1), plain(2)]);
    expect(await counted("unanswered")).toBe(2);
    disk.failing = false;
    await (await client(port)).send(first.unacknowledged);
    expect([disk.stored, await counted("repeats")]).toEqual([["1", "3", "5"], 0]);
  });

  it("is told apart for each of several connections of one address", async () => {
    const disk = new Disk();
    const before = await start(disk);
    const [a, b] = [await client(before.port), await client(before.port)];
    await Promise.all([a.send(["a1", "a2"].map(relevant)), b.send(["b1", "b2"].map(relevant))]);
    await Promise.all([cut(a), cut(b)]);
    const { port, counted } = await start(disk);
    const [c, d] = [await client(port), await client(port)];
    await Promise.all([d.send(["a2", "a3"].map(relevant)), c.send(["b1", "b2", "b3"].map(relevant))]);
    expect(disk.stored.toSorted()).toEqual(["a1", "a2", "a3", "b1", "b2", "b3"]);
    expect(await counted("repeats")).toBe(3);
  });

  it("is known again after a repetition that was itself cut short", async () => {
    const disk = new Disk();
    let { port, counted } = await start(disk);
    const first = await client(port);
    await first.send(lines);
    await cut(first);
    for (const from of [4, 4, 7]) {
      ({ port, counted } = await start(disk));
      const again = await client(port);
      const more = [...lines.slice(from), relevant(`after ${from}`)];
      await again.send(more.slice(0, from === 7 ? more.length : -1));
      await cut(again);
    }
    expect([disk.stored, await counted("repeats")]).toEqual([[...kept, "after 7"], 4]);
  });

  it("is new when nothing of it had been stored", async () => {
    const disk = new Disk();
    const { port, counted } = await start(disk);
    const first = await client(port);
    await first.send([relevant(1), plain(2)]);
    await cut(first);
    await (await client(port)).send([plain(2), relevant(3)]);
    expect([disk.stored, await counted("repeats")]).toEqual([["1", "3"], 0]);
  });

  it("is new when its sender stops before the last that was stored", async () => {
    const disk = new Disk();
    const { port, counted } = await start(disk);
    const first = await client(port);
    await first.send([relevant(1), relevant(2), relevant(3)]);
    await cut(first);
    await (await client(port)).send([relevant(1)]);
    expect([disk.stored, await counted("repeats")]).toEqual([["1", "2", "3", "1"], 0]);
  });
});

describe("a client", () => {
  it("that reads no answer is made to wait, and loses none", async () => {
    const { port, metrics } = await start(new Disk());
    const here = await client(port);
    const frames = 1_000_000;
    here.socket.removeAllListeners("data");
    here.socket.pause();
    for (let i = 0; i < frames; i += 1000)
      here.socket.write(Array.from({ length: 1000 }, (_, j) => relpFrame(i + j + 2, "syslog")).join(""));
    const sent = here.socket.bytesWritten;
    const bytes = async () => (await metrics.bytes.get()).values[0]?.value ?? 0;
    let seen = 0;
    const stands = async () => {
      const before = seen;
      seen = await bytes();
      return seen > 0 && before === seen;
    };
    await expect.poll(stands, { interval: 200, timeout: 20_000 }).toBe(true);
    expect(seen).toBeLessThan(sent);
    let answers = 0;
    here.socket.on("data", (chunk: Buffer) => {
      for (const byte of chunk) if (byte === 0x0a) answers++;
    });
    here.socket.resume();
    await expect.poll(() => answers, { timeout: 20_000 }).toBe(frames);
  });

  it("is told when the server stops, once it has its answers", async () => {
    const disk = new Disk();
    const { listener, port } = await start(disk);
    const here = await client(port);
    disk.held = [];
    void here.send([relevant(1)]);
    await expect.poll(() => disk.held?.length).toBe(1);
    const stopped = listener.stop();
    disk.release();
    await stopped;
    expect(here.said()).toMatch(/2 rsp 6 200 OK\n0 serverclose 0\n$/);
  });
});
