import { copyFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { stateFiles } from "../../agent/setup.ts";
import { eventually, FACILITY } from "../support/daemon.ts";
import { describePeer, gcc } from "../support/peer.ts";
import { chainFaultsIn, faultsOf, type Sent, storedIn } from "./invariants.ts";
import { type Machine, startMachine } from "./machine/machine.ts";
import { allDone, inRecord, inspectMachine, postTo } from "./machine/night.ts";

let machine: Machine | undefined;
afterEach(async () => {
  await machine?.close();
  machine = undefined;
});

const nothing = (): Sent => ({ events: new Set(), acknowledged: new Set() });

/** Posts batches of alerts of some size until `until` says so, each again until it is taken. */
async function storm(
  on: Machine,
  sent: Sent,
  { client, padding, until }: { client: number; padding: number; until: () => boolean },
) {
  for (let batch = 0; !until(); batch++) {
    const events = Array.from({ length: 50 }, (_, n) => `s0-h${client}-${batch * 50 + n}`);
    for (const event of events) sent.events.add(event);
    const alerts = events.map((id) => ({
      ...{ event: { id }, host: "pacs-01", more: "x".repeat(padding) },
      message: `vssadmin.exe delete shadows /all /quiet (${id})`,
    }));
    while ((await postTo(on, alerts)) !== 202) {
      if (until()) return;
      await setTimeout(200);
    }
    for (const event of events) sent.acknowledged.add(event);
  }
}

async function sorted(on: Machine): Promise<void> {
  await eventually(
    "all to be sorted",
    () =>
      inRecord(on, async (reads) => {
        const incidents = await reads.byState(FACILITY, "incident", [], { limit: 10 });
        const joined = incidents.reduce((sum, { content }) => sum + content.alerts, 0);
        return joined === (await reads.countAlerts(FACILITY)) || undefined;
      }),
    90,
  );
  await allDone(on);
}

describePeer(gcc, "under pressure", () => {
  it("of memory a daemon that ends is started again, and what it answered for is there once", {
    timeout: 240_000,
  }, async () => {
    machine = await startMachine();
    const on = machine;
    const sent = nothing();
    // So little that reading its rules and a few batches nearly fill it.
    on.environment.NODE_OPTIONS = "--max-old-space-size=34";
    await on.daemon.kill();
    let over = false;
    const done = () => over;
    const clients = [1, 2, 3, 4].map((client) => storm(on, sent, { client, padding: 4000, until: done }));
    await eventually(
      "it to end for want of memory",
      () => (on.daemon.ends.length > 1 ? true : undefined),
      60,
    );
    delete on.environment.NODE_OPTIONS;
    await on.daemon.kill();
    await eventually(
      "clients to be answered again",
      () => (sent.acknowledged.size > 0 ? true : undefined),
      60,
    );
    over = true;
    await Promise.all(clients);
    await on.ready();
    await sorted(on);
    expect(faultsOf(await inspectMachine(on, sent))).toEqual({});
  });

  it("of a machine that stands still for five seconds, all clients are answered after it and nothing is told twice", {
    timeout: 120_000,
  }, async () => {
    machine = await startMachine();
    const on = machine;
    const sent = nothing();
    let over = false;
    const clients = [1, 2].map((client) => storm(on, sent, { client, padding: 0, until: () => over }));
    await eventually("some answers", () => (sent.acknowledged.size > 200 ? true : undefined));
    on.daemon.pause();
    const before = sent.acknowledged.size;
    await setTimeout(5000);
    expect(sent.acknowledged.size - before).toBeLessThanOrEqual(100);
    on.daemon.resume();
    await eventually("answers again", () => (sent.acknowledged.size > before + 200 ? true : undefined));
    over = true;
    await Promise.all(clients);
    await sorted(on);
    expect(on.daemon.starts()).toBe(1);
    expect(faultsOf(await inspectMachine(on, sent))).toEqual({});
  });
});

describePeer(gcc, "after a power cut", () => {
  /** What the disk kept takes the place of what the kernel had. */
  function cutPower({ state, shadow }: Machine): string {
    for (const name of readdirSync(state)) if (name.startsWith("tocsin.sqlite")) rmSync(join(state, name));
    for (const name of readdirSync(shadow))
      if (name.startsWith("tocsin.sqlite") && !name.endsWith("-shm"))
        copyFileSync(join(shadow, name), join(state, name));
    return `${stateFiles(state).database}-wal`;
  }

  async function taken(on: Machine, sent: Sent): Promise<void> {
    let batches = 0;
    await storm(on, sent, { client: 1, padding: 0, until: () => ++batches > 8 });
    await on.daemon.kill({ again: false });
  }

  it("with half a write at the end of its log a daemon has all that it answered for", {
    timeout: 60_000,
  }, async () => {
    machine = await startMachine();
    const sent = nothing();
    await taken(machine, sent);
    const log = cutPower(machine);
    writeFileSync(log, Buffer.alloc(5000, 0x5a), { flag: "a" });
    machine.daemon.start();
    await machine.ready();
    await sorted(machine);
    expect(faultsOf(await inspectMachine(machine, sent))).toEqual({});
  });

  it("on a disk that had lied about half of its log, a daemon starts on what is there, and goes on from it", {
    timeout: 60_000,
  }, async () => {
    machine = await startMachine();
    const on = machine;
    const sent = nothing();
    await taken(on, sent);
    const log = cutPower(on);
    truncateSync(log, Math.floor(statSync(log).size / 2) + 17);
    on.daemon.start();
    await on.ready();
    expect(
      await postTo(on, {
        event: { id: "after" },
        host: "pacs-02",
        message: "vssadmin.exe delete shadows /all (s0-h2-1)",
      }),
    ).toBe(202);
    await eventually("it to be stored", () => (storedIn(on.state).includes("s0-h2-1") ? true : undefined));
    await sorted(on);
    // What is lost is the end, of which no head had been signed yet: what is there is whole.
    const kept = new Set(storedIn(on.state));
    expect(kept.size).toBeLessThan(sent.acknowledged.size);
    expect(chainFaultsIn(on.state)).toEqual([]);
  });
});
