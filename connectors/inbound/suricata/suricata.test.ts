import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { suricata } from "./index.ts";

inboundContract(suricata, join(import.meta.dirname, "fixtures"));

const event = { timestamp: "2026-08-02T02:11:07.120456+0000", event_type: "alert", flow_id: 1 };
const read = (more: object) => suricata.parse(JSON.stringify({ ...event, ...more }), CONTEXT).alert;

it.each([
  [1, 75],
  [2, 50],
  [3, 30],
  [4, 10],
  [255, 10],
])("puts priority %i at %i of 100", (severity, risk) => {
  expect(read({ alert: { severity } })?.event).toMatchObject({ severity, risk_score_norm: risk });
});

it.each([
  ["allowed", ["allowed"]],
  ["blocked", ["denied"]],
])("tells %s as the type of the event", (action, type) => {
  expect(read({ alert: { action } })?.event).toMatchObject({ kind: "alert", action, type });
});

it.each([
  ["stats", "metric"],
  ["flow", "event"],
  ["constructor", "event"],
])("gives %s the kind %s", (event_type, kind) => {
  expect(read({ event_type })?.event?.kind).toBe(kind);
});

it("counts a flow from its own side when the packet went back", () => {
  const flow = { src_ip: "192.0.2.1", dest_ip: "192.0.2.2", bytes_toserver: 10, bytes_toclient: 20 };
  const alert = read({ src_ip: "192.0.2.2", dest_ip: "192.0.2.1", flow });
  expect([alert?.source?.bytes, alert?.destination?.bytes, alert?.network?.bytes]).toEqual([20, 10, 30]);
});

describe("decode", () => {
  it("takes one event or a list", () => {
    for (const body of [event, [event]])
      expect(suricata.decode?.({}, body, CONTEXT)).toMatchObject({ records: [{ alert: {} }] });
    expect(suricata.decode?.({}, [3], CONTEXT)).toMatchObject({
      records: [{ error: { code: "not_suricata" } }],
    });
  });
  it("refuses what is neither", () => {
    expect(suricata.decode?.({}, "x", CONTEXT)).toMatchObject({ outcome: "refused", field: "(body)" });
  });
});
