import { describe, expect, it } from "vitest";
import { ALERT_LIMITS, type Alert, type FieldValue } from "../../agent/core/alert.ts";
import { expectSound } from "../../test/contract/inbound.contract.ts";
import { CONTEXT } from "../../test/support/fixtures.ts";
import { alertOf, FORMATS, HEAD, mapping, mappingText } from "../../test/support/mappings.ts";
import { fc } from "../../test/support/property.ts";
import type { Step as TraceStep } from "../contract.ts";
import { readMapping } from "./load-mappings.ts";

/** The ECS value that a mapping gives a field. */
function given(rest: string, fields: Record<string, FieldValue>, more?: Partial<Alert>): Alert {
  const alert = alertOf(fields, more);
  mapping(rest).apply(alert, CONTEXT);
  return alert;
}

describe("a field", () => {
  it.each<[string, Record<string, FieldValue>, Record<string, unknown>]>([
    ["event.action: act", { act: "allow" }, { event: { action: "allow" } }],
    ["event.action: [a, b]", { b: "second" }, { event: { action: "second" } }],
    ["event.action: [a, { value: none }]", {}, { event: { action: "none" } }],
    ["event.action: { from: act, as: lower }", { act: "ALLOW" }, { event: { action: "allow" } }],
    ["process.name: { from: path, as: basename }", { path: "C:\\a\\b.exe" }, { process: { name: "b.exe" } }],
    [
      "event.action: { from: act, map: { Allow: permitted } }",
      { act: "ALLOW" },
      { event: { action: "permitted" } },
    ],
    [
      "event.action: { from: act, map: { a: b }, default: other }",
      { act: "x" },
      { event: { action: "other" } },
    ],
    ["event.type: { from: n, map: { 1: [start, info] } }", { n: 1 }, { event: { type: ["start", "info"] } }],
    ["event.action: { join: [a, b], with: '-' }", { a: "x", b: 2 }, { event: { action: "x-2" } }],
    ["event.action: { value: v, when: { a: [x, y] } }", { a: "y" }, { event: { action: "v" } }],
    ["event.duration: { from: ms, times: 1000000 }", { ms: "15" }, { event: { duration: 15_000_000 } }],
    [
      "host.ip: { from: ips, split: ',' }",
      { ips: "192.0.2.1, 192.0.2.2" },
      { host: { ip: ["192.0.2.1", "192.0.2.2"] } },
    ],
    ["source.port: port", { port: "443" }, { source: { port: 443 } }],
    ["source: src", { src: "192.0.2.1" }, { source: { address: "192.0.2.1", ip: "192.0.2.1" } }],
    ["source: src", { src: "pc-1" }, { source: { address: "pc-1" } }],
    ["host: dev", { dev: "fw" }, { host: { name: "fw", hostname: "fw" } }],
    ["host: dev", { dev: "192.0.2.9" }, { host: { name: "192.0.2.9", ip: ["192.0.2.9"] } }],
    ["network.transport: proto", { proto: 17 }, { network: { transport: "udp", iana_number: "17" } }],
    ["'@timestamp': t", { t: "1760092496" }, { "@timestamp": "2025-10-10T10:34:56.000Z" }],
    [
      "'@timestamp': { join: [d, t], zone: z }",
      { d: "2025-10-10", t: "12:34:56", z: "+0200" },
      { "@timestamp": "2025-10-10T10:34:56.000Z" },
    ],
    [
      "'@timestamp': { from: t, format: dd/MM/yyyy HH:mm }",
      { t: "10/10/2025 12:34" },
      { "@timestamp": "2025-10-10T12:34:00.000Z" },
    ],
    [
      "event.duration: { from: s, times: 1000000000 }",
      { s: "107331.18" },
      { event: { duration: 107331180000000 } },
    ],
    ["event.duration: { from: d, as: duration }", { d: "1:02:03" }, { event: { duration: 3_723e9 } }],
    ["event.duration: { from: d, as: duration }", { d: "0h:32m:16s" }, { event: { duration: 1_936e9 } }],
    [
      "event.duration: { from: d, as: duration }",
      { d: "2d 01:00:00.5" },
      { event: { duration: 176_400.5e9 } },
    ],
    [
      "event.duration: { from: s, times: 1000000000 }",
      { s: "0.33862805366516113" },
      { event: { duration: 338_628_054 } },
    ],
    ["event.duration: { from: s, times: 1000000000 }", { s: "9.5e-05" }, { event: { duration: 95_000 } }],
    ["network.bytes: { sum: [there, back] }", { there: "997", back: 3449 }, { network: { bytes: 4446 } }],
    [
      "dns.resolved_ip: answers",
      { answers: ["www.example.org", "192.0.2.1"] },
      { dns: { resolved_ip: ["192.0.2.1"] } },
    ],
    ["source: src", { src: ["192.0.2.1", "192.0.2.2"] }, { source: { ip: "192.0.2.1" } }],
    ["rule.name: 'rules[].name'", { "rules.0.name": "a", "rules.1.name": "b" }, { rule: { name: "a" } }],
    [
      "threat.technique.id: 'seen[].by[].id'",
      { "seen.0.by.0.id": "T1", "seen.1.by.0.id": "T1", "seen.3.by.1.id": ["T2", "T3"] },
      { threat: { technique: { id: ["T1", "T2", "T3"] } } },
    ],
    [
      "event.action: { from: act, when: { kind: { not: [a, b] } } }",
      { act: "x", kind: "c" },
      { event: { action: "x" } },
    ],
    ["file.hash.sha256: h", { h: "ABCDEF" }, { file: { hash: { sha256: "abcdef" } } }],
    ["event.start: t", { t: 1760092496000 }, { event: { start: "2025-10-10T10:34:56.000Z" } }],
    ["event.start: t", { t: 133355377959700000 }, { event: { start: "2023-08-03T12:03:15.970Z" } }],
    ["host.id: 'dev[].id[]'", { "dev.0.id": ["a", "b"] }, { host: { id: "a" } }],
    ["event.action: message", {}, { event: { action: "the message" } }],
    ["user.name: [empty, who]", { empty: "", who: "bob" }, { user: { name: "bob" } }],
    ["event.action: labels.a", {}, { event: { action: "label" } }],
  ])("%s", (line, fields, expected) => {
    const more = { message: "the message", labels: { a: "label" } };
    expect(given(`fields: { ${line} }`, fields, more)).toMatchObject(expected);
  });

  it.each([
    [
      "a refused value",
      "event.action: { from: act, when: { kind: { not: [a, b] } } }",
      { act: "x", kind: "a" },
    ],
    ["a part of a sum that is not told", "event.action: { sum: [act, more] }", { act: 1 }],
    ["one that must be there", "event.action: { from: act, when: { kind: { not: null } } }", { act: "x" }],
  ])("is left out by %s", (_, line, fields) => {
    expect(given(`fields: { ${line} }`, fields as Record<string, FieldValue>).event?.action).toBeUndefined();
  });

  it.each<[string, string, Record<string, FieldValue>, object]>([
    [
      "a Windows event",
      "read: [{ from: body, windows: true }]",
      {
        body: "<Event><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4740</EventID><Channel>Security</Channel></System><EventData><Data Name='TargetUserName'>jane</Data></EventData></Event>",
      },
      { event: { code: "4740" }, fields: { TargetUserName: "jane" } },
    ],
    [
      "a list of names with values",
      "read: [{ from: props, named: { name: Name, value: Value } }]\nfields: { user_agent.original: props.UserAgent }",
      { "props.0.Name": "Kind", "props.0.Value": "x", "props.1.Name": "UserAgent", "props.1.Value": "curl" },
      { user_agent: { original: "curl" } },
    ],
    [
      "a list of which a member has no name",
      "read: [{ from: props, named: { name: Name, value: Value } }]\nfields: { user_agent.original: props.UserAgent }",
      { "props.0.Value": "x", "props.1.Name": "UserAgent", "props.1.Value": "curl" },
      { user_agent: { original: "curl" } },
    ],
    [
      "an object that was cut short",
      "read: [{ from: body, json: true }]\nfields: { rule.id: a, rule.name: b }",
      { body: 'alert: {"a":"1","b":"ru' },
      { rule: { id: "1" }, tags: ["tocsin_cut"] },
    ],
    [
      "a list that a step made",
      "read: [{ from: body, json: true }]\nfields: { rule.id: 'a[].b' }",
      { "a.0.c": "x", body: '{"a":[{"b":"r1"}]}' },
      { rule: { id: "r1" } },
    ],
    [
      "what holds together",
      "if: [{ when: { kind: login, ok: { not: true } }, set: { event.outcome: failure } }]",
      { kind: "login", ok: false },
      { event: { outcome: "failure" } },
    ],
    [
      "a severity with its number elsewhere",
      "severity: { from: level, number: score, map: { grave: 80 } }",
      { level: "grave", score: "7" },
      { event: { severity: 7, risk_score_norm: 80 } },
    ],
  ])("reads %s", (_, rest, fields, expected) => {
    expect(given(rest, fields)).toMatchObject(expected);
  });

  it.each(["soon", "", "1:2", "::", "9".repeat(70), "-1:00:00"])("is no duration: %j", (d) => {
    expect(
      given("fields: { event.duration: { from: d, as: duration } }", { d }).event?.duration,
    ).toBeUndefined();
  });

  it.each<[string, Record<string, FieldValue>]>([
    ["a value that means none", { user: "N/A" }],
    ["a value that this field means none by", { user: "system" }],
    ["an empty one", { user: "" }],
    ["blanks", { user: "  " }],
    ["one that is absent", {}],
  ])("is left out for %s, and what the parser made of it too", (_, fields) => {
    const rest = "nothing: [N/A]\nfields: { user.name: { from: user, unless: [system] }, source.ip: user }";
    const alert = given(rest, fields, { user: { name: "N/A" }, source: { ip: "192.0.2.1" } });
    expect(alert.user?.name).toBeUndefined();
    expect(alert.source?.ip).toBe("192.0.2.1");
  });

  it("that does not fit its ECS type leaves what the parser wrote", () => {
    const alert = given(
      "fields: { source.port: p, source.ip: i, '@timestamp': t }",
      { p: 99999, i: "x", t: "soon" },
      {
        source: { ip: "192.0.2.1", port: 1 },
      },
    );
    expect(alert).toMatchObject({
      source: { ip: "192.0.2.1", port: 1 },
      "@timestamp": "2023-10-12T00:00:00.000Z",
    });
  });
});

describe("the rest of a mapping", () => {
  it("goes from what it takes apart to what it removes, sets, maps and tells by value", () => {
    const alert = given(
      [
        "read: [{ like: '{who} did {what}' }]",
        "remove: [user.email]",
        "set: { observer.vendor: V, event.kind: alert }",
        "fields: { user.name: who, event.action: what }",
        "by: { event.action: { 'run|walk': { event.type: [info] }, 'w*': { event.type: [change] } } }",
      ].join("\n"),
      {},
      { message: "bob did walk", user: { email: "x" }, tags: ["tocsin_unrecognised"] },
    );
    expect(alert).toMatchObject({
      user: { name: "bob" },
      observer: { vendor: "V" },
      event: { action: "walk", kind: "alert", type: ["info"], dataset: "one", module: "syslog" },
      fields: { who: "bob", what: "walk" },
    });
    expect(alert.user).not.toHaveProperty("email");
    expect(alert).not.toHaveProperty("tags");
  });

  it.each<[string, Record<string, FieldValue> | undefined]>([
    ['-: {"a": {"b": "c"}, "l": [1, 2]}', { "a.b": "c", l: [1, 2] }],
    ['{"__proto__": 1}', { _proto_: 1 }],
    ["-: {not json}", undefined],
    ["no object", undefined],
    ['["a"]', undefined],
  ])("takes the JSON object that a text ends with: %s", (message, fields) => {
    expect(given("read: [{ json: true }]", {}, { message, fields: {} }).fields).toEqual(fields ?? {});
  });

  it.each<[string, FieldValue, number | undefined, number | undefined]>([
    ["{ from: s, scale: syslog }", 3, 3, 60],
    ["{ from: s, scale: syslog }", "Critical", 2, 80],
    ["{ from: s, scale: syslog }", "err", 3, 60],
    ["{ from: s, scale: syslog }", "bogus", undefined, undefined],
    ["{ from: s, scale: [0, 10] }", "7", 7, 70],
    ["{ from: s, scale: [5, 1] }", 2, 2, 75],
    ["{ from: s, scale: [0, 10] }", 99, 99, 100],
    ["{ from: s, map: { high: { severity: 4, risk: 75 } } }", "HIGH", 4, 75],
    ["{ from: s, map: { '9': 95 } }", "9", 9, 95],
    ["{ from: s }", "medium", undefined, 50],
    ["[{ from: none }, { from: s, scale: [0, 4], when: { s: '1' } }]", "1", 1, 25],
  ])("grades by %s: %j", (severity, value, number, risk) => {
    const { event } = given(`severity: ${severity}`, { s: value });
    expect([event?.severity, event?.risk_score_norm]).toEqual([number, risk]);
  });

  it("tells the line of each thing it did, and of each that it tried in vain", () => {
    const steps: TraceStep[] = [];
    const one = mapping("set: { observer.vendor: V }\nfields:\n  event.action: a\n  event.reason: b");
    one.apply(alertOf({ b: "why" }), { ...CONTEXT, trace: (step) => steps.push(step) });
    expect(steps.map(({ rule, idle }) => [rule, idle])).toEqual([
      ["m.yml:6", false],
      ["m.yml:8", true],
      ["m.yml:9", false],
      [undefined, undefined],
    ]);
  });

  it("keeps the bounds of an alert", () => {
    const fields = Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`f${i}`, "x"]));
    const long = "y".repeat(ALERT_LIMITS.value + 10);
    const alert = given("read: [{ like: 'a {b...}' }]\nfields: { event.reason: message }", fields, {
      message: `a ${long}`,
    });
    expect(Object.keys(alert.fields ?? {})).toHaveLength(256);
    expect(alert.event?.reason).toHaveLength(ALERT_LIMITS.value);
    expect(alert.tags).toEqual(["tocsin_cut"]);
  });

  it("makes a sound alert of any text", () => {
    const one = mapping(
      "read: [{ columns: [a, b, c] }, { pairs: { between: ' ', within: '=' } }, { like: '{d}:{e...}' }]\nfields: { source: a, '@timestamp': b, event.action: { join: [a, c] }, url.original: e }",
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (message) => {
        const alert = alertOf({}, { message });
        one.apply(alert, CONTEXT);
        expectSound({ alert });
      }),
    );
  });
});

describe("a mapping that is wrong", () => {
  it("has all of it told at once, each with its place and what to do", () => {
    const text = `mapping: one
${HEAD.replace("[syslog]", "[syslg]")}
when: { kind: null }
set: { event.outcom: x }
fields:
  user.name: { from: u, map: { a: b } }
  rule.name: event.action
  event.severity: { value: high }
`;
    const { problems } = readMapping(text, "m.yml", FORMATS);
    expect(problems.map(({ where, code, remedy }) => `${where} ${code}; ${remedy}`)).toEqual([
      "m.yml:4:8 mapping_unknown_format; did you mean syslog?",
      "m.yml:5:7 mapping_when; name a field that only this product writes",
      "m.yml:6:22 mapping_unknown_field; did you mean event.outcome?",
      "m.yml:8:30 mapping_not_verbatim; write it into another field, such as event.action",
      "m.yml:9:14 mapping_not_verbatim; name the field of the source itself",
      "m.yml:10:28 mapping_value; give a value that fits the field",
    ]);
  });

  it.each([
    ["fields: { user.name: { value: x } }", "mapping_not_verbatim"],
    ["fields: { user.name: { from: a, as: lower } }", "mapping_not_verbatim"],
    ["fields: { file.name: { join: [a, b] } }", "mapping_not_verbatim"],
    ["set: { process.name: x }", "mapping_not_verbatim"],
    ["by: { a: { b: { rule.name: x } } }", "mapping_not_verbatim"],
    ["read: [{ from: event.action, like: '{a} {b}' }]", "mapping_not_verbatim"],
    ["set: { event.kind: nonsense }", "mapping_value"],
    ["fields: { event.outcome: { from: a, map: { ok: fine } } }", "mapping_value"],
    ["set: { event.dataset: x }", "mapping_unknown_field"],
    ["fields: { event.original: x }", "mapping_unknown_field"],
    ["read: [{ like: '{a}{b}' }]", "mapping_like"],
    ["read: [{ pattern: '(' }]", "mapping_pattern"],
    ["read: [{ like: '{a} b', columns: [a, b] }]", "mapping_invalid"],
    ["fields: { event.action: { form: a } }", "mapping_invalid"],
    ["fields: { event.start: { from: a, format: HH:mm } }", "mapping_format"],
    ["fields: [", "mapping_not_yaml"],
    ["set: { a: 1 }\nset: { b: 2 }", "mapping_not_yaml"],
  ])("is refused for %s", (rest, code) => {
    const { mapping, problems } = readMapping(mappingText(rest), "m.yml", FORMATS);
    expect(mapping).toBeUndefined();
    expect(problems.map((problem) => problem.code)).toContain(code);
    for (const { where } of problems) expect(where).toMatch(/^m\.yml:\d+:\d+$/);
  });

  it("may not take the name of a format", () => {
    const { problems } = readMapping(mappingText("", "cef"), "m.yml", FORMATS);
    expect(problems.map(({ code }) => code)).toEqual(["mapping_repeated"]);
  });
});
