import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { keyvalue } from "./index.ts";

inboundContract(keyvalue, join(import.meta.dirname, "fixtures"));

const fields = (text: string) => keyvalue.parse(text, CONTEXT).alert?.fields;

describe("pairs", () => {
  it.each([
    ["a=1 b=2", { a: "1", b: "2" }],
    ["a=1, b=2,c=3", { a: "1", b: "2", c: "3" }],
    ["a=1; b=2;c=3;", { a: "1", b: "2", c: "3" }],
    ["a=1|b=2|c=3", { a: "1", b: "2", c: "3" }],
    ["a=1\tb=2 2\tc=3", { a: "1", b: "2 2", c: "3" }],
    ["a=one two b=three", { a: "one two", b: "three" }],
    ["a=,b=,c=", { a: "", b: "", c: "" }],
    ["a= b= c=", { a: "", b: "", c: "" }],
    ['a = 1 b = "2"', { a: "1", b: "2" }],
    ["a.b-c_d=1 e[0]=2", { "a.b-c_d": "1", "e[0]": "2" }],
    ["text first: a=1 b=2", { a: "1", b: "2" }],
    ["<13>a=1 b=2", { a: "1", b: "2" }],
    ["?id=firewall a=1", { id: "firewall", a: "1" }],
    ["url=http://e.org/?a=b&c=d e=1", { url: "http://e.org/?a=b&c=d", e: "1" }],
    ["dn=CN=x,OU=y u=1", { dn: "CN=x,OU=y", u: "1" }],
    ["a=1, Device IP=2, c=3", { a: "1", "Device IP": "2", c: "3" }],
    ['a:"1"; b:"x; y"; c:""', { a: "1", b: "x; y", c: "" }],
    ["One: 1, Two Words: x: y, Three: 3", { One: "1", "Two Words": "x: y", Three: "3" }],
    ["why = x y : server = s : user IP = 3", { why: "x y", server: "s", "user IP": "3" }],
    ['a:"1"; b::"x; Y: z"; c:"3"', { a: "1", b: "x; Y: z", c: "3" }],
    ["Two Words: 1, Three: 3, Four: 4", { "Two Words": "1", Three: "3", Four: "4" }],
    ["text (a=1, b=2, c=3)", { a: "1", b: "2", c: "3" }],
    ["a=1 b=2 c=3 d=4 message: b: x", { a: "1", b: "2", c: "3", d: "4", message: "b: x" }],
    ["a=1 b=2 msg=not a message: x", { a: "1", b: "2", msg: "not a message: x" }],
    ["a= 'x y' b=3", { a: "x y", b: "3" }],
    ["level=info msg=x debug path=/a", { level: "info", msg: "x", debug: "true", path: "/a" }],
    ["__proto__=1 a=2", { _proto_: "1", a: "2" }],
  ])("of %j all land in fields", (text, expected) => expect(fields(text)).toEqual(expected));
});

describe("a quoted value", () => {
  it.each([
    ['a="1 2" b=3', "1 2"],
    ["a='1 2' b=3", "1 2"],
    ['a="" b=3', ""],
    ['a="say \\"hi\\"" b=3', 'say "hi"'],
    ['a="say ""hi""" b=3', 'say "hi"'],
    ['a="x b=3 y" b=3', "x b=3 y"],
    ['a="C:\\Temp\\" b="3"', "C:\\Temp\\"],
    ['a="C:\\\\Temp" b=3', "C:\\Temp"],
    ['a="\\\\server\\share" b=3', "\\\\server\\share"],
    ["a=it's b=3", "it's"],
    ['a="never closed b=3', '"never closed'],
  ])("of %j is %j", (text, value) => expect(fields(text)).toEqual({ a: value, b: "3" }));

  it.each([
    ['b=3 a="cut he', "cut he"],
    ['b="3", a="say \\"hi\\" to', 'say "hi" to'],
    ['b:"3"; a:"192.0.', "192.0."],
    ['b=3 a="', ""],
    ["b=3 a='tis", "'tis"],
  ])("that the end of %j cuts is what is left of it", (text, value) =>
    expect(fields(text)).toEqual({ a: value, b: "3" }),
  );
});

describe("time", () => {
  it.each([
    ["date=2023-10-11 time=22:14:15", "2023-10-11T22:14:15.000Z"],
    ['date=2023-10-11 time=22:14:15 tz="+0200"', "2023-10-11T20:14:15.000Z"],
    ["time=22:14:15 date=2023-10-11 eventtime=1697055255123456789", "2023-10-11T20:14:15.123457Z"],
    ["eventtime=1697055255123456", "2023-10-11T20:14:15.123456Z"],
    ["ts=1697055255123", "2023-10-11T20:14:15.123Z"],
    ["t=1697055255", "2023-10-11T20:14:15.000Z"],
    ['time="2023-10-11 22:14:15" timezone="Europe/Paris"', "2023-10-11T20:14:15.000Z"],
    ["time=22:14:15", "2023-10-12T00:00:00.000Z"],
    ["time=300135425", "2023-10-12T00:00:00.000Z"],
  ])("of %j is told", (text, expected) => {
    expect(keyvalue.parse(text, CONTEXT).alert?.["@timestamp"]).toBe(expected);
  });
});

it.each([
  ["src_ip=192.0.2.1", { source: { ip: "192.0.2.1", address: "192.0.2.1" } }],
  ["SrcIP=192.0.2.1 SrcPort=1", { source: { ip: "192.0.2.1", port: 1 } }],
  ["dst=198.51.100.1:443:X1", { destination: { ip: "198.51.100.1", port: 443 } }],
  ["proto=17", { network: { transport: "udp", iana_number: "17" } }],
  ["proto=tcp/https", { network: { transport: "tcp", protocol: "https" } }],
  ["proto=255", { network: { iana_number: "255" } }],
  ["pri=4", { event: { severity: 4, risk_score_norm: 40 }, log: { level: "warning" } }],
  ["severity=High", { event: { risk_score_norm: 75 } }],
  ["devname=fg hostname=www.example.org", { host: { name: "fg" }, observer: { name: "fg" } }],
  ["hostname=pc-1", { host: { name: "pc-1", hostname: "pc-1" } }],
  ["user=bob result=failed", { user: { name: "bob" }, event: { outcome: "failure" } }],
  ["source.ip=192.0.2.1", { source: { ip: "192.0.2.1" } }],
])("puts %j into ECS", (text, expected) => {
  expect(keyvalue.parse(text, CONTEXT).alert).toMatchObject(expected);
});

it.each([
  [
    "src=:1024:X1:pc7 srcV6=2001:db8::7",
    { ip: "2001:db8::7", address: "2001:db8::7", port: 1024, domain: "pc7" },
  ],
  ['RemoteAddress="IPV4/UDP/192.0.2.1/5060" a=1', { ip: "192.0.2.1", address: "192.0.2.1", port: 5060 }],
  ["rhost=192.0.2.1 [preauth]", { ip: "192.0.2.1", address: "192.0.2.1" }],
  ["src=192.0.2.1 natsrc=0.0.0.0", { ip: "192.0.2.1", address: "192.0.2.1" }],
])("reads the source of %j and nothing else", (text, source) => {
  expect(keyvalue.parse(text, CONTEXT).alert?.source).toEqual(source);
});

it.each([
  ["subject=root object=shell", "email"],
  ["user=unknown a=1", "user"],
  ['user="Unknown (SSO failed)" a=1', "user"],
  ["app=49177 a=1", "network"],
] as const)("takes nothing of %j for %s", (text, group) => {
  expect(keyvalue.parse(text, CONTEXT).alert).not.toHaveProperty(group);
});

it("takes a subject for a mail's beside a recipient", () => {
  expect(keyvalue.parse("subject=Facture to=camille@example.org", CONTEXT).alert?.email?.subject).toBe(
    "Facture",
  );
});

it.each([
  ["a=1 b=2 c=3", true],
  ['a:"1"; b:"2"; c:"3"', true],
  ["a=1 b=2", false],
  ["only text, with commas", false],
  ["a long text before the pairs, which are few and say little: a=1 b=2 c=3", false],
  ["a long text before the pairs, which are many all the same: a=1 b=2 c=3 d=4 e=5", true],
  ["GET /?a=1&b=2&c=3 HTTP/1.1", false],
  ["", false],
])("is sure of %j only when pairs make most of it", (text, sure) => {
  expect(keyvalue.recognise(text).certainty > 0).toBe(sure);
});

it("reads hostile records of five million characters in time", () => {
  const pieces = [
    "=",
    'a="',
    "a='",
    'a="x',
    'a:"b"; ',
    '\\"',
    "A: b, ",
    "a=b, ",
    "  ",
    " =",
    "a b ",
    "'",
    '"" ',
  ];
  for (const piece of pieces) {
    for (const head of ["a=", "time=1 level=x msg=y ", 'a:"1"; ', "A: b, B: c, "]) {
      const { alert } = keyvalue.parse(head + piece.repeat(5_000_000 / piece.length), CONTEXT);
      expect(alert?.event?.module).toBe("keyvalue");
    }
  }
}, 60_000);

it.each(["a=|", "a=;", "a=,", "type=,", "a==", 'a="'])(
  "reads a word of logfmt made of nothing but %s once, not once for each of its marks",
  (piece) => {
    for (const head of ["IN=eth0 OUT= MAC=00:11 ", "time=1 level=x msg=y "]) {
      const before = process.threadCpuUsage();
      const { alert } = keyvalue.parse(head + piece.repeat(100_000 / piece.length), CONTEXT);
      const { user, system } = process.threadCpuUsage(before);
      expect(user + system).toBeLessThan(1_000_000);
      expect(Object.keys(alert?.fields ?? {}).length).toBeLessThan(10);
    }
  },
);

describe("a date without zone, beside a header that has one", () => {
  const at = (text: string, instant: string, zoned = true) =>
    keyvalue.parse(`${text} a=1 b=2`, { ...CONTEXT, carrier: { instant: Date.parse(instant) * 1000, zoned } })
      .alert?.["@timestamp"];
  it.each([
    [
      "date=2023-10-11 time=22:14:15",
      "2023-10-11T20:14:16Z",
      "2023-10-11T20:14:15.000Z",
      "hours off: another zone",
    ],
    [
      "date=2023-10-11 time=01:44:15",
      "2023-10-10T20:14:16Z",
      "2023-10-10T20:14:15.000Z",
      "India's half hour",
    ],
    [
      "date=2023-10-11 time=20:07:15",
      "2023-10-11T20:14:16Z",
      "2023-10-11T20:07:15.000Z",
      "minutes off: late",
    ],
    ["time=2023-10-11T22:14:15Z", "2023-10-11T20:14:16Z", "2023-10-11T22:14:15.000Z", "it has a zone"],
    [
      "date=2023-10-11 time=22:14:15 tz=UTC",
      "2023-10-11T20:14:16Z",
      "2023-10-11T22:14:15.000Z",
      "its zone stands beside it",
    ],
    ["eventtime=1697062455", "2023-10-11T20:14:16Z", "2023-10-11T22:14:15.000Z", "an epoch"],
    [
      "date=2023-10-01 time=22:14:15",
      "2023-10-11T20:14:16Z",
      "2023-10-01T22:14:15.000Z",
      "days off: replayed",
    ],
  ])("%s at %s is %s: %s", (text, instant, expected) => {
    expect(at(text, instant)).toBe(expected);
  });
  it("stays as it is when the header has none either", () => {
    expect(at("date=2023-10-11 time=22:14:15", "2023-10-11T20:14:16Z", false)).toBe(
      "2023-10-11T22:14:15.000Z",
    );
  });
});
