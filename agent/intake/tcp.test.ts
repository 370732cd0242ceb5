import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { inboundNamed } from "../../connectors/registry.ts";
import { compileGate } from "../../rules/engine/gate.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { systemClock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import { openBacklog } from "./backlog.ts";
import { openHolding } from "./holding.ts";
import { openLines } from "./lines.ts";
import { intakeMetrics } from "./metrics.ts";
import { openSampler } from "./sampler.ts";
import type { OpenListener, TextSource } from "./sources.ts";
import { openTaker } from "./taker.ts";
import { listenTcp } from "./tcp.ts";

const clock = systemClock;
const rules = compileRules(loadRules([join(import.meta.dirname, "../../rules/detection")]).rules);
const gate = compileGate(rules);
const source: TextSource = { id: "lines", connector: inboundNamed("auto") as never, zone: "UTC" };

/** A listener before a store that refuses while it is told to. */
async function scene({ idleSeconds = 60 } = {}) {
  const metrics = intakeMetrics();
  const stored: string[] = [];
  let refuses = true;
  const taker = openTaker({
    ...{ facility: "ch-x", rules, clock, newId: uuidv7(clock), metrics },
    async commit({ writes }) {
      if (refuses) throw new TocsinError({ code: "store_full", message: "database or disk is full" });
      for (const write of writes)
        if (write.write === "alert") stored.push(write.alert.alert.event?.original ?? "");
      return { outcome: "committed", alerts: writes.map(() => "stored" as const) };
    },
    detected: () => undefined,
    failed: () => undefined,
  });
  const holding = openHolding({ metrics, clock, every: 5, patience: 50 });
  const sampler = openSampler({ clock, metrics });
  const shared = { taker, gate, clock, metrics, sampler, holding, backlog: openBacklog() };
  const listen = (): Promise<OpenListener> =>
    listenTcp({
      ...{ source, address: "127.0.0.1", port: 0, connections: 100, idleSeconds, recordBytes: 65536 },
      ...{ metrics, clock, taker, lines: () => openLines({ ...shared, lost: () => undefined }) },
    });
  const total = async (name: "bytes" | "lost") =>
    (await metrics[name].get()).values.reduce((sum, { value }) => sum + value, 0);
  return {
    ...{ listen, stored, holding, total },
    refuse(now: boolean) {
      refuses = now;
    },
  };
}

describe("plain TCP while the store refuses", () => {
  let here: Awaited<ReturnType<typeof scene>>;
  const clients: Socket[] = [];
  const listeners: OpenListener[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await Promise.all(listeners.splice(0).map(({ stop }) => stop()));
    await here.holding.close();
  });
  async function open(): Promise<OpenListener> {
    const listener = await here.listen();
    listeners.push(listener);
    return listener;
  }
  async function client({ port }: OpenListener): Promise<Socket> {
    const socket = connect(port, "127.0.0.1").on("error", () => undefined);
    clients.push(socket);
    await once(socket, "connect");
    return socket;
  }
  const line = (i: number, more = "") =>
    `<34>Jun  7 00:10:00 pacs-01 app: vssadmin delete shadows (${i}) ${more}`;

  it("is not read: senders wait with what they have, and all of it is stored in order afterwards", async () => {
    here = await scene();
    const listener = await open();
    const other = await client(listener);
    const sender = await client(listener);
    // More than the kernel holds for both sides.
    const lines = Array.from({ length: 3000 }, (_, i) => line(i, "x".repeat(10_000)));
    sender.write(`${lines.join("\n")}\n`);
    await expect.poll(() => here.holding.refused()).toBe(true);
    other.write(`${line(9999)}\n`);
    // It is held although it had sent nothing when the store began to refuse.
    let read = -1;
    await expect
      .poll(async () => {
        const before = read;
        read = await here.total("bytes");
        return read === before;
      })
      .toBe(true);
    expect(read).toBeLessThan(2_000_000);
    expect(sender.writableLength).toBeGreaterThan(0);
    expect([await here.total("lost"), here.stored.length]).toEqual([0, 0]);
    here.refuse(false);
    await expect.poll(() => here.stored.length, { timeout: 20_000 }).toBe(3001);
    expect(here.stored.filter((text) => !text.includes("(9999)"))).toEqual(lines);
    expect(await here.total("lost")).toBe(0);
  }, 60_000);

  it("keeps connections that it holds back itself, however long, and closes those that fall silent", async () => {
    here = await scene({ idleSeconds: 1 });
    const listener = await open();
    const held = await client(listener);
    let closed = 0;
    held.on("close", () => closed++);
    held.write(`${line(1)}\n`);
    await expect.poll(() => here.holding.refused()).toBe(true);
    // As much time as two silences take passes on connections of a listener beside, which holds nobody.
    const own = here;
    here = await scene({ idleSeconds: 1 });
    const beside = await open();
    for (let i = 0; i < 2; i++) await once((await client(beside)).resume(), "close");
    expect(closed).toBe(0);
    own.refuse(false);
    await expect.poll(() => own.stored.length).toBe(1);
    await once(held.resume(), "close");
    await own.holding.close();
  });

  it("hands on what a sender that has left had sent, once the store takes again", async () => {
    here = await scene();
    const listener = await open();
    const sender = await client(listener);
    const closed = once(sender.resume(), "close");
    sender.end(`${line(1)}\n${line(2)}`);
    await expect.poll(() => here.holding.refused()).toBe(true);
    here.refuse(false);
    await closed;
    await expect.poll(() => here.stored).toEqual([line(1), line(2)]);
  });

  it("stops all the same, and counts what it had read and could not hand on as lost", async () => {
    here = await scene();
    const listener = await open();
    const sender = await client(listener);
    sender.resume().write(`${line(1)}\n${line(2)}\n`);
    await expect.poll(() => here.holding.refused()).toBe(true);
    await listener.stop();
    await here.holding.close();
    await expect.poll(() => here.total("lost")).toBe(2);
  });
});
