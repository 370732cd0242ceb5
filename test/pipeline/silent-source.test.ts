import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  startDaemon,
} from "../support/daemon.ts";

let house: House;
let daemon: Daemon;
let reads: SqliteReads;

beforeAll(async () => {
  house = await makeHouse();
  const watched = "id: generic, connector: generic, silent_after_minutes: 0.02,";
  const text = readFileSync(house.config, "utf8").replace("id: generic, connector: generic,", watched);
  writeFileSync(house.config, text);
  daemon = await startDaemon(house);
  reads = house.reads();
});
afterAll(async () => {
  reads?.close();
  await daemon?.end("SIGTERM");
  house?.remove();
});

const SILENT = 'tocsin_intake_source_silent{source="generic"}';
const alerts = async () => (await reads.detectionsAfter(FACILITY, 0, 100)).map(({ alert }) => alert);
const incidents = async () =>
  (await reads.byState(FACILITY, "incident", [], { limit: 10 })).map((each) => each.content);
const beat = () =>
  fetch(`${daemon.alerts.replace("/alerts", "/heartbeats")}/generic`, {
    method: "POST",
    headers: { authorization: `Bearer ${house.tokens.generic}` },
  });

it("is told once, as something to watch that declares nothing and tells nobody; and so is its return", async () => {
  await eventually("the silence", async () => ((await metric(daemon, SILENT)) === 1 ? true : undefined));
  const [first] = await eventually("its alert", async () => {
    const found = await alerts();
    return found.length > 0 ? found : undefined;
  });
  expect(first).toMatchObject({
    source: "tocsin",
    alert: { event: { action: "source_silent" }, service: { name: "generic" }, fields: { last_heard: null } },
  });
  const [incident, ...others] = await eventually("what is to be watched", async () => {
    const found = await incidents();
    return found.length > 0 ? found : undefined;
  });
  expect(others).toEqual([]);
  expect(incident).toMatchObject({
    state: "candidate",
    causes: [],
    entities: [{ kind: "source", value: "generic" }],
  });
  const effects = await reads.effectsOf(FACILITY, incident?.id ?? "");
  expect(effects.filter(({ kind }) => kind !== "clock")).toEqual([]);
  expect(await reads.countByState(FACILITY, "declaration")).toEqual({});
  expect((await fetch(`${daemon.operations}/readyz`)).status).toBe(200);

  expect((await beat()).status).toBe(204);
  await eventually("its return", async () =>
    (await alerts()).some(({ alert }) => alert.event?.action === "source_heard") ? true : undefined,
  );
  expect(await metric(daemon, 'tocsin_intake_heartbeats_total{source="generic"}')).toBe(1);
  const [joined] = await eventually("the return to be joined", async () => {
    const found = await incidents();
    return (found[0]?.alerts ?? 0) >= 2 ? found : undefined;
  });
  expect(joined).toMatchObject({ id: incident?.id, state: "candidate" });
});

it("is not told again after a restart, and its return is", async () => {
  const silences = async () =>
    (await alerts()).filter(({ alert }) => alert.event?.action === "source_silent").length;
  await eventually("a second silence", async () => ((await silences()) === 2 ? true : undefined));
  const before = await alerts();
  expect(await daemon.end("SIGTERM")).toBe(0);
  daemon = await startDaemon(house);
  expect(await metric(daemon, SILENT)).toBe(1);
  expect((await beat()).status).toBe(204);
  await eventually("its return", async () => ((await alerts()).length > before.length ? true : undefined));
  const after = (await alerts()).slice(before.length).map(({ alert }) => alert.event?.action);
  expect(after[0]).toBe("source_heard");
});
