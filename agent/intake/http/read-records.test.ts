import { describe, expect, it } from "vitest";
import type { Decoded, Inbound } from "../../../connectors/contract.ts";
import { INBOUND, inboundNamed } from "../../../connectors/registry.ts";
import { MAX_RECORDS, readRecords } from "./read-records.ts";

const CONTEXT = { received: Date.UTC(2026, 5, 7) * 1000, zone: "UTC" };
const many = (count: number, each: unknown = {}) => new Array(count).fill(each);

/** Reads a body as a source of this format; `pause` is what it awaits between its steps. */
function read(name: string | Inbound, body: unknown, pause: () => Promise<void> = async () => undefined) {
  const connector = typeof name === "string" ? (inboundNamed(name) as Inbound) : name;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "content-type": text.includes("\n") ? "application/x-ndjson" : "application/json" };
  return readRecords(
    { id: "push", connector, zone: "UTC" },
    { bytes: Buffer.from(text), headers, recordBytes: 65_536 },
    { context: CONTEXT, pause },
  );
}

const eve = { event_type: "alert", timestamp: "2026-06-07T00:00:00Z", alert: { signature: "s" } };
const ocsf = { class_uid: 2004, metadata: { uid: "u" }, time: 1 };
const wazuh = { id: "1.2", rule: { level: 3, id: "1" }, agent: { name: "a" } };
const windows = { EventID: 4625, Computer: "c", Channel: "Security", EventRecordID: 7 };
const firing = { status: "firing", labels: { alertname: "a" }, startsAt: "2026-06-07T00:00:00Z" };

/** Each way in which a body holds many records. */
const HOLDERS: [connector: string, what: string, body: (count: number) => unknown][] = [
  ["generic", "a list", (count) => many(count)],
  ["generic", "alerts", (count) => ({ alerts: many(count) })],
  ["generic", "logs", (count) => ({ logs: many(count) })],
  ["generic", "any one list", (count) => ({ whatever: many(count) })],
  ["generic", "hits of an index", (count) => ({ hits: { hits: many(count, { _id: "1", _source: {} }) } })],
  ["generic", "lines", (count) => many(count, "{}").join("\n")],
  ["generic", "lists on lines", (count) => many(count / 50, JSON.stringify(many(50))).join("\n")],
  ["wazuh", "hits of an index", (count) => ({ hits: { hits: many(count, { _source: wazuh }) } })],
  ["windows", "Events", (count) => ({ Events: many(count, windows) })],
  ["windows", "value", (count) => ({ value: many(count, windows) })],
  ["ocsf", "findings", (count) => ({ findings: many(count, ocsf) })],
  ["suricata", "a list", (count) => many(count, eve)],
  ["alertmanager", "a group", (count) => ({ status: "firing", receiver: "r", alerts: many(count, firing) })],
  ["auto", "a list", (count) => many(count, wazuh)],
  ["auto", "hits of an index", (count) => ({ hits: { hits: many(count, { _source: wazuh }) } })],
  ["auto", "any one list", (count) => ({ whatever: many(count, { message: "x" }) })],
];

describe("a body of many records", () => {
  it.each(HOLDERS)(
    "of %s (%s) is refused before any is read when they are too many",
    async (name, what, body) => {
      const connector = inboundNamed(name) as Inbound;
      let decoded = 0;
      const counted: Inbound = {
        ...connector,
        decode(...given) {
          const made = connector.decode?.(...given) as Decoded;
          decoded += made.outcome === "decoded" ? made.records.length : 0;
          return made;
        },
      };
      expect(await read(counted, body(MAX_RECORDS + 50))).toMatchObject({ code: "too_many_records" });
      // Lists that stand on lines are counted as they come.
      expect(decoded).toBeLessThanOrEqual(what === "lists on lines" ? MAX_RECORDS : 0);
    },
  );

  it.each(HOLDERS)("of %s (%s) lets others in after every few", async (name, _what, body) => {
    const connector = inboundNamed(name) as Inbound;
    let decoded = 0;
    let most = 0;
    const count = <T>(made: T): T => {
      const { records = [] } = made as { records?: unknown[] };
      decoded += records.length;
      most = Math.max(most, decoded);
      return made;
    };
    const counted: Inbound = {
      ...connector,
      decode: (...given) => count(connector.decode?.(...given) as never),
      list(...given) {
        const list = connector.list?.(...given);
        return list && { ...list, decode: (from, to) => count(list.decode(from, to)) };
      },
    };
    const done = await read(counted, body(1000), async () => {
      decoded = 0;
    });
    expect(done).toMatchObject({ outcome: "read" });
    expect(done.outcome === "read" && done.records.length).toBe(1000);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(20);
  });

  it.each(HOLDERS)("of %s (%s) reads the same by parts as whole", async (name, _what, body) => {
    const value = body(50);
    if (typeof value === "string") return expect(await read(name, value)).toMatchObject({ outcome: "read" });
    const connector = inboundNamed(name) as Inbound;
    const whole = connector.decode?.({}, value, CONTEXT);
    const parts = await read(name, value);
    expect(whole?.outcome === "decoded" && whole.records).toHaveLength(50);
    expect(parts.outcome === "read" && parts.records.map(({ sample: _, ...record }) => record)).toEqual(
      whole?.outcome === "decoded" && whole.records,
    );
  });
});

it.each(INBOUND.flatMap(({ name, decode, list }) => (decode && list ? [name] : [])))(
  "%s lists no records in a body that is one, or none",
  (name) => {
    const { list } = inboundNamed(name) as Inbound;
    for (const body of [eve, ocsf, wazuh, windows, { message: "x" }, [eve], 3, null, "x", {}])
      expect(list?.({}, body, CONTEXT)).toBeUndefined();
  },
);

describe("a long body that nests", () => {
  const deep = (levels: number) => `{"message":"x","a":${"[".repeat(levels)}${"]".repeat(levels)}}`;
  const padded = (levels: number) => deep(levels).replace('"x"', JSON.stringify('[{\\"'.repeat(20_000)));

  it.each([
    ["deeper than is read", `${"[".repeat(50_000)}${"]".repeat(50_000)}`, false],
    ["one level deeper than is read", padded(1000), false],
    ["as deep as is read, with brackets in its texts", padded(999), true],
    ["deep and short", deep(5000), true],
  ])("%s is read or refused as a whole", async (_what, body, fine) => {
    const done = await read("generic", body);
    expect(done).toMatchObject(fine ? { outcome: "read" } : { outcome: "refused", code: "not_json" });
    if (done.outcome === "refused") expect(done.message).toContain("nests deeper than 1000 levels");
  });

  it("is one rejected record among lines", async () => {
    const done = await read("generic", `{"message":"x"}\n${padded(1000)}\n{"message":"y"}`);
    expect(done.outcome === "read" && done.records.map(({ error }) => error?.code)).toEqual([
      undefined,
      "not_json",
      undefined,
    ]);
  });
});
