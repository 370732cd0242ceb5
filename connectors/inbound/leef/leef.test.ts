import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { canonicalDate } from "./canonical-date.ts";
import { leef } from "./index.ts";

inboundContract(leef, join(import.meta.dirname, "fixtures"));

describe("a delimiter", () => {
  it.each([
    ["LEEF:1.0|v|p|1|c|", "\t"],
    ["LEEF:1.0|v|p|1|c|", "#011"],
    ["LEEF:1.0|v|p|1|c|", "<009>"],
    ["LEEF:1.0|v|p|1|c|", " "],
    ["LEEF:1.0|v|p|1|c|", "^"],
    ["LEEF:2.0|v|p|1|c|^|", "^"],
    ["LEEF:2.0|v|p|1|c|x5E|", "^"],
    ["LEEF:2.0|v|p|1|c|0x5e|", "^"],
    ["LEEF:2.0|v|p|1|c|\\t|", "\t"],
    ["LEEF:2.0|v|p|1|c|0x7C|", "|"],
    ["LEEF:2.0|v|p|1|c||", "\t"],
    ["LEEF:2.0|v|p|1|c|", "\t"],
    ["LEEF:2.0|v|p|1|c|0xZZ|", "\t"],
    ["LEEF:2.0|v|p|1|c|0xFFFFFF|", "^"],
  ])("after %s parts the attributes at %j", (header, mark) => {
    const { alert } = leef.parse(`${header}src=192.0.2.1${mark}msg=two words${mark}sev=3`, CONTEXT);
    expect(alert?.fields).toEqual({ src: "192.0.2.1", msg: "two words", sev: "3" });
  });
});

describe("a SimpleDateFormat pattern", () => {
  it.each([
    ["yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2023-10-11T22:14:15.060+0200", "2023-10-11 22:14:15.060 +0200"],
    ["dd/MM/yyyy HH:mm:ss", "11/10/2023 22:14:15", "2023-10-11 22:14:15"],
    ["MM/dd/yy h:mm:ss a", "10/11/23 1:14:15 PM", "2023-10-11 01:14:15 PM"],
    ["yyyyMMddHHmmss", "20231011221415", "2023-10-11 22:14:15"],
    ["EEE, d MMM yyyy HH:mm:ss z", "Wed, 11 Oct 2023 22:14:15 CEST", "Oct 11 2023 22:14:15 CEST"],
    ["MMM dd HH:mm:ss", "Oct 11 22:14:15", "Oct 11 22:14:15"],
    ["HH 'o''clock' dd MM yyyy", "22 o'clock 11 10 2023", undefined],
    ["dd/MM/yyyy HH:mm:ss", "2023-10-11 22:14:15", undefined],
    ["yyyy-MM-dd", "2023-10-11", undefined],
    ["y".repeat(65), "2023", undefined],
    ["'never closed", "never closed", undefined],
  ])("%j reads %j as %j", (pattern, text, expected) => {
    expect(canonicalDate(text, pattern)).toBe(expected);
  });
});

describe("time", () => {
  it.each([
    ["devTime=1697062455123", "2023-10-11T22:14:15.123Z"],
    ["devTime=Oct 11 2023 22:14:15", "2023-10-11T22:14:15.000Z"],
    ["devTime=11/10/2023 22:14:15\tdevTimeFormat=dd/MM/yyyy HH:mm:ss", "2023-10-11T22:14:15.000Z"],
    ["devTimeFormat=no pattern\tdevTime=Oct 11 2023 22:14:15 CEST", "2023-10-11T20:14:15.000Z"],
    ["devTime=Oct 11 2023 22:14:15\tdevTimeZone=Europe/Paris", "2023-10-11T20:14:15.000Z"],
    ["devTime=never", "2023-10-12T00:00:00.000Z"],
  ])("of %j is told", (attributes, expected) => {
    const { alert } = leef.parse(`LEEF:1.0|v|p|1|c|${attributes}`, CONTEXT);
    expect(alert?.["@timestamp"]).toBe(expected);
  });
});

it.each([
  ["1", 1, 10],
  ["10", 10, 100],
  ["High", 8, 80],
  ["11", undefined, undefined],
])("puts the severity %s on both scales", (sev, severity, risk) => {
  const event = leef.parse(`LEEF:1.0|v|p|1|c|sev=${sev}`, CONTEXT).alert?.event;
  expect([event?.severity, event?.risk_score_norm]).toEqual([severity, risk]);
});

it("is sure of what begins with its name", () => {
  expect(leef.recognise("LEEF:2.0|v|p|1|c|^|a=b").certainty).toBe(1);
  expect(leef.recognise("Oct 11 22:14:15 h LEEF:1.0|v|p|1|c|a=b").certainty).toBe(0.6);
  expect(leef.recognise("about LEEF: a format").certainty).toBe(0);
});

it("reads hostile records of five million characters in time", () => {
  for (const piece of ["=", "a=", "^", " ", "a ", "|", "LEEF:", "\t a =b", "#011", "=\t"]) {
    for (const header of [
      "LEEF:1.0|v|p|1|c|a=",
      "LEEF:2.0|v|p|1|c|a|a=",
      "LEEF:2.0|v|p|1|c|^|a=",
      "LEEF:2.0|v|p|1|c|x20|a=",
    ]) {
      const { alert } = leef.parse(`${header}${piece.repeat(5_000_000 / piece.length)}w`, CONTEXT);
      expect(alert?.event?.code).toBe("c");
    }
  }
}, 30_000);
