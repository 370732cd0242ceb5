import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { cef } from "./index.ts";

inboundContract(cef, join(import.meta.dirname, "fixtures"));

const at = (rt: string) => cef.parse(`CEF:0|v|p|1|c|n|5|rt=${rt}`, CONTEXT).alert?.["@timestamp"];

describe("time", () => {
  it.each([
    ["1543611600123", "2018-11-30T21:00:00.123Z"],
    ["Nov 30 2018 21:09:08", "2018-11-30T21:09:08.000Z"],
    ["Nov 30 2018 21:09:08.123 CET", "2018-11-30T20:09:08.123Z"],
    ["Nov 30 2018 21:09:08 GMT+01:00", "2018-11-30T20:09:08.000Z"],
    ["2018-11-30T21:09:08.123Z", "2018-11-30T21:09:08.123Z"],
    ["Oct 11 22:14:15", "2023-10-11T22:14:15.000Z"],
  ])("reads rt=%s", (rt, expected) => expect(at(rt)).toBe(expected));

  it("falls back from rt to start, to the syslog header, to the receipt", () => {
    const start = "CEF:0|v|p|1|c|n|5|start=1543611600123";
    expect(cef.parse(start, CONTEXT).alert?.["@timestamp"]).toBe("2018-11-30T21:00:00.123Z");
    const header = cef.parse("<13>Oct 11 22:14:15 h CEF:0|v|p|1|c|n|5|", CONTEXT).alert;
    expect(header?.["@timestamp"]).toBe("2023-10-11T22:14:15.000Z");
    expect(at("never")).toBe("2023-10-12T00:00:00.000Z");
  });
});

it("reads a record between quotes, and keeps what came", () => {
  const text = '"CEF:0|v|p|1|c|n|5|fname=a b.txt act=deleted" ';
  const { alert } = cef.parse(text, CONTEXT);
  expect(cef.recognise(text).certainty).toBe(1);
  expect(alert?.fields).toMatchObject({ fname: "a b.txt", act: "deleted" });
  expect(alert?.event?.original).toBe(text);
});

describe("severity", () => {
  it.each([
    ["0", 0, 0],
    ["10", 10, 100],
    ["Low", 0, 20],
    ["High", 7, 75],
    ["Very-High", 9, 90],
    ["Unknown", 0, undefined],
    ["11", undefined, undefined],
  ])("reads %s", (severity, number, risk) => {
    const event = cef.parse(`CEF:0|v|p|1|c|n|${severity}|`, CONTEXT).alert?.event;
    expect([event?.severity, event?.risk_score_norm]).toEqual([number, risk]);
  });
});

describe("host", () => {
  it.each([
    [
      "<13>Oct 11 22:14:15 relay CEF:0|v|p|1|c|n|5|dvchost=pc dvc=10.0.0.1 dhost=x",
      { name: "pc", hostname: "pc", ip: ["10.0.0.1"] },
    ],
    ["<13>Oct 11 22:14:15 relay CEF:0|v|p|1|c|n|5|dhost=x", { name: "relay", hostname: "relay" }],
    ["CEF:0|v|p|1|c|n|5|dvc=10.0.0.1 dhost=x", { name: "10.0.0.1", ip: ["10.0.0.1"] }],
    ["CEF:0|v|p|1|c|n|5|dhost=x shost=y", { name: "x", hostname: "x" }],
  ])("of %s", (text, host) => expect(cef.parse(text, CONTEXT).alert?.host).toEqual(host));
});

it("does not let a label take the place of a key", () => {
  const { alert } = cef.parse("CEF:0|v|p|1|c|n|5|cs1Label=src cs1=forged src=10.0.0.1", CONTEXT);
  expect(alert?.fields?.src).toBe("10.0.0.1");
});

describe("a value", () => {
  it.each([
    ["msg=a\\=b\\|c\\\\d", "msg", "a=b|c\\d"],
    ["msg=one\\ntwo\\rthree", "msg", "one\ntwo\rthree"],
    ["filePath=C:\\new\\readme.txt", "filePath", "C:\\new\\readme.txt"],
    ["filePath=C:\\\\new\\\\readme.txt", "filePath", "C:\\new\\readme.txt"],
    ["cs1=\\\\server\\share", "cs1", "\\\\server\\share"],
    ["suser=EXAMPLE\\nina", "suser", "EXAMPLE\\nina"],
    ["request=http://e.org/?a=b&c\\=d", "request", "http://e.org/?a=b&c=d"],
    ["msg= leading space kept x=1", "msg", " leading space kept"],
    ["a=1 a=2", "a", "2"],
    ["a= b=2", "a", ""],
    ["ad.field[0].x=1", "ad.field[0].x", "1"],
    ["msg=trailing blanks are garbage \t\r\n", "msg", "trailing blanks are garbage"],
  ])("of %j is read as its escapes say", (extension, key, value) => {
    expect(cef.parse(`CEF:0|v|p|1|c|n|5|${extension}`, CONTEXT).alert?.fields?.[key]).toBe(value);
  });
});

describe("a header", () => {
  it.each([
    ["CEF:0|v|p|1|c|a\\|b|5|", "a|b", 5],
    ["CEF:0|v|p|1|c|a | b|5|x=1", "a | b", 5],
    ["CEF:0|v|p|1|c|a|b|c|High|x=1", "a|b|c", 7],
    ["CEF:0|v|p|1|c|n|odd|x=a|5|", "n", undefined],
    ["CEF:0|v|p|1|c|n|5", "n", 5],
  ])("of %s names the event %j", (text, name, severity) => {
    const { alert, error } = cef.parse(text, CONTEXT);
    expect(error).toBeUndefined();
    expect([alert?.message, alert?.event?.severity]).toEqual([name, severity]);
  });
});

describe("version 2, as SentinelOne writes it", () => {
  it.each([
    ["k=v|l=w", { k: "v", l: "w" }],
    ["k= v |l=", { k: "v", l: "" }],
    ["k=a|b|l=w", { k: "a|b", l: "w" }],
    ["k=a=b|1=c", { k: "a=b|1=c" }],
    ["nothing|k=v", { k: "v" }],
  ])("ends the pairs of %j with pipes", (pairs, fields) => {
    const { alert, error } = cef.parse(`CEF:2|SentinelOne|Mgmt|Windows|${pairs}`, CONTEXT);
    expect(error).toBeUndefined();
    expect(alert?.fields).toEqual(fields);
    expect(alert?.observer).toMatchObject({ vendor: "SentinelOne", product: "Mgmt" });
  });
});

it("reads a time in the zone that dtz names, unless it has its own", () => {
  const time = (extension: string) =>
    cef.parse(`CEF:0|v|p|1|c|n|5|${extension}`, CONTEXT).alert?.["@timestamp"];
  expect(time("rt=Oct 11 2023 22:14:15 dtz=Europe/Paris")).toBe("2023-10-11T20:14:15.000Z");
  expect(time("dtz=+05:30 rt=Oct 11 2023 22:14:15")).toBe("2023-10-11T16:44:15.000Z");
  expect(time("dtz=Europe/Paris rt=Oct 11 2023 22:14:15 UTC")).toBe("2023-10-11T22:14:15.000Z");
  expect(time("dtz=Nowhere/Atall rt=Oct 11 2023 22:14:15")).toBe("2023-10-11T22:14:15.000Z");
});

it("reads hostile records of five million characters in time", () => {
  for (const piece of ["=", "a=", "\\", "|", " a=b", "CEF:", "\\n", "  ", "x=C:\\n ", "aLabel=b "]) {
    const { alert } = cef.parse(`CEF:0|v|p|1|c|n|5|a=${piece.repeat(5_000_000 / piece.length)}`, CONTEXT);
    expect(alert?.tags).toContain("tocsin_cut");
  }
  for (const piece of ["|", "a=|", "=", "|a=b"]) {
    const { alert } = cef.parse(`CEF:2|v|p|1|a=${piece.repeat(5_000_000 / piece.length)}`, CONTEXT);
    expect(alert).toBeDefined();
  }
}, 30_000);
