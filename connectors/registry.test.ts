import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, recordsOf } from "../test/contract/inbound.contract.ts";
import { INBOUND, inboundNamed, recognise } from "./registry.ts";

describe("inbound", () => {
  it("lists the folders of inbound/, each under its own name", () => {
    const folders = readdirSync(join(import.meta.dirname, "inbound")).toSorted();
    expect(INBOUND.map(({ name }) => name)).toEqual(folders);
  });
  it.each(INBOUND)("$name has what its ways need", ({ ways, decode, summary }) => {
    expect(ways.includes("http")).toBe(decode !== undefined);
    expect(summary).not.toBe("");
  });
  it("finds by name", () => {
    expect(inboundNamed("cef")?.name).toBe("cef");
    expect(inboundNamed("nothing")).toBeUndefined();
  });
});

it.each([
  ["<34>Oct 11 22:14:15 h su: x", "syslog"],
  ["<34>1 - - - - - -", "syslog"],
  ["Oct 11 22:14:15 h su: x", "syslog"],
  ["<13>Oct 11 22:14:15 h CEF:0|v|p|1|c|n|5|", "syslog"],
  ["CEF:0|v|p|1|c|n|5|", "cef"],
  ["h CEF:0|v|p|1|c|n|5|", "cef"],
  ["LEEF:2.0|v|p|1|c|^|src=192.0.2.1", "leef"],
  ["<13>Oct 11 22:14:15 h LEEF:1.0|v|p|1|c|", "syslog"],
  ['date=2023-10-11 time=22:14:15 devname="fg"', "keyvalue"],
  ["<13>date=2023-10-11 time=22:14:15 devname=fg", "syslog"],
  ['{"timestamp":"x","rule":{"level":3},"agent":{"id":"1"}}', "wazuh"],
  ['{"version":"4","groupKey":"k","alerts":[]}', "alertmanager"],
  ['{"labels":{"alertname":"A"},"startsAt":"x"}', "alertmanager"],
  ['{"msg":"x"}', "generic"],
  [' { "rule": "none" }', "generic"],
  ['[{"msg":"x"}]', "generic"],
  ["Use the BFG!", undefined],
  ["<html>", undefined],
  ["", undefined],
])("recognises %j as %s", (text, name) => {
  const { connector, certainty, because } = recognise(text);
  expect(connector?.name).toBe(name);
  expect(certainty > 0).toBe(name !== undefined);
  expect(because).not.toBe("");
});

/** Records of some formats come with a header around them, or are another's too, or are as good as text. */
const ALSO: Record<string, readonly (string | undefined)[]> = {
  cef: ["syslog"],
  keyvalue: [undefined],
  leef: ["syslog"],
  nginx: ["apache"],
  syslog: ["keyvalue", undefined],
};

describe.each(INBOUND)("the fixtures of $name", ({ name, parse }) => {
  const folder = join(import.meta.dirname, "inbound", name, "fixtures");
  const files = readdirSync(folder).filter((file) => file.endsWith(".in"));
  const records = files.flatMap((file) => recordsOf(join(folder, file)));
  it("are recognised among all formats", () => {
    const taken = records
      .filter((record) => parse(record, CONTEXT).error === undefined)
      .map((record) => ({ as: recognise(record).connector?.name, record }))
      .filter(({ as }) => as !== name && !ALSO[name]?.includes(as));
    expect(taken).toEqual([]);
  });
});

it.each([
  ['{"class_uid":3002,"metadata":{"version":"1.1.0"}}', "ocsf"],
  ['{"timestamp":"2026-08-02T02:11:07+0000","flow_id":1,"event_type":"dns"}', "suricata"],
  ['{"event_type":"login","timestamp":"x","user":"bob"}', "generic"],
  ['{"Event":{"System":{"EventID":1}}}', "windows"],
  ['{"winlog":{"event_id":1},"@timestamp":"x"}', "windows"],
  ['{"EventID":1,"Channel":"Security"}', "windows"],
  ['{"EventID":1,"user":"bob"}', "generic"],
  ["<Event xmlns='x'><System/></Event>", "windows"],
  ["<13>Oct 11 22:14:15 h MSWinEventLog\t1\tSecurity", "syslog"],
  ["MSWinEventLog\t1\tSecurity", "windows"],
  ["<Eventual>", undefined],
  ['{"_index":"wazuh-alerts-4.x","_source":{"rule":{"level":3},"agent":{"id":"1"}}}', "wazuh"],
  ['{"wazuh":{"agent":{"id":"001"}},"event":{"kind":"event"}}', "wazuh"],
  ["ossec: Alert Level: 3; Rule: 1 - x; Location: h->l;", "wazuh"],
  ['[{"labels":{"alertname":"A"},"startsAt":"x"}]', "alertmanager"],
  [
    '{"MESSAGE":"[UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 LEN=40 PROTO=TCP SPT=1 DPT=2"}',
    "generic",
  ],
  ['{"a":"\\"class_uid\\":1","metadata":{}}', "generic"],
  [`{"deep":${"[".repeat(50_000)}`, "generic"],
])("tells %j from the others as %s", (text, name) => {
  expect(recognise(text).connector?.name).toBe(name);
});
