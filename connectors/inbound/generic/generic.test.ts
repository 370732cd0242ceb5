import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { generic } from "./index.ts";

inboundContract(generic, join(import.meta.dirname, "fixtures"));

describe("decode", () => {
  it.each([
    [{ msg: "a" }, 1],
    [[{ msg: "a" }, { msg: "b" }], 2],
    [{ alerts: [{ msg: "a" }] }, 1],
    [{ events: [{ msg: "a" }, {}] }, 2],
    [[], 0],
  ])("finds the records of %j", (body, count) => {
    const decoded = generic.decode?.({}, body, CONTEXT);
    expect(decoded?.outcome === "decoded" && decoded.records).toHaveLength(count);
  });
  it.each([
    [12, "(body)"],
    ["x", "(body)"],
    [null, "(body)"],
    [{ alerts: 3 }, "alerts"],
  ])("refuses %j, naming %s", (body, field) => {
    expect(generic.decode?.({}, body, CONTEXT)).toMatchObject({ outcome: "refused", field });
  });
  it("reads a list's members apart", () => {
    expect(generic.decode?.({}, [{ id: "a" }, 3], CONTEXT)).toMatchObject({
      records: [{ eventId: expect.stringMatching(/^a:[0-9a-f]{16}$/) }, { error: { code: "not_an_object" } }],
    });
  });
  const identities = (...records: object[]) => {
    const decoded = generic.decode?.({}, records, CONTEXT);
    return decoded?.outcome === "decoded" ? decoded.records.map(({ eventId }) => eventId) : [];
  };
  it.each([
    [{ event: { id: "e1" }, id: "r1" }, "e1"],
    [{ uuid: "u1", id: "r1" }, "u1"],
    [{ msg: "x" }, undefined],
  ])("takes the identity of %j", (record, identity) => {
    expect(identities(record)).toEqual([identity]);
  });
  it("takes a bare id for an identity only together with the whole record", () => {
    const record = { id: "rule-5", host: "a", more: { x: 1, y: [1, 2] } };
    const [first, again, otherHost, otherList] = identities(
      record,
      { more: { y: [1, 2], x: 1 }, host: "a", id: "rule-5" },
      { ...record, host: "b" },
      { ...record, more: { x: 1, y: [2, 1] } },
    );
    expect(again).toBe(first);
    expect(new Set([first, otherHost, otherList]).size).toBe(3);
  });
  it("survives a body that nests without end", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { a: deep };
    expect(generic.decode?.({}, { deep }, CONTEXT)).toMatchObject({
      records: [{ alert: { tags: ["tocsin_no_event_time", "tocsin_cut"] } }],
    });
  });
});

it.each([
  [1704882030, "2024-01-10T10:20:30.000Z"],
  [1704882030.25, "2024-01-10T10:20:30.250Z"],
  [1704882030123, "2024-01-10T10:20:30.123Z"],
  [1704882030123456, "2024-01-10T10:20:30.123456Z"],
  ["1704882030123", "2024-01-10T10:20:30.123Z"],
  ["2024-01-10T10:20:30.123+01:00", "2024-01-10T09:20:30.123Z"],
])("reads the time %s", (time, expected) => {
  expect(generic.parse(JSON.stringify({ time }), CONTEXT).alert?.["@timestamp"]).toBe(expected);
});

it("keeps a deep record that text carries", () => {
  const parsed = generic.parse(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, CONTEXT);
  expect(parsed.alert?.tags).toContain("tocsin_cut");
});

it("lets no key reach the prototype", () => {
  const { alert } = generic.parse(
    '{"__proto__":{"x":1},"labels":{"__proto__":"y"},"a":{"__proto__":{"z":1}}}',
    CONTEXT,
  );
  expect(Object.getPrototypeOf(alert?.fields)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});
