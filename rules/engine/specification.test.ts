import { describe, expect, it } from "vitest";
import { readRules } from "./read.ts";
import { compileRules, matchEvent } from "./rule-set.ts";

const PLACEHOLDERS = { name: ["adm*"], Servers: ["srv*"], name2: ["x"] };

function matches(detection: string, event: Record<string, unknown>): boolean {
  const yaml = `title: T\nid: t\nlogsource: {category: test}\ndetection:\n${detection.replaceAll(/^/gm, "  ")}\n`;
  const { rules, refused } = readRules(yaml, "t.yml");
  expect(refused).toEqual([]);
  return matchEvent(compileRules(rules, { placeholders: PLACEHOLDERS }), event).length > 0;
}

const selection = (line: string) => `s:\n${line.replaceAll(/^/gm, "  ")}\ncondition: s`;

const WHOAMI = selection("Image: 'C:\\Windows\\System32\\whoami.exe'");
const KEYWORDS = "keywords:\n  - 'EVILSERVICE'\n  - 'svchost.exe -n evil'\ncondition: keywords";
const MAPS =
  "s:\n  - Image|endswith: '\\\\example.exe'\n  - Description|contains: 'Test executable'\ncondition: s";
const TICKET = selection(
  "EventLog: Security\nEventID: 4769\nTicketOptions: '0x40810000'\nTicketEncryption: '0x17'",
);
const CLEARED = selection("EventLog: Security\nEventID:\n  - 517\n  - 1102");
const NOT_NULL = "s: {EventID: 4738}\nfilter: {PasswordLastSet: null}\ncondition: s and not filter";
const EXISTS = selection("EventID: 4738\nPasswordLastSet|exists: true");
const CMDLET = selection("'|all':\n  - 'OabVirtualDirectory'\n  - ' -ExternalUrl '");
const NAMED = (condition: string) =>
  `keywords1: [k1]\nkeywords2: [k2]\nselection1: {a: 1}\nselection2: {b: 1}\nfilter1: {c: 1}\nfilters: {d: 1}\n_example: {e: 1}\ncondition: ${condition}`;

describe("an example of the rules specification 2.1", () => {
  it.each<[string, Record<string, unknown>, boolean]>([
    [WHOAMI, { Image: "C:\\Windows\\System32\\whoami.exe" }, true],
    [WHOAMI, { Image: "c:\\windows\\system32\\WHOAMI.EXE" }, true],
    [WHOAMI, { Image: "C:\\Windows\\System32\\whoami.exe " }, false],
    // String Wildcard
    [selection("f: 'prog?.exe'"), { f: "progA.exe" }, true],
    [selection("f: 'prog?.exe'"), { f: "prog.exe" }, false],
    [selection("f: 'prog?.exe'"), { f: "progAB.exe" }, false],
    [selection("f: 'antivirus_V*.exe'"), { f: "antivirus_V21.2.1.exe" }, true],
    [selection("f: 'antivirus_V*.exe'"), { f: "antivirus_V.exe" }, true],
    [selection("f: '*something'"), { f: "is something" }, true],
    [selection("f: 'something*'"), { f: "is something" }, false],
    [selection("f: '*something*'"), { f: "is something else" }, true],
    // Escaping
    [selection("f: 'C:\\x'"), { f: "C:\\x" }, true],
    [selection("f: 'C:\\\\x'"), { f: "C:\\x" }, true],
    [selection("f: 'a\\*'"), { f: "a*" }, true],
    [selection("f: 'a\\*'"), { f: "ab" }, false],
    [selection("f: 'a\\?'"), { f: "a?" }, true],
    [selection("f: 'a\\?'"), { f: "ab" }, false],
    [selection("f: 'a\\\\*'"), { f: "a\\bc" }, true],
    [selection("f: 'a\\\\*'"), { f: "abc" }, false],
    [selection("f: 'a\\\\\\*'"), { f: "a\\*" }, true],
    [selection("f: 'a\\\\\\*'"), { f: "a\\b" }, false],
    [selection("f: 'a\\\\\\b'"), { f: "a\\\\b" }, true],
    [selection("f: 'a\\\\\\\\b'"), { f: "a\\\\b" }, true],
    [selection("f: 'a\\\\\\\\b'"), { f: "a\\b" }, false],
    [selection("f: 'a\\\\\\\\*'"), { f: "a\\\\bc" }, true],
    // Lists and maps
    [KEYWORDS, { any: "an EvilService" }, true],
    [KEYWORDS, { any: "x", other: "svchost.exe -n EVIL" }, true],
    [KEYWORDS, { any: "svchost.exe", other: "-n evil" }, false],
    [MAPS, { Image: "C:\\example.exe" }, true],
    [MAPS, { Description: "a test executable." }, true],
    [MAPS, { Image: "C:\\anexample.exe" }, false],
    [CLEARED, { EventLog: "Security", EventID: 1102 }, true],
    [CLEARED, { EventLog: "Security", EventID: "517" }, true],
    [CLEARED, { EventLog: "System", EventID: 517 }, false],
    [
      TICKET,
      { EventLog: "Security", EventID: 4769, TicketOptions: "0x40810000", TicketEncryption: "0x17" },
      true,
    ],
    [
      TICKET,
      { EventLog: "Security", EventID: 4769, TicketOptions: "0x40810000", TicketEncryption: 23 },
      false,
    ],
    // Special Field Values, Field Existence
    [NOT_NULL, { EventID: 4738, PasswordLastSet: "now" }, true],
    [NOT_NULL, { EventID: 4738, PasswordLastSet: null }, false],
    [NOT_NULL, { EventID: 4738 }, false],
    [selection("f: ''"), { f: "" }, true],
    [selection("f: ''"), { f: " " }, false],
    [EXISTS, { EventID: 4738, PasswordLastSet: "" }, true],
    [EXISTS, { EventID: 4738 }, false],
    // Placeholders
    [selection("field: '%name%'"), { field: "%name%" }, true],
    [selection("field|expand: '%name%'"), { field: "adm_bob" }, true],
    [selection("field|expand: '%name%'"), { field: "bob" }, false],
    [selection("field|expand: '%Servers%'"), { field: "SRV-1" }, true],
    [selection("field|expand: '\\%plain%name2%'"), { field: "%plainx" }, true],
    [selection("field|expand: 'a\\\\%name2%'"), { field: "a\\x" }, true],
    [selection("field|expand: '%name2%*%name2%'"), { field: "x-x" }, true],
    [selection("field|expand: '100%'"), { field: "100%" }, true],
    [selection("field|expand: '%a b%'"), { field: "%a b%" }, true],
    // Keywords search
    [CMDLET, { a: "Set-OabVirtualDirectory -ExternalUrl x" }, true],
    [CMDLET, { a: "Set-OabVirtualDirectory" }, false],
    // Condition
    [NAMED("keywords1 or keywords2"), { m: "k2" }, true],
    [NAMED("1 of them"), { e: 1 }, false],
    [NAMED("1 of them"), { d: 1 }, true],
    [NAMED("all of selection*"), { a: 1, b: 1 }, true],
    [NAMED("all of selection*"), { a: 1 }, false],
    [NAMED("1 of selection* and keywords1"), { b: 1, m: "k1" }, true],
    [NAMED("1 of selection* and not 1 of filter*"), { a: 1 }, true],
    [NAMED("1 of selection* and not 1 of filter*"), { a: 1, d: 1 }, false],
    [NAMED("keywords1 and not filters"), { m: "k1", d: 1 }, false],
    [NAMED("selection1 and (keywords1 or keywords2)"), { a: 1, m: "k2" }, true],
    [NAMED("keywords1 or keywords2 and selection1"), { m: "k1" }, true],
    [NAMED("not keywords1 and selection1"), { a: 1 }, true],
    [NAMED("[selection1, keywords1]"), { m: "k1" }, true],
  ])("%j on %j is %s", (detection, event, expected) => {
    expect(matches(detection, event)).toBe(expected);
  });
});

describe("a modifier of the modifiers appendix 2.1", () => {
  it.each<[string, Record<string, unknown>, boolean]>([
    ["f|contains|all: [a, b]", { f: "b and a" }, true],
    ["f|contains|all: [a, b]", { f: "a" }, false],
    ["f|startswith: adm", { f: "ADMIN" }, true],
    ["f|endswith: '\\cmd.exe'", { f: "C:\\cmd.exe" }, true],
    ["f|contains: x", { f: "axb" }, true],
    ["f|exists: false", {}, true],
    ["f|exists: true", { f: null }, true],
    ["f|cased: X", { f: "x" }, false],
    // neq: with texts, numbers, lists and fieldref
    ["f|neq: x", { f: "y" }, true],
    ["f|neq: x", { f: "X" }, false],
    ["f|neq: 5", { f: 4 }, true],
    ["f|neq: 5", { f: "5" }, false],
    ["f|neq: [1, 2]", { f: 2 }, false],
    ["f|neq: [1, 2]", { f: 3 }, true],
    ["f|neq: x", {}, false],
    ["f|neq: null", { f: "x" }, true],
    ["f|neq: null", {}, false],
    ["f|cased|neq: X", { f: "x" }, true],
    ["f|re|neq: '^x'", { f: "ax" }, true],
    ["f|cidr|neq: 10.0.0.0/8", { f: "192.0.2.1" }, true],
    ["f|fieldref|neq: g", { f: "a", g: "b" }, true],
    ["f|fieldref|neq: g", { f: "a", g: "A" }, false],
    ["f|fieldref|neq: g", { f: "a" }, true],
    ["f|fieldref|neq: g", { g: "a" }, false],
    ["f|fieldref: [g, h]", { f: "a", h: "a" }, true],
    ["f|fieldref|cased: g", { f: "a", g: "A" }, false],
    ["f|fieldref|startswith: g", { f: "abc", g: "ab" }, true],
    ["f|fieldref|endswith: g", { f: "abc", g: "ab" }, false],
    ["f|fieldref|contains: g", { f: "abc", g: "b" }, true],
    ["f|fieldref: a.b", { f: "x", a: { b: "x" } }, true],
    // windash: each flag in each of its forms
    ...["-", "/", "\u2013", "\u2014", "\u2015"].flatMap(
      (dash): [string, Record<string, unknown>, boolean][] => [
        ["f|windash|contains: ' -x'", { f: `c ${dash}x` }, true],
        ["f|windash|contains: ' /x'", { f: `c ${dash}x` }, true],
        ["f|contains|windash: ' \u2014x'", { f: `c ${dash}x` }, true],
      ],
    ),
    ["f|windash: '-a -b'", { f: "/a \u2013b" }, true],
    ["f|windash: 'a-b'", { f: "a/b" }, false],
    ["f|windash|cased: '-Force'", { f: "/force" }, false],
    // Regular expressions
    ["f|re: 'a.c'", { f: "xabcx" }, true],
    ["f|re: '^a[0-9]{2,3}(b|c)+$'", { f: "a123bc" }, true],
    ["f|re: '[^a-z]'", { f: "abc" }, false],
    ["f|re: 'ABC'", { f: "abc" }, false],
    ["f|re|i: 'ABC'", { f: "abc" }, true],
    ["f|re: '^b$'", { f: "a\nb" }, false],
    ["f|re|m: '^b$'", { f: "a\nb" }, true],
    ["f|re: 'a.b'", { f: "a\nb" }, false],
    ["f|re|s: 'a.b'", { f: "a\nb" }, true],
    ["f|re|i|s: 'A.B'", { f: "a\nb" }, true],
    ["f|re: 'a\\*b'", { f: "a*b" }, true],
    ["'|re': 'k.y'", { m: "a key" }, true],
    ["'|re|i': 'K.Y'", { m: "a key" }, true],
    // Encodings
    ["f|base64: foobar", { f: "Zm9vYmFy" }, true],
    ["f|base64offset|contains: foobar", { f: "xxZvb2Jhcxx" }, true],
    ["f|base64offset|contains: foobar", { f: "xxmb29iYXxx" }, true],
    ["f|utf16le: cmd", { f: "c\0m\0d\0" }, true],
    ["f|wide: cmd", { f: "c\0m\0d\0" }, true],
    ["f|utf16be: cmd", { f: "\0c\0m\0d" }, true],
    ["f|utf16: cmd", { f: "\u00ff\u00fec\0m\0d\0" }, true],
    ["f|utf16le|base64: cmd", { f: "YwBtAGQA" }, true],
    ["f|utf16be|base64: cmd", { f: "AGMAbQBk" }, true],
    ["f|utf16|base64: cmd", { f: "//5jAG0AZAA=" }, true],
    ["f|wide|base64offset|contains: cmd", { f: "xMAbQBkAx" }, true],
    // Numbers
    ["f|lt: 5", { f: 4.5 }, true],
    ["f|lte: 5", { f: 5 }, true],
    ["f|gt: 5", { f: "5.5" }, true],
    ["f|gte: '5'", { f: 5 }, true],
    ["f|gte: 5", { f: "many" }, false],
    ["f|gt: -1", { f: 0 }, true],
    // Dates
    ["f|minute: 59", { f: "2025-08-02T13:59:01Z" }, true],
    ["f|hour: 13", { f: "2025-08-02T13:59:01+05:00" }, true],
    ["f|day: 2", { f: "2025-08-02" }, true],
    ["f|week: 31", { f: "2025-08-02" }, true],
    ["f|month: 8", { f: "2025-08-02 13:59" }, true],
    ["f|year: 2025", { f: "2025-08-02T13:59:01.123456Z" }, true],
    ["f|hour|gte: 20", { f: "2025-08-02T21:00:00Z" }, true],
    ["f|gte|hour: 20", { f: "2025-08-02T19:00:00Z" }, false],
    ["f|hour: [1, 2]", { f: "2025-08-02T02:00:00Z" }, true],
    ["f|hour: 1", { f: "soon" }, false],
    // Networks
    ["f|cidr: 10.0.0.0/8", { f: "10.255.0.1" }, true],
    ["f|cidr: 2001:db8::/32", { f: "2001:db8:ffff::1" }, true],
    ["f|cidr: 10.0.0.0/8", { f: "2001:db8::1" }, false],
    ["f|cidr: [10.0.0.0/8, 192.0.2.7]", { f: "192.0.2.7" }, true],
    // Placeholders
    ["f|contains|expand: '%name2%y'", { f: "axyb" }, true],
    ["f|expand|startswith: '%name2%'", { f: "xy" }, true],
    ["f|expand|all: ['*%name2%*', '*y*']", { f: "xay" }, true],
  ])("%s on %j is %s", (line, event, expected) => {
    expect(matches(selection(line), event)).toBe(expected);
  });
});

describe("names of fields in nested events", () => {
  const event = {
    Image: "test",
    "Image.source": "somewhere",
    User: { Name: { First: "Ada" }, "Mobile.phone": "1", "a.b": { "c.d": 2 } },
    list: [{ k: "x" }, { k: "y" }],
  };
  it.each<[string, boolean]>([
    ["Image: test", true],
    ["Image.source|startswith: some", true],
    ["User.Name.First: ada", true],
    ["User.Mobile.phone: '1'", true],
    ["User.a.b.c.d: 2", true],
    ["User.a.b.c: 2", false],
    ["list.k: y", true],
    ["list.k|contains|all: [x, y]", true],
    ["user.name.first: ada", false],
    ["User.constructor.name|exists: true", false],
  ])("%s is %s", (line, expected) => {
    expect(matches(selection(line), event)).toBe(expected);
  });
});
