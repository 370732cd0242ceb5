import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inboundNamed } from "../../connectors/registry.ts";
import { compileGate } from "../../rules/engine/gate.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { CANARY_SOURCE } from "../canary/mark.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import type { QuarantineEntry } from "../store/store.ts";
import { openBacklog } from "./backlog.ts";
import { openHolding } from "./holding.ts";
import { type LineTaker, openLines } from "./lines.ts";
import { intakeMetrics } from "./metrics.ts";
import { openSampler } from "./sampler.ts";
import { openTaker, type Taker } from "./taker.ts";

const rules = compileRules(loadRules([join(import.meta.dirname, "../../rules/detection")]).rules);
const gate = compileGate(rules);

/** A taker of lines whose time stands until it is moved. */
function lines(name = "auto") {
  let now: Instant = Date.UTC(2026, 5, 7) * 1000;
  const clock = { now: () => now };
  const metrics = intakeMetrics();
  const listed: QuarantineEntry[] = [];
  const units: number[] = [];
  const taker = openTaker({
    facility: "ch-x",
    rules,
    async commit({ writes }) {
      for (const write of writes) if (write.write === "quarantine") listed.push(write.entry);
      const stored = writes.filter(({ write }) => write === "alert").length;
      if (stored > 0) units.push(stored);
      return { outcome: "committed", alerts: [] };
    },
    clock,
    newId: uuidv7(clock),
    metrics,
    detected: () => undefined,
    failed: () => undefined,
  });
  const sampler = openSampler({ clock, metrics });
  const open = (over: Partial<Parameters<typeof openLines>[0]> = {}) =>
    openLines({ taker, gate, clock, metrics, sampler, lost: () => undefined, ...over });
  const connector = inboundNamed(name);
  if (connector === undefined) throw new Error(`no ${name}`);
  const source = { id: "lines", connector, zone: "UTC" };
  return {
    taker,
    listed,
    units,
    read: (text: string, by = open()) => by.read(source, Buffer.from(text), false, undefined),
    open,
    holding: openHolding({ metrics, clock, every: 1 }),
    line: (by: LineTaker, text: string, peer?: string, id?: string) =>
      by.line(id === undefined ? source : { ...source, id }, Buffer.from(text), false, peer),
    /** What was lost, by source, transport and reason. */
    async losses() {
      const { values } = await metrics.lost.get();
      return Object.fromEntries(
        values.map(({ labels, value }) => [`${labels.source} ${labels.transport} ${labels.reason}`, value]),
      );
    },
    pass(seconds: number) {
      now += seconds * MICROSECONDS.second;
    },
    async sampled() {
      const { values } = await metrics.sampled.get();
      return Object.fromEntries(
        values.map(({ labels, value }) => [`${labels.outcome} ${labels.format}`, value]),
      );
    },
    count: async (counter: "unrecognised" | "refused" | "lost") =>
      (await metrics[counter].get()).values.reduce((sum, { value }) => sum + value, 0),
  };
}

const STRANGE = "### vssadmin delete shadows /all ###";
const KNOWN = "<34>Oct 11 22:14:15 pacs-01 su: all is well";

describe("a line that no format recognises", () => {
  it("is an alert all the same, counted as unrecognised and not as refused", async () => {
    const { read, count } = lines();
    expect(read(STRANGE)).toMatchObject({
      message: STRANGE,
      tags: ["tocsin_no_event_time", "tocsin_unrecognised"],
    });
    expect([await count("unrecognised"), await count("refused")]).toEqual([1, 0]);
  });

  it("is listed ten times at once, then every ten seconds", async () => {
    const { read, listed, taker, count, pass } = lines();
    for (let i = 0; i < 50; i++) read(`${STRANGE} ${i}`);
    pass(25);
    for (let i = 50; i < 100; i++) read(`${STRANGE} ${i}`);
    await taker.close();
    expect(listed.map(({ sample }) => sample.split("### ")[2])).toEqual([..."0123456789", "50", "51"]);
    expect(listed[0]).toMatchObject({ source: "lines", code: "unrecognised" });
    expect(await count("unrecognised")).toBe(100);
  });
});

describe("of the lines that the gate refuses", () => {
  it("one a second is looked at, over all connections, and none is kept", async () => {
    const { read, open, sampled, pass, listed, taker } = lines();
    const connections = [open(), open()];
    for (let second = 0; second < 5; second++) {
      for (let i = 0; i < 10_000; i++) read(KNOWN, connections[i % 2]);
      pass(1);
    }
    const { "recognised syslog": seen = 0, ...others } = await sampled();
    expect(seen).toBeGreaterThanOrEqual(4);
    expect(seen).toBeLessThanOrEqual(5);
    await taker.close();
    expect([others, listed]).toEqual([{}, []]);
  });

  it("the format is told, or that there is none", async () => {
    const { read, sampled, pass, count } = lines();
    for (const text of [
      KNOWN,
      "### all is well ###",
      "CEF:0|Example|Probe|1|100|all is well|3|src=192.0.2.1",
    ]) {
      read(text);
      pass(2);
    }
    expect(await sampled()).toEqual({ "recognised syslog": 1, "unrecognised ": 1, "recognised cef": 1 });
    expect([await count("unrecognised"), await count("refused")]).toEqual([0, 0]);
  });

  it("a slow source is looked at as well, after a fast one", async () => {
    const { read, sampled, pass } = lines();
    for (let i = 0; i < 100_000; i++) read(KNOWN);
    for (let i = 0; i < 2000; i++) {
      pass(2);
      read(KNOWN);
    }
    expect((await sampled())["recognised syslog"]).toBeGreaterThan(500);
  });
});

describe("relevant lines that the disk does not take yet", () => {
  it("are all kept of senders that are made to wait", async () => {
    const { open, line, count } = lines();
    const backlog = openBacklog(80_000);
    const by = open({ backlog });
    for (let i = 0; i < 6; i++) line(by, `${STRANGE} ${i}`);
    expect([await count("lost"), backlog.full()]).toEqual([0, true]);
    await by.settled();
    expect([await count("lost"), backlog.full()]).toEqual([0, false]);
  });

  it("are shed of who holds as much as is left, counted with the reason, and never of others or the canary", async () => {
    const { open, line, count, losses } = lines();
    const by = open({ backlog: openBacklog(120_000), transport: "udp" });
    for (let i = 0; i < 20; i++) line(by, `${STRANGE} ${i}`, "192.0.2.1");
    expect(await count("lost")).toBe(17);
    line(by, `${STRANGE} other`, "192.0.2.2");
    expect(await count("lost")).toBe(17);
    line(by, `${STRANGE} canary`, undefined, CANARY_SOURCE);
    for (let i = 0; i < 20; i++) line(by, `${STRANGE} ${i}`, "192.0.2.1");
    expect(await losses()).toEqual({ "lines udp no_room": 37 });
    await by.settled();
    line(by, STRANGE, "192.0.2.1");
    await by.settled();
    expect(await losses()).toEqual({ "lines udp no_room": 37 });
  });
});

describe("relevant lines that are refused", () => {
  const store = new TocsinError({ code: "store_full", message: "no room" });
  const unit = new TocsinError({ code: "unit_malformed", message: "never" });
  it.each([
    ["are lost when nobody waits: the store refuses", "udp", store, { "lines udp not_stored": 1 }, []],
    ["are lost by themselves, whoever sends them", "udp", unit, { "lines udp refused": 1 }, []],
    ["are lost by themselves, and hold nobody back", "tcp", unit, { "lines tcp refused": 1 }, []],
    ["are tried again when their sender can wait", "tcp", store, {}, [1]],
  ] as const)("%s (%s)", async (_what, transport, error, lost, stored) => {
    const { open, line, losses, units, taker, holding } = lines();
    let refusals = 1;
    const keeping: Taker["keeping"] = (...asked) => {
      const attempt = taker.keeping(...asked);
      return async () => {
        if (refusals-- > 0) throw error;
        return attempt();
      };
    };
    const by = open({ taker: { ...taker, keeping }, transport, holding });
    line(by, STRANGE, "192.0.2.1");
    await by.settled();
    expect([await losses(), units, holding.refused()]).toEqual([lost, stored, false]);
  });
});

describe("lines that pass the gate", () => {
  const IDLE = "<34>Oct 11 22:14:15 pacs-01 su: vssadmin";

  it("are matched in the turn of their sender, and take no room when they matter to no rule", async () => {
    const { open, line, taker } = lines();
    const matched: number[] = [];
    const backlog = openBacklog(1);
    const matches: Taker["matches"] = (...asked) => {
      const found = taker.matches(...asked);
      matched.push(found?.length ?? -1);
      return found;
    };
    const by = open({ backlog, taker: { ...taker, matches } });
    for (let i = 0; i < 3; i++) line(by, IDLE);
    expect([matched, backlog.full()]).toEqual([[0, 0, 0], false]);
    line(by, STRANGE);
    expect([matched.length, backlog.full()]).toEqual([4, true]);
    expect(matched.at(-1)).toBeGreaterThan(0);
    await by.settled();
    expect(backlog.full()).toBe(false);
  });

  it("are stored in units of 500 at most, and none for those that do not matter", async () => {
    const { open, line, units } = lines();
    const by = open();
    for (let i = 0; i < 1200; i++) line(by, i % 2 === 0 ? `${STRANGE} ${i}` : IDLE);
    await by.settled();
    expect(units).toEqual([500, 100]);
  });
});

it("counts a sample under no format that a record makes up for itself", async () => {
  const { read, sampled } = lines("generic");
  read('{"message": "fine", "event": {"module": "made-up-7"}}');
  expect(await sampled()).toEqual({ "recognised other": 1 });
});
