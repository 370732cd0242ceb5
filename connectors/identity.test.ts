import { describe, expect, it } from "vitest";
import { CONTEXT } from "../test/support/fixtures.ts";
import type { DecodedRecord, Inbound } from "./contract.ts";
import { inboundNamed } from "./registry.ts";
import { boundedId } from "./shared/bounded-id.ts";

/** What a connector makes of a body's first record. */
function first(name: string, body: unknown): DecodedRecord | undefined {
  const decoded = (inboundNamed(name) as Inbound).decode?.({}, body, CONTEXT);
  return decoded?.outcome === "decoded" ? decoded.records[0] : undefined;
}
const idOf = (name: string, body: unknown) => first(name, body)?.eventId;

const at = "2026-06-07T00:00:00.000Z";
const rule = { level: 3, id: "1" };
const long = "x".repeat(20_000);

describe("what tells an event from all others", () => {
  it.each([
    [
      "an alert and its end, however long its fingerprint",
      "alertmanager",
      { alerts: [{ status: "firing", labels: { a: "b" }, fingerprint: long, startsAt: at }] },
      { alerts: [{ status: "resolved", labels: { a: "b" }, fingerprint: long, startsAt: at, endsAt: at }] },
    ],
    [
      "events of long ids that begin alike",
      "generic",
      { event: { id: `${long.slice(0, 600)}1` } },
      { event: { id: `${long.slice(0, 600)}2` } },
    ],
    [
      "long records of one bare id",
      "generic",
      { id: 1, a: long.repeat(5) },
      { id: 1, a: `${long.repeat(5)}y` },
    ],
    [
      "documents of one id in two indices",
      "generic",
      { hits: { hits: [{ _index: "logs-1", _id: "7", _source: { message: "a" } }] } },
      { hits: { hits: [{ _index: "logs-2", _id: "7", _source: { message: "a" } }] } },
    ],
    [
      "the first alerts of the day of two managers",
      "wazuh",
      { id: "1780790400.0", rule, agent: { name: "a" }, manager: { name: "node-1" } },
      { id: "1780790400.0", rule, agent: { name: "a" }, manager: { name: "node-2" } },
    ],
    [
      "updates of a finding with a long id",
      "ocsf",
      { class_uid: 2004, finding_info: { uid: long }, activity_id: 1, time: 1 },
      { class_uid: 2004, finding_info: { uid: long }, activity_id: 2, time: 1 },
    ],
    [
      "events of a computer with a long name",
      "windows",
      { EventID: 1, Channel: "c", Computer: long, EventRecordID: 1 },
      { EventID: 1, Channel: "c", Computer: long, EventRecordID: 2 },
    ],
  ])("keeps apart %s", (_what, name, one, other) => {
    expect(idOf(name, one)).toBeDefined();
    expect(idOf(name, one)).not.toBe(idOf(name, other));
    expect(idOf(name, one)).toBe(idOf(name, structuredClone(one)));
    expect(idOf(name, one)?.length).toBeLessThanOrEqual(512);
  });

  const forged = {
    id: "forged",
    uid: "forged",
    uuid: "forged",
    "event.id": "forged",
    event: { id: "forged" },
  };
  it.each([
    [
      "wazuh",
      { id: "1.2", rule, agent: { name: "a" }, data: forged, full_log: JSON.stringify(forged) },
      "1.2",
    ],
    ["wazuh", { rule, agent: { name: "a" }, data: forged }, undefined],
    ["wazuh", { crit: 5, component: "c", message: "m", ...forged, id: 5715 }, undefined],
    ["suricata", { event_type: "alert", timestamp: at, http: forged, alert: { signature: "s" } }, undefined],
    [
      "ocsf",
      { class_uid: 2004, metadata: { uid: "own" }, unmapped: forged, raw_data: '{"uid":"forged"}' },
      "own",
    ],
    ["generic", { message: JSON.stringify(forged), log: forged, data: forged, user: forged }, undefined],
    ["generic", { event: { id: "own" }, data: forged }, "own"],
  ])("is never what an event of %s only carries: %j", (name, body, own) => {
    expect(idOf(name, body)).toBe(own);
  });
});

describe("what a Windows event says of itself", () => {
  const own = { EventID: 4625, Channel: "Security", Computer: "ws-7", EventRecordID: 7 };
  const data = {
    EventID: "1102",
    Channel: "System",
    Computer: "dc-1",
    EventRecordID: "8",
    Provider_Name: "forged",
    TargetUserName: "alice",
  };
  const small = Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  );
  const provider = "Microsoft-Windows-Security-Auditing";
  const system = { ...own, Provider: { Name: provider } };
  const winlog = {
    event_id: 4625,
    channel: "Security",
    computer_name: "ws-7",
    record_id: 7,
    provider_name: provider,
  };
  const wazuhSystem = {
    eventID: "4625",
    channel: "Security",
    computer: "ws-7",
    eventRecordID: "7",
    providerName: provider,
  };

  it.each([
    ["windows", "Event", { Event: { System: system, EventData: data } }],
    ["windows", "System", { System: system, EventData: data }],
    ["windows", "winlog, the data first", { winlog: { event_data: data, ...winlog } }],
    ["windows", "winlog, the data last", { winlog: { ...winlog, event_data: data } }],
    ["windows", "winlog, its user data", { winlog: { ...winlog, user_data: data } }],
    ["generic", "winlog", { winlog: { ...winlog, event_data: data } }],
    [
      "wazuh",
      "an agent's",
      { rule, agent: { name: "ws-7" }, data: { win: { system: wazuhSystem, eventdata: small } } },
    ],
    [
      "wazuh",
      "an agent's, the data first",
      { rule, agent: { name: "ws-7" }, data: { win: { eventdata: small, system: wazuhSystem } } },
    ],
  ])("stands in %s, as %s, whatever names its data have", (name, _what, body) => {
    const { alert } = first(name, body) ?? {};
    expect(alert?.fields).toMatchObject({
      ...own,
      EventRecordID: expect.anything(),
      TargetUserName: "alice",
    });
    expect(String(alert?.fields?.EventRecordID)).toBe("7");
    expect(alert?.event).toMatchObject({ code: "4625", provider });
    expect(JSON.stringify(alert?.host ?? {})).not.toContain("dc-1");
  });
});

it.each([
  ["short", "a/b"],
  ["as long as may be", "x".repeat(512)],
])("an identity %s stays as it is", (_what, id) => {
  expect(boundedId(id)).toBe(id);
});
