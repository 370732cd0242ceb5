import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
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
