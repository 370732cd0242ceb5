import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock as clock } from "../../agent/core/clock.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { openBacklog } from "../../agent/intake/backlog.ts";
import { openHolding } from "../../agent/intake/holding.ts";
import { openLines } from "../../agent/intake/lines.ts";
import { intakeMetrics } from "../../agent/intake/metrics.ts";
import { openSampler } from "../../agent/intake/sampler.ts";
import { openTaker } from "../../agent/intake/taker.ts";
import { listenTcp } from "../../agent/intake/tcp.ts";
import { sealUnit } from "../../agent/store/seal.ts";
import { inboundNamed } from "../../connectors/registry.ts";
import { compileGate } from "../../rules/engine/gate.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { startReceiving, startSending } from "../support/bus-scene.ts";
import { eventually, FACILITY } from "../support/daemon.ts";
import { busSettings, type NatsServer, natsServer, startNatsServer } from "../support/nats-server.ts";
import { describePeer } from "../support/peer.ts";

const LINES = 2000;
const SPOOL_BYTES = 1024 * 1024;

describePeer(natsServer, "plain TCP to a receiver whose spool is full while NATS is away", () => {
  let folder: string;
  let nats: NatsServer;
  const closing: (() => Promise<unknown> | undefined)[] = [];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-held-"));
    nats = await startNatsServer(join(folder, "nats"));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is not read until there is room again: all of it arrives, in order, and none is counted as lost", async () => {
    const settings = busSettings(nats, folder, {
      spool: { folder: join(folder, "spool"), bytes: SPOOL_BYTES },
    });
    const texts: string[] = [];
    const receiving = startReceiving(settings, {
      async handle(units) {
        for (const { writes } of units)
          for (const write of writes)
            if (write.write === "alert") texts.push(/\((\d+)\)/.exec(write.content)?.[1] ?? "");
      },
    });
    closing.push(receiving.close);
    // What NATS has taken is not kept for minutes here.
    const sending = startSending(settings, { kept: 0 });
    closing.push(sending.close);
    const connected = (is: boolean) =>
      eventually("NATS to be there or not", () => sending.link.status().connected === is || undefined);
    await connected(true);

    const metrics = intakeMetrics();
    const rules = compileRules(loadRules([join(import.meta.dirname, "../../rules/detection")]).rules);
    const taker = openTaker({
      ...{ facility: FACILITY, rules, clock, newId: uuidv7(clock), metrics },
      async commit(unit) {
        await sending.publisher.publish(sealUnit(unit));
        return { outcome: "committed", alerts: unit.writes.map(() => "stored" as const) };
      },
      detected: () => undefined,
      failed: () => undefined,
    });
    const holding = openHolding({ metrics, clock, every: 20 });
    const sampler = openSampler({ clock, metrics });
    const shared = { taker, gate: compileGate(rules), clock, metrics, sampler, holding };
    const connector = inboundNamed("syslog");
    if (connector === undefined) throw new Error("no syslog");
    const lost: unknown[] = [];
    const backlog = openBacklog();
    const listener = await listenTcp({
      ...{ source: { id: "lines", connector, zone: "UTC" }, address: "127.0.0.1", port: 0 },
      ...{ connections: 10, idleSeconds: 60, recordBytes: 65536, metrics, clock, taker },
      lines: () => openLines({ ...shared, backlog, lost: (...what) => void lost.push(what) }),
    });
    closing.push(async () => {
      await listener.stop();
      await holding.close();
    });

    await nats.kill();
    await connected(false);
    const client = connect(listener.port, "127.0.0.1");
    closing.push(async () => void client.destroy());
    await once(client, "connect");
    const line = (i: number) =>
      `<34>Jun  7 00:10:00 pacs-01 app: vssadmin delete shadows /all (${i}) ${"x".repeat(4000)}\n`;
    client.write(Array.from({ length: LINES }, (_, i) => line(i)).join(""));
    await eventually("the spool to be full", () => holding.refused() || undefined);
    expect(sending.publisher.report().spool.bytes).toBeGreaterThan(0);
    expect(client.writableLength).toBeGreaterThan(0);
    await nats.start();
    await eventually("all lines to arrive", () => (texts.length >= LINES ? true : undefined), 60);
    expect(texts).toEqual(Array.from({ length: LINES }, (_, i) => String(i)));
    expect(lost).toEqual([]);
    expect((await metrics.lost.get()).values).toEqual([]);
    await eventually("reading to go on", () => !holding.refused() || undefined);
  }, 120_000);
});
