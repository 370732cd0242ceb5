import { describe, expect, it } from "vitest";
import { compiled, rule } from "../../test/support/compiled-rules.ts";
import { matchAlert, matchEvent, type RuleSetOptions } from "./rule-set.ts";

/** Whether one field line matches an event. */
function verdict(line: string, event: Record<string, unknown>): boolean {
  return (
    matchEvent(compiled(rule(`sel:\n  ${line.replaceAll("\n", "\n  ")}\ncondition: sel`)), event).length > 0
  );
}

describe("values of a field", () => {
  it.each<[string, Record<string, unknown>, boolean]>([
    ["f: value", { f: "value" }, true],
    ["f: value", { f: "VALUE" }, true],
    ["f: VALUE", { f: "value" }, true],
    ["f: value", { f: "a value" }, false],
    ["f: value", { F: "value" }, false],
    ["f: value", {}, false],
    ["f: value", { f: null }, false],
    ["f: élan", { f: "ÉLAN" }, true],
    // wildcards
    ["f: 'prog?.exe'", { f: "progA.exe" }, true],
    ["f: 'prog?.exe'", { f: "prog.exe" }, false],
    ["f: 'prog?.exe'", { f: "prog😀.exe" }, true],
    ["f: 'a*z'", { f: "a to z" }, true],
    ["f: 'a*z'", { f: "az" }, true],
    ["f: 'a*b*a'", { f: "aba" }, true],
    ["f: 'a*ba'", { f: "aba" }, true],
    ["f: 'ab*ba'", { f: "aba" }, false],
    ["f: '*'", { f: "anything" }, true],
    ["f: '*'", { f: "" }, true],
    ["f: '*'", {}, false],
    ["f: 'line*end'", { f: "line\nend" }, true],
    ["f: '?*a?'", { f: "xxab" }, true],
    ["f: '*a?c*e?'", { f: "zzabc--ef" }, true],
    ["f: '*a?c*e?'", { f: "zzabc--efg" }, false],
    // escapes
    ["f: 'a\\*b'", { f: "a*b" }, true],
    ["f: 'a\\*b'", { f: "axb" }, false],
    ["f: 'a\\?b'", { f: "a?b" }, true],
    ["f: '*\\?cmd=*'", { f: "/x.php?cmd=id" }, true],
    ["f: 'C:\\Windows\\x.exe'", { f: "C:\\Windows\\x.exe" }, true],
    ["f: 'C:\\\\Windows'", { f: "C:\\Windows" }, true],
    ["f: 'C:\\\\*'", { f: "C:\\Temp" }, true],
    ["f: 'C:\\\\*'", { f: "C:*" }, false],
    ["f: 'a\\\\\\*b'", { f: "a\\*b" }, true],
    ["f: 'a\\\\\\*b'", { f: "a\\xb" }, false],
    ["f: '\\\\\\\\srv\\share'", { f: "\\\\srv\\share" }, true],
    ["f: '\\\\\\srv'", { f: "\\\\srv" }, true],
    ["f: 'end\\'", { f: "end\\" }, true],
    // numbers, booleans, null, empty
    ["f: 42", { f: 42 }, true],
    ["f: 42", { f: "42" }, true],
    ["f: '42'", { f: 42 }, true],
    ["f: 42", { f: 43 }, false],
    ["f: 42", { f: "142" }, false],
    ["f: 1.5", { f: 1.5 }, true],
    ["f: -1", { f: "-1" }, true],
    ["f: true", { f: true }, true],
    ["f: true", { f: "True" }, true],
    ["f: true", { f: false }, false],
    ["f: 'true'", { f: true }, true],
    ["f: null", {}, true],
    ["f: null", { f: null }, true],
    ["f: null", { f: "" }, false],
    ["f: null", { f: "x" }, false],
    ["f: ''", { f: "" }, true],
    ["f: ''", { f: "x" }, false],
    ["f: ''", {}, false],
    // lists in the rule and in the event
    ["f: [a, b]", { f: "b" }, true],
    ["f: [a, b]", { f: "c" }, false],
    ["f: [a, null]", {}, true],
    ["f: [4624, '4625']", { f: 4625 }, true],
    ["f: b", { f: ["a", "b"] }, true],
    ["f: c", { f: ["a", "b"] }, false],
    ["f: 2", { f: [1, 2] }, true],
    // names
    ["a.b: x", { a: { b: "x" } }, true],
    ["a.b: x", { "a.b": "x" }, true],
    ["a.b: x", { a: [{ b: "y" }, { b: "x" }] }, true],
    ["a.b: x", { a: { c: "x" } }, false],
    ["c-uri: /x", { "c-uri": "/x" }, true],
    ["constructor: x", {}, false],
    ["'a b': x", { "a b": "x" }, true],
  ])("%s on %j is %s", (line, event, expected) => {
    expect(verdict(line, event)).toBe(expected);
  });
});

describe("modifiers", () => {
  it.each<[string, Record<string, unknown>, boolean]>([
    ["f|contains: Dir", { f: "a DIRECTORY" }, true],
    ["f|contains: dir", { f: "di r" }, false],
    ["f|contains: 'a*b'", { f: "xxa--bxx" }, true],
    ["f|contains: ''", { f: "x" }, true],
    ["f|contains: 42", { f: "a 42 b" }, true],
    ["f|contains: 42", { f: 1423 }, true],
    ["f|startswith: adm", { f: "Administrator" }, true],
    ["f|startswith: adm", { f: "xadm" }, false],
    ["f|endswith: '\\cmd.exe'", { f: "C:\\x\\CMD.exe" }, true],
    ["f|endswith: '\\cmd.exe'", { f: "cmd.exe" }, false],
    ["f|endswith: '*.exe'", { f: "a.exe" }, true],
    ["f|contains|all: [a, b]", { f: "b-a" }, true],
    ["f|contains|all: [a, b]", { f: "a" }, false],
    ["f|all|contains: [a, b]", { f: "ab" }, true],
    ["f|contains|all: [a, b]", { f: ["xa", "xb"] }, true],
    ["f|all: ['*a*', '*b*']", { f: "ab" }, true],
    ["f|cased: Value", { f: "Value" }, true],
    ["f|cased: Value", { f: "value" }, false],
    ["f|contains|cased: Val", { f: "a Value" }, true],
    ["f|contains|cased: Val", { f: "a value" }, false],
    ["f|cased|endswith: UE", { f: "valUE" }, true],
    ["f|re: '^te+st\\d+$'", { f: "teest12" }, true],
    ["f|re: 'st\\d'", { f: "test12" }, true],
    ["f|re: 'TEST'", { f: "test" }, false],
    ["f|re|i: 'TEST'", { f: "test" }, true],
    ["f|re: '(?i)TEST'", { f: "test" }, true],
    ["f|re: 'a.b'", { f: "a\nb" }, false],
    ["f|re|s: 'a.b'", { f: "a\nb" }, true],
    ["f|re: '^b'", { f: "a\nb" }, false],
    ["f|re|m: '^b'", { f: "a\nb" }, true],
    ["f|re|i|m|s: '^B.c'", { f: "a\nb\nc" }, true],
    ["f|re: ['x', 'y']", { f: "y" }, true],
    ["f|re: '4\\d'", { f: 42 }, true],
    // an end is where PCRE has it: before the line feed that ends the text too
    ["f|re: 'end$'", { f: "the end\n" }, true],
    ["f|re: 'end$'", { f: "the end\n\n" }, false],
    ["f|re: 'fin d’été$'", { f: "fin d’été\n" }, true],
    ["f|re: '\\Aend\\Z'", { f: "end\n" }, true],
    ["f|re: 'end\\z'", { f: "end\n" }, false],
    ["f|re: '[$]end\\$'", { f: "$end$x" }, true],
    ["f|cidr: 192.168.0.0/16", { f: "192.168.255.1" }, true],
    ["f|cidr: 192.168.0.0/16", { f: "192.169.0.1" }, false],
    ["f|cidr: 10.0.0.0/8", { f: "not an address" }, false],
    ["f|cidr: 10.0.0.0/8", { f: "::ffff:10.1.2.3" }, true],
    ["f|cidr: 172.16.0.0/12", { f: "172.31.255.255" }, true],
    ["f|cidr: 172.16.0.0/12", { f: "172.32.0.0" }, false],
    ["f|cidr: 2001:db8::/32", { f: "2001:0DB8:1::1" }, true],
    ["f|cidr: fe80::/10", { f: "fe80::1%eth0" }, true],
    ["f|cidr: fe80::/10", { f: "fec0::1" }, false],
    ["f|cidr: [10.0.0.0/8, 127.0.0.0/8]", { f: "127.0.0.1" }, true],
    ["f|lt: 5", { f: 4 }, true],
    ["f|lt: 5", { f: 5 }, false],
    ["f|lte: 5", { f: "5" }, true],
    ["f|gt: 5", { f: 5.5 }, true],
    ["f|gt: 5", {}, false],
    ["f|gt: 5", { f: "many" }, false],
    ["f|gte: 5", { f: 5 }, true],
    ["f|exists: true", { f: null }, true],
    ["f|exists: true", { f: "" }, true],
    ["f|exists: true", {}, false],
    ["f|exists: false", {}, true],
    ["f|exists: false", { f: 1 }, false],
    ["f|exists: yes", { f: 1 }, true],
    ["f|exists: 'No'", { f: 1 }, false],
    ["f|neq: a", { f: "b" }, true],
    ["f|neq: a", { f: "A" }, false],
    ["f|neq: 5", { f: 6 }, true],
    ["f|neq: [a, b]", { f: "b" }, false],
    ["f|neq: [a, b]", { f: "c" }, true],
    ["f|contains|neq: a", { f: "xay" }, false],
    ["f|fieldref: g", { f: "Same", g: "same" }, true],
    ["f|fieldref: g", { f: "a", g: "b" }, false],
    ["f|fieldref: g", { f: "a" }, false],
    ["f|fieldref: g", {}, false],
    ["f|fieldref|neq: g", { f: "a", g: "b" }, true],
    ["f|fieldref|startswith: g", { f: "abc", g: "AB" }, true],
    ["f|fieldref|endswith: g", { f: "abc", g: "bc" }, true],
    ["f|fieldref|contains: g", { f: "abc", g: "b" }, true],
    ["f|fieldref: g", { f: 5, g: "5" }, true],
    ["f|base64: foobar", { f: "Zm9vYmFy" }, true],
    ["f|base64|contains: foo", { f: "xxZm9vxx" }, true],
    ["f|base64offset|contains: foobar", { f: "Zm9vYmFy" }, true],
    ["f|base64offset|contains: /bin/bash", { f: Buffer.from("x/bin/bash -i").toString("base64") }, true],
    ["f|base64offset|contains: /bin/bash", { f: Buffer.from("xx/bin/bash -i").toString("base64") }, true],
    ["f|base64offset|contains: /bin/bash", { f: Buffer.from("xx/bin/dash -i").toString("base64") }, false],
    [
      "f|wide|base64offset|contains: 'ping'",
      { f: Buffer.from("a ping 1", "utf16le").toString("base64") },
      true,
    ],
    ["f|utf16le|base64|contains: 'ping'", { f: Buffer.from("ping", "utf16le").toString("base64") }, true],
    ["f|utf16be|base64: 'hi'", { f: Buffer.from([0, 104, 0, 105]).toString("base64") }, true],
    ["f|utf16|base64: 'hi'", { f: Buffer.from([255, 254, 104, 0, 105, 0]).toString("base64") }, true],
    ["f|wide|contains: 'hi'", { f: "xh\0i\0" }, true],
    ["f|windash|contains: ' -foo'", { f: "cmd /foo" }, true],
    ["f|windash|contains: ' -foo'", { f: "cmd \u2013foo" }, true],
    ["f|windash|contains: ' /foo'", { f: "cmd -foo" }, true],
    ["f|windash|contains: ' -foo'", { f: "cmd +foo" }, false],
    ["f|windash|contains: '-foo-bar'", { f: "/foo-bar" }, true],
    ["f|windash|contains: '-foo-bar'", { f: "/foo/bar" }, false],
    ["f|contains|all|windash: [' -a', ' -b']", { f: "x /b \u2014a" }, true],
    ["f|minute: 5", { f: "2026-08-02T02:05:00Z" }, true],
    ["f|hour: 2", { f: "2026-08-02T02:05:00+02:00" }, true],
    ["f|day: 2", { f: "2026-08-02" }, true],
    ["f|week: 31", { f: "2026-08-02T00:00:00Z" }, true],
    ["f|week: 1", { f: "2025-12-29" }, true],
    ["f|month: [7, 8]", { f: "2026-08-02 10:00" }, true],
    ["f|year: 2026", { f: "2025-08-02" }, false],
    ["f|year: 2026", { f: 1785629469 }, true],
    ["f|hour|gte: 20", { f: "2026-08-02T21:00:00Z" }, true],
    ["f|hour|lt: 6", { f: "2026-08-02T21:00:00Z" }, false],
    ["f|hour: 2", { f: "soon" }, false],
  ])("%s on %j is %s", (line, event, expected) => {
    expect(verdict(line, event)).toBe(expected);
  });
});

describe("selections", () => {
  const on = (detection: string, event: Record<string, unknown>) =>
    matchEvent(compiled(rule(detection)), event).length > 0;

  it.each<[string, Record<string, unknown>, boolean]>([
    ["sel:\n  a: 1\n  b: 2\ncondition: sel", { a: 1, b: 2 }, true],
    ["sel:\n  a: 1\n  b: 2\ncondition: sel", { a: 1 }, false],
    ["sel:\n  - a: 1\n  - b: 2\ncondition: sel", { b: 2 }, true],
    ["sel:\n  - a: 1\n    b: 2\n  - c: 3\ncondition: sel", { a: 1, c: 4 }, false],
    ["sel:\n  - - a: 1\n    - b: 2\n  - c: 3\ncondition: sel", { b: 2 }, true],
    // keywords
    ["sel:\n  - evil\n  - 'svc -n'\ncondition: sel", { m: "an EVIL thing" }, true],
    ["sel:\n  - evil\ncondition: sel", { m: { deep: ["x", "the evil"] } }, true],
    ["sel:\n  - evil\ncondition: sel", { m: "good" }, false],
    ["sel: evil\ncondition: sel", { m: "evil" }, true],
    ["sel:\n  - 4625\ncondition: sel", { m: "id 4625." }, true],
    ["sel:\n  - 'a*c'\ncondition: sel", { m: "xxabcxx" }, true],
    ["sel:\n  '|all':\n    - one\n    - two\ncondition: sel", { m: "one", n: "two" }, true],
    ["sel:\n  '|all':\n    - one\n    - two\ncondition: sel", { m: "one" }, false],
    ["sel:\n  '|re': 'ev[i1]l$'\ncondition: sel", { m: "so ev1l" }, true],
    ["sel:\n  '|contains|all': [one, two]\ncondition: sel", { m: "two one" }, true],
    ["sel:\n  '|cased': Evil\ncondition: sel", { m: "evil" }, false],
    ["sel:\n  - evil\n  - a: 1\ncondition: sel", { a: 1 }, true],
    ["sel:\n  f: []\ncondition: sel", {}, true],
  ])("%j on %j is %s", (detection, event, expected) => {
    expect(on(detection, event)).toBe(expected);
  });
});

describe("conditions", () => {
  const detection = (condition: string) =>
    `${[
      "a: {x: 1}",
      "b: {y: 1}",
      "selection_1: {x: 1}",
      "selection_2: {y: 1}",
      "filter: {z: 1}",
      "_hidden: {w: 1}",
    ].join("\n")}\ncondition: ${condition}`;

  it.each<[string, Record<string, unknown>, boolean]>([
    ["a and b", { x: 1, y: 1 }, true],
    ["a and b", { x: 1 }, false],
    ["a AND NOT b", { x: 1 }, true],
    ["a or b", { y: 1 }, true],
    ["not a", {}, true],
    ["not not a", { x: 1 }, true],
    // not binds tighter than and, and tighter than or
    ["a or b and filter", { x: 1 }, true],
    ["b and filter or a", { x: 1 }, true],
    ["(a or b) and filter", { x: 1 }, false],
    ["not a and b", { y: 1 }, true],
    ["not (a and b)", { y: 1 }, true],
    ["not a or b", { x: 1, y: 1 }, true],
    ["((a))", { x: 1 }, true],
    ["1 of them", { z: 1 }, true],
    ["1 of them", { w: 1 }, false],
    ["any of them", { y: 1 }, true],
    ["all of them", { x: 1, y: 1, z: 1 }, true],
    ["all of them", { x: 1, y: 1 }, false],
    ["1 of selection*", { y: 1 }, true],
    ["1 of selection*", { z: 1 }, false],
    ["1 of selection_*", { x: 1 }, true],
    ["all of selection_*", { x: 1, y: 1 }, true],
    ["all of selection_*", { x: 1 }, false],
    ["any of selection*", { x: 1 }, true],
    ["1 of *_1", { x: 1 }, true],
    ["1 of sel*_2", { x: 1 }, false],
    ["All Of selection*", { x: 1, y: 1 }, true],
    ["1 of selection* and not filter", { x: 1, z: 1 }, false],
    ["not 1 of selection* and filter", { z: 1 }, true],
    ["1 of _hid*", { w: 1 }, true],
    ["_hidden", { w: 1 }, true],
    ["2 of them", { x: 1, y: 1 }, true],
    ["4 of them", { x: 1 }, false],
    ["[a and b, filter]", { z: 1 }, true],
    ["[a and b, filter]", { x: 1 }, false],
  ])("%s on %j is %s", (condition, event, expected) => {
    expect(matchEvent(compiled(rule(detection(condition))), event).length > 0).toBe(expected);
  });
});

describe("what an alert shows", () => {
  const sysmon = {
    event: { module: "generic", code: "1" },
    host: { name: "SRV", ip: ["10.0.0.1", "fe80::1"] },
    process: { command_line: "vssadmin delete shadows", executable: "C:\\Windows\\System32\\vssadmin.exe" },
    message: "Process Create",
    fields: { Channel: "Microsoft-Windows-Sysmon/Operational", EventID: 1, Extra: "kept" },
  };
  const matched = (detection: string, logsource: string, options?: RuleSetOptions) =>
    matchAlert(compiled(rule(detection, logsource), options), sysmon).length > 0;

  it.each<[string, string, boolean]>([
    ["CommandLine|contains: delete", "category: alert", true],
    ["Image|endswith: '\\vssadmin.exe'", "category: alert", true],
    ["process.command_line|contains: delete", "category: alert", true],
    ["EventID: 1", "category: alert", true],
    ["host.ip|cidr: 10.0.0.0/8", "category: alert", true],
    ["host.ip: fe80::1", "category: alert", true],
    ["extra: kept", "category: alert", true],
    ["Computer: srv", "category: alert", true],
    ["EventID: 1", "category: process_creation\n  product: windows", true],
    ["EventID: 1", "product: windows\n  service: sysmon", true],
    ["EventID: 1", "category: process_creation", true],
    ["EventID: 1", "category: file_event\n  product: windows", false],
    ["EventID: 1", "category: process_creation\n  product: linux", false],
    ["EventID: 1", "product: windows\n  service: security", false],
  ])("%s for %s is %s", (line, logsource, expected) => {
    expect(matched(`sel:\n  ${line}\ncondition: sel`, logsource)).toBe(expected);
  });

  it("runs every rule whatever its log source when asked", () => {
    expect(matched("sel:\n  EventID: 1\ncondition: sel", "product: zeek", { anyLogsource: true })).toBe(true);
  });

  it("looks for keywords in the message, the raw text and the values of fields", () => {
    expect(matched("sel: ['process create']\ncondition: sel", "category: alert")).toBe(true);
    expect(matched("sel: [kept]\ncondition: sel", "category: alert")).toBe(true);
    expect(matched("sel: [vssadmin]\ncondition: sel", "category: alert")).toBe(false);
  });
});

describe("the reasons of a match", () => {
  it("names the selections that held, the field, the pattern as written and the value met", () => {
    const yaml = rule(
      "sel:\n  f|contains: [one, TWO]\n  g: 5\nkw: [needle]\nno: {h: 1}\ncondition: (sel or kw) and not no",
    );
    const [match] = matchEvent(compiled(yaml), { f: "a two", g: "5", m: "hay" });
    expect(match?.because).toEqual([
      { selection: "sel", field: "f", pattern: "TWO", value: "a two" },
      { selection: "sel", field: "g", pattern: "5", value: "5" },
    ]);
  });

  it("cuts a long value", () => {
    const [match] = matchEvent(compiled(rule("sel:\n  f|contains: x\ncondition: sel")), {
      f: "x".repeat(5000),
    });
    expect(match?.because[0]?.value).toHaveLength(300);
  });
});

describe("a rule that throws", () => {
  it("is reported once, runs no more, and stops no other", () => {
    const faults: unknown[] = [];
    const set = compiled(
      `${rule("sel:\n  f: 1\ncondition: sel")}---\n${rule("sel:\n  f: 1\ncondition: sel").replace("id: test", "id: other")}`,
      { onFault: (failed, fault) => faults.push([failed.id, fault]) },
    );
    const first = set.rules[0];
    if (first !== undefined) {
      first.matches = () => {
        throw new Error("boom");
      };
    }
    expect(matchEvent(set, { f: 1 }).map((match) => match.rule.id)).toEqual(["other"]);
    expect(matchEvent(set, { f: 1 }).map((match) => match.rule.id)).toEqual(["other"]);
    expect(faults).toHaveLength(1);
  });
});
