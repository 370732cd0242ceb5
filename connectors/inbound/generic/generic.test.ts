import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, expectSound, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { generic } from "./index.ts";

inboundContract(generic, join(import.meta.dirname, "fixtures"));

describe("decode", () => {
  it.each([
    [{ msg: "a" }, 1],
    [[{ msg: "a" }, { msg: "b" }], 2],
    [{ alerts: [{ msg: "a" }] }, 1],
    [{ events: [{ msg: "a" }, {}] }, 2],
    [{ total: 2, items: [{ msg: "a" }, { msg: "b" }] }, 2],
    [{ whatever: [{ msg: "a" }, { msg: "b" }] }, 2],
    [{ hits: { total: 1, hits: [{ _id: "1", _source: { msg: "a" } }] } }, 1],
    [{ msg: "a", items: [{ x: 1 }, { x: 2 }] }, 1],
    [{ id: { time: "2026-11-16T08:12:43Z" }, actor: {}, events: [{ x: 1 }, { x: 2 }] }, 1],
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

describe("hostile JSON", () => {
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]));
  it.each([
    ["100,000 names", JSON.stringify(many(100_000))],
    ["100,000 names in a group", JSON.stringify({ host: many(100_000) })],
    ["numbers beyond any", '{"level":1e999,"port":-1e400,"time":1e300,"src_port":"99999999999999999999"}'],
    ["lone surrogates", '{"msg":"\\ud800","\\udc00":"x","user":"\\udfff"}'],
    [
      "names of every object",
      '{"constructor":1,"hasOwnProperty":{"x":1},"toString":[1],"__proto__":{"host":"x"}}',
    ],
    [
      "groups that are none",
      '{"host":[1],"event":3,"user":[{"name":"x"}],"source":null,"labels":[],"process":"p"}',
    ],
    ["a long name", JSON.stringify({ ["n".repeat(5000)]: { ["m".repeat(5000)]: 1 } })],
  ])("%s is an alert within bounds", (_name, text) => {
    expectSound(generic.parse(text, CONTEXT));
  });
  it("reads the next document as before", () => {
    const text = '{"host":"web01","msg":"x"}';
    const before = generic.parse(text, CONTEXT);
    for (let at = 0; at < 30; at++) generic.parse(JSON.stringify({ [`p${at}`]: many(1000) }), CONTEXT);
    expect(generic.parse(text, CONTEXT)).toEqual(before);
  });
});

it.each([
  [{ host: { name: "a" }, hostname: "b" }, "a"],
  [{ host: "a", computer: "b" }, "a"],
  [{ host: { id: 1 }, ComputerName: "b" }, "b"],
  [{ server: "nginx/1.25" }, undefined],
  [{ event: { ComputerName: "b" } }, "b"],
  [{ data: { hostname: "b" }, host: "a" }, "a"],
  [{ data: { name: "b", server: "c" } }, undefined],
])("takes the host of %j", (document, name) => {
  expect(generic.parse(JSON.stringify(document), CONTEXT).alert?.host?.name).toBe(name);
});

it.each([
  [{ srcIp: "192.0.2.1" }, "192.0.2.1"],
  [{ src_ip: "192.0.2.1" }, "192.0.2.1"],
  [{ "source.ip": "192.0.2.1" }, "192.0.2.1"],
  [{ source: { ip: "192.0.2.1" }, src: "192.0.2.2" }, "192.0.2.1"],
  [{ sourceAddress: "192.0.2.1:443" }, "192.0.2.1"],
  [{ "client-ip": "2001:db8::1" }, "2001:db8::1"],
  [{ ip: "192.0.2.1" }, undefined],
  [{ detail: { sourceIPAddress: "192.0.2.1" } }, "192.0.2.1"],
  [{ detail: { src_ip: "192.0.2.2" }, srcIp: "192.0.2.1" }, "192.0.2.1"],
  [{ detail: { ip: "192.0.2.1", address: "192.0.2.2" } }, undefined],
])("takes the source of %j", (document, ip) => {
  expect(generic.parse(JSON.stringify(document), CONTEXT).alert?.source?.ip).toBe(ip);
});

it.each([
  ["[104,195,169]", "h\u00e9"],
  ["[104,255]", "h\ufffd"],
  ['["first","second"]', "second"],
  ["[104,300]", undefined],
  ["[104,-1.5]", undefined],
  ["[]", undefined],
  ["null", undefined],
])("reads the message of a journal's entry written as %s", (written, message) => {
  const entry = `{"__REALTIME_TIMESTAMP":"1697062458000000","MESSAGE":${written}}`;
  expect(generic.parse(entry, CONTEXT).alert?.message).toBe(message);
});

it("leaves what a program says unread where the document itself tells what happened", () => {
  const message = "Failed password for root from 192.0.2.9 port 1 ssh2";
  const read = (event: object) =>
    generic.parse(JSON.stringify({ process: { name: "sshd" }, message, ...event }), CONTEXT).alert;
  expect(read({})).toMatchObject({ event: { action: "ssh_login" }, user: { name: "root" } });
  expect(read({ event: { action: "own" } })?.user).toBeUndefined();
});
