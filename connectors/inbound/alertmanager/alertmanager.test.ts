import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { alertmanager } from "./index.ts";

inboundContract(alertmanager, join(import.meta.dirname, "fixtures"));

const alert = {
  status: "firing",
  labels: { alertname: "A" },
  startsAt: "2023-10-11T22:14:15Z",
  endsAt: "0001-01-01T00:00:00Z",
  fingerprint: "f",
};

describe("decode", () => {
  it("makes one record an alert, each with an identity that changes when it resolves", () => {
    const body = {
      version: "4",
      alerts: [alert, { ...alert, status: "resolved", endsAt: "2023-10-11T23:00:00Z" }, { labels: 1 }],
    };
    const decoded = alertmanager.decode?.({}, body, CONTEXT);
    expect(decoded?.outcome).toBe("decoded");
    const records = decoded?.outcome === "decoded" ? decoded.records : [];
    expect(records.map(({ eventId, error }) => eventId ?? error?.code)).toEqual([
      "f/2023-10-11T22:14:15Z/firing",
      "f/2023-10-11T22:14:15Z/resolved/2023-10-11T23:00:00Z",
      "bad_shape",
    ]);
    expect(records[1]?.alert?.["@timestamp"]).toBe("2023-10-11T23:00:00.000Z");
  });

  it("gives a repetition the same identity, and the alert that fires again another", () => {
    const ids = (...alerts: object[]) => {
      const decoded = alertmanager.decode?.({}, { alerts }, CONTEXT);
      return decoded?.outcome === "decoded" ? decoded.records.map(({ eventId }) => eventId) : [];
    };
    const { fingerprint: _, ...bare } = alert;
    const again = { startsAt: "2023-10-12T00:00:00Z" };
    for (const one of [alert, bare]) {
      const [first, repeated, later] = ids(one, one, { ...one, ...again });
      expect(first).toBeDefined();
      expect(repeated).toBe(first);
      expect(later).not.toBe(first);
    }
    expect(ids(bare)[0]).not.toBe(ids({ ...bare, labels: { alertname: "B" } })[0]);
  });

  it("takes the list of the API of version 2", () => {
    const listed = { ...alert, status: { state: "active", silencedBy: [] }, endsAt: "2023-10-13T00:00:00Z" };
    expect(alertmanager.decode?.({}, [listed], CONTEXT)).toMatchObject({
      records: [{ alert: { event: { action: "firing" } }, eventId: "f/2023-10-11T22:14:15Z/firing" }],
    });
  });

  it.each([
    [3, "(body)"],
    [[], "(body)"],
    [null, "(body)"],
    [{ version: "4" }, "alerts"],
    [{ alerts: {} }, "alerts"],
  ])("refuses %j, naming %s", (body, field) => {
    expect(alertmanager.decode?.({}, body, CONTEXT)).toMatchObject({ outcome: "refused", field });
  });
});

it.each([
  ["web01:9100", { name: "web01", hostname: "web01" }],
  ["10.0.0.1:9100", { name: "10.0.0.1", ip: ["10.0.0.1"] }],
  ["[2001:db8::1]:9100", { name: "2001:db8::1", ip: ["2001:db8::1"] }],
  ["2001:db8::1", { name: "2001:db8::1", ip: ["2001:db8::1"] }],
  ["https://dpi.chu.example/health", { name: "dpi.chu.example", hostname: "dpi.chu.example" }],
])("reads the host of instance %s", (instance, host) => {
  const text = JSON.stringify({ ...alert, labels: { instance } });
  expect(alertmanager.parse(text, CONTEXT).alert?.host).toEqual(host);
});
