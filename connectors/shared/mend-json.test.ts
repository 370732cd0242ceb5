import { describe, expect, it } from "vitest";
import { AlertTag } from "../../agent/core/alert.ts";
import { inboundNamed } from "../registry.ts";
import { mendJson } from "./mend-json.ts";

const long = "powershell ".repeat(40);

describe("mendJson", () => {
  it.each([
    ["a member that is cut goes", '{"a":1,"b":"x","c":"192.0.2.1', { a: 1, b: "x" }],
    ["a name without its value goes", '{"a":true,"b"', { a: true }],
    ["a name without its value goes, after the colon too", '{"a":null,"b": ', { a: null }],
    ["a number at the end may go on", '{"a":1,"port":44', { a: 1 }],
    ["objects and lists are closed", '{"a":{"b":[{"c":1},{"d":"e"', { a: { b: [{ c: 1 }, { d: "e" }] } }],
    ["an object that was closed is whole", '{"a":{"b":"c"}', { a: { b: "c" } }],
    ["what was opened last and is empty goes", '{"a":"b","c":{"d', { a: "b" }],
    ["only the closing bracket is missing", '{"a":"b"', { a: "b" }],
    ["a quote within a text is no end", '{"a":"\\"","b":"c', { a: '"' }],
    ["the beginning of a long text stays", `{"a":1,"b":"${long}`, { a: 1, b: long }],
    ["half an escape goes", `{"a":1,"b":"${long}\\u00`, { a: 1, b: long }],
    ["what stands before is left out", 'alert: {"a":1,"b":', { a: 1 }],
  ])("%s", (_what, text, value) => {
    expect(JSON.parse(mendJson(text) ?? '"nothing"')).toEqual(value);
  });

  it.each([
    ["nothing whole is left", '{"a":'],
    ["nothing but a brace is left", "{"],
    ["it is whole", '{"a":1}'],
    ["it is wrong rather than cut", '{"a": broken}'],
    ["a wrong value stands before the cut", '{"a": broken, "b":1, "c'],
    ["it is no object", "disk full"],
    ["it is deeper than is read", `${"[".repeat(50_000)}1,`],
  ])("gives nothing when %s", (_what, text) => {
    expect(mendJson(text)).toBeUndefined();
  });
});

describe("a record that was cut short", () => {
  const context = { received: 0, zone: "UTC" };
  const record = '{"source":{"ip":"192.0.2.7"},"user":{"name":"u1"},"destination":{"ip":"198.51.1';

  it.each([
    ["alone", "auto", record],
    ["in syslog", "syslog", `<13>1 2026-11-02T08:00:00Z host1 app - - - ${record}`],
  ])("%s keeps what was whole, with the error", (_where, way, text) => {
    const { alert, error } = inboundNamed(way)?.parse(text, context) ?? {};
    expect(error?.code).toBe("not_json");
    expect(alert).toMatchObject({
      source: { ip: "192.0.2.7" },
      user: { name: "u1" },
      event: { original: text },
    });
    expect(alert?.destination).toBeUndefined();
    expect(alert?.tags).toContain(AlertTag.cut);
  });
});
