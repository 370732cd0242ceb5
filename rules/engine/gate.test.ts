import { describe, expect, it } from "vitest";
import { parseText } from "../../agent/stages/ingest.ts";
import { fc } from "../../test/support/property.ts";
import { compileGate } from "./gate.ts";
import { requiredLiterals, requirementsBeside } from "./literals.ts";
import { readRules } from "./read.ts";
import { compileRules, matchAlert } from "./rule-set.ts";

const CONTEXT = { received: 1_785_629_469_000_000, zone: "UTC" };
const encoder = new TextEncoder();

function setOf(detection: string, logsource = "category: alert") {
  const yaml = `title: T\nid: t\nlogsource: {${logsource}}\ndetection:\n${detection.replaceAll(/^/gm, "  ")}\n`;
  const { rules, refused } = readRules(yaml, "t.yml");
  expect(refused).toEqual([]);
  return compileRules(rules);
}

const literals = (detection: string, logsource?: string) => {
  const [compiled] = setOf(detection, logsource).rules;
  return compiled === undefined ? undefined : requiredLiterals(compiled.loaded);
};

describe("the literals a rule requires", () => {
  it.each<[string, string[] | null]>([
    ["s: [VssAdmin, wbadmin]\ncondition: s", ["vssadmin", "wbadmin"]],
    ["s: {message|contains|all: [delete, shadowstorage]}\ncondition: s", ["shadowstorage"]],
    ["s: {message|contains: 'failed password for'}\ncondition: s", ["failed password for"]],
    [
      "s: {message|re: 'ntds\\.dit|(dcsync|dcshadow)\\s+now'}\ncondition: s",
      ["dcshadow", "dcsync", "ntds.dit"],
    ],
    ["a: {message|contains: alpha}\nb: {message|contains: beta}\ncondition: a or b", ["alpha", "beta"]],
    ["a: {message|contains: alpha}\nb: {message|contains: beta}\ncondition: a and not b", ["alpha"]],
    ["a: {message|contains: alpha}\nb: {event.action: gone}\ncondition: a and b", ["alpha"]],
    // cut where an escape may stand, and beyond ASCII
    ["s: {message|contains: 'C:\\ProgramData\\x=1'}\ncondition: s", ["programdata"]],
    ["s: {message|contains: 'run>nothing&more'}\ncondition: s", ["run>nothing"]],
    ["s: {message|contains: 'a=b|defg'}\ncondition: s", ["defg"]],
    ["s: {message|contains: 'déplacement'}\ncondition: s", ["placement"]],
    ["s: {message|contains: 'one\ttwofold'}\ncondition: s", ["twofold"]],
    ["s: {CommandLine|contains: whoami}\ncondition: s", ["whoami"]],
    // nothing to be shown
    ["a: {message|contains: alpha}\nb: {event.action: gone}\ncondition: a or b", null],
    ["s: {event.outcome: failure}\ncondition: s", null],
    ["s: {host.name: pacs-server}\ncondition: s", null],
    ["s: {EventID: 4624}\ncondition: s", null],
    ["s: {message|contains: '12345'}\ncondition: s", null],
    ["s: {message|contains: ab}\ncondition: s", null],
    ["s: {message|contains: alpha}\ncondition: not s", null],
    ["s: {message|neq: alpha}\ncondition: s", null],
    ["s: {message: null}\ncondition: s", null],
    ["s: {message|exists: true}\ncondition: s", null],
    ["s: {message|re: '[a-z]+'}\ncondition: s", null],
    ["s: {message|re: '(alpha)?'}\ncondition: s", null],
  ])("%j", (detection, expected) => {
    expect(literals(detection)).toEqual(expected);
  });

  it("come from the log source when the detection has none", () => {
    const [compiled] = setOf(
      "s: {EventID: 4624}\ncondition: s",
      "product: windows, service: taskscheduler",
    ).rules;
    expect(compiled && requirementsBeside()(compiled.loaded)).toEqual({
      detection: ["channel", "dataset", "eventlog", "log_name", "logname", "winevtlog"],
      source: [".taskscheduler", "microsoft-windows-taskscheduler/operational"],
    });
  });
});

describe("the gate", () => {
  const gate = compileGate(setOf("s: [VssAdmin, bcdedit]\ncondition: s"));
  const passes = (text: string) => {
    const bytes = encoder.encode(text);
    return gate.scan(bytes, 0, bytes.length);
  };

  it.each([
    ["ran VSSADMIN now", true],
    ["ran vssadmi now", false],
    ["vssbcdedit", true],
    ["vss\u212aadmin", true],
    ["\u0130", true],
    ["vssadm\u017f", true],
    ['{"a":"\\u0076ssadmin"}', true],
    ["type=EXECVE msg=audit(1785629469.000:7): argc=1 a0=76737361646D696E", true],
    ["<Data>vss&#97;dmin</Data>", true],
    ["<Data>vss<!-- -->admin</Data>", true],
    ["<Data>vss<![CDATA[admin]]></Data>", true],
    ["<Data>vss&amp;admin</Data>", false],
    ['{"MESSAGE":[118,115,115,97,100,109,105,110]}', true],
    ['{"MESSAGE":"[118,115,115]"}', false],
    ["to audit (as agreed) what was audited", false],
    ["", false],
  ])("%j passes: %s", (text, expected) => {
    expect(passes(text)).toBe(expected);
  });

  it.each([
    ["a\nb vssadmin\nc\n", 0, { at: 2, lines: 1 }, "a line that passes"],
    ["c\nd e\n", 0, { at: 6, lines: 2 }, "the end"],
    ["vssadmin\nc\n", 9, { at: 11, lines: 1 }, "the end, whatever passed before"],
    ["c vss\nadmin\n\nc\n", 0, { at: 12, lines: 2 }, "an empty line, which is none"],
    ["c\n\0\n", 0, { at: 2, lines: 1 }, "a control character"],
    ["c\n11 vssadmin\n", 0, { at: 2, lines: 1 }, "what may be a count"],
    ["c\n<1>d 0123456789\n", 0, { at: 2, lines: 1 }, "a line over the limit"],
    ["c\n<1>d 012345678\nd\n", 0, { at: 19, lines: 3 }, "the end, lines being just within the limit"],
  ])("skims %j from %i to %j: %s", (text, start, skimmed) => {
    const bytes = encoder.encode(text);
    expect(gate.skim(bytes, start, bytes.length, 14)).toEqual(skimmed);
  });

  it("lets everything pass and names the rule when one has no literal", () => {
    const open = compileGate(setOf("s: {EventID: 1}\ncondition: s"));
    expect(open.ungated).toEqual(["t"]);
    expect(open.scan(encoder.encode("anything"), 0, 8)).toBe(true);
  });

  it("agrees with a plain search on random words and texts", () => {
    const word = fc.string({ unit: fc.constantFrom(..."abcA"), minLength: 3, maxLength: 5 });
    const text = fc.string({ unit: fc.constantFrom(..."abcABC \n"), maxLength: 60 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), text, (words, hay) => {
        const { scan } = compileGate(setOf(`s: [${words.join(", ")}]\ncondition: s`));
        const bytes = encoder.encode(hay);
        const plain = words.some((one) => hay.toLowerCase().includes(one.toLowerCase()));
        expect(scan(bytes, 0, bytes.length)).toBe(plain);
      }),
      { numRuns: 300 },
    );
  });
});

describe("what the gate stops, no rule would have matched", () => {
  const WORDS = [
    "alpha",
    "be ta",
    "C:\\x",
    "k=v",
    "a|b",
    "\u212aelvin",
    "ſick",
    "İst",
    "école",
    'say "hi"',
    "run <cmd> &amp more",
    "sick",
    "kelvin",
    "/dev/tcp",
    "'1'='1'",
    "{{x}}",
    "<%y%>",
  ];
  const piece = fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: "grapheme", maxLength: 6 }));
  const text = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(" "));
  const escapeCef = (value: string) =>
    value.replaceAll(/[\\=]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  const escapeAll = (value: string) =>
    JSON.stringify(value).replaceAll(/[a-z/]/g, (letter) =>
      letter === "/" ? "\\/" : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  const escapeXml = (value: string) =>
    value
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      .replaceAll("'", "&apos;");
  const referXml = (value: string) =>
    Array.from(value, (character) => `&#${character.codePointAt(0)};`).join("");
  const record = fc.tuple(
    fc.constantFrom(
      "syslog",
      "cef",
      "json",
      "json escaped",
      "json slashes",
      "keyvalue",
      "wazuh",
      "auditd",
      "xml",
      "xml references",
      "snare",
    ),
    text,
    fc.constantFrom("", "x".repeat(9)),
  );
  const asRecord = (kind: string, value: string, pad: string): [string, string] => {
    if (kind === "cef") {
      const line = `<134>Aug  2 02:11:07 h CEF:0|V|P|1|${pad}|${value.replaceAll(/[\\|]/g, "\\$&")}|5|msg=${escapeCef(value)} CommandLine=${escapeCef(value)}`;
      return ["cef", line];
    }
    if (kind === "json")
      return [
        "syslog",
        `<134>Aug  2 02:11:07 h app: {"message":${JSON.stringify(value)},"CommandLine":${JSON.stringify(value)}}`,
      ];
    if (kind === "json slashes")
      return ["generic", `{"CommandLine":${JSON.stringify(value).replaceAll("/", "\\/")}}`];
    if (kind === "keyvalue") {
      const single = value.replaceAll(/[\\']/g, "\\$&").replaceAll(/[\r\n]/g, " ");
      return [
        "keyvalue",
        `date=2026-08-02 time=02:11:07 level=1 CommandLine='${single}' name=${JSON.stringify(value)}`,
      ];
    }
    if (kind === "json escaped") return ["generic", `{"CommandLine":${escapeAll(value)}}`];
    if (kind === "wazuh")
      return [
        "wazuh",
        `{"rule":{"id":"1","level":3,"description":${JSON.stringify(value)}},"full_log":${JSON.stringify(value)}}`,
      ];
    if (kind === "xml" || kind === "xml references") {
      const texts =
        kind === "xml" ? [escapeXml(value), `<![CDATA[${value.replaceAll("]]>", "")}]]>`] : [referXml(value)];
      const data = texts.map(
        (text) => `<Data Name="CommandLine">${text}</Data><Data Name="name">${text}</Data>`,
      );
      const system = "<System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID></System>";
      // The first of a name stands: both spellings have their turn.
      const shown = data[pad === "" ? 0 : data.length - 1] ?? "";
      return ["windows", `<Event>${system}<EventData>${shown}</EventData></Event>`];
    }
    if (kind === "snare") {
      const cells = [
        "1",
        "Application",
        "1",
        "Wed Oct 11 22:14:15 2023",
        "1",
        "App",
        "u",
        "User",
        "Error",
        "h",
        "None",
        "",
      ];
      const message = `x  Process Command Line:  ${value.replaceAll(/[\r\n]/g, " ")}`;
      return ["windows", ["MSWinEventLog", ...cells, message].join(pad === "" ? "\t" : "#011")];
    }
    if (kind === "auditd") {
      const hex = Buffer.from(value).toString("hex").toUpperCase();
      const stamp = "msg=audit(1785629469.000:7):";
      return [
        "auditd",
        `type=EXECVE ${stamp} argc=2 a0="sh" a1=${hex} type=PATH ${stamp} item=0 name=${hex}`,
      ];
    }
    return ["syslog", `<134>Aug  2 02:11:07 h app[1]: ${value.replaceAll(/[\r\n]/g, " ")}`];
  };
  const modifier = fc.constantFrom(
    "|contains",
    "|startswith",
    "|endswith",
    "|re",
    "|re|i",
    "|contains|cased",
    "",
  );
  const quote = (value: string) =>
    JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  const regexOf = (value: string) =>
    value.replaceAll(/[^a-zA-Z0-9\u0080-\uffff]/g, (sign) => (/\s/.test(sign) ? "\\s" : `\\${sign}`));

  it("on random rules and records of every text format", () => {
    let passed = 0;
    let matched = 0;
    fc.assert(
      fc.property(
        fc.constantFrom("message", "CommandLine", "keyword", "rule.name", "name", "a1"),
        modifier,
        fc.array(
          piece.filter(
            (value) => !/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/.test(value) && value.isWellFormed(),
          ),
          { minLength: 1, maxLength: 3 },
        ),
        record,
        (field, change, values, [kind, value, pad]) => {
          const isRegex = change.startsWith("|re");
          const list = values.map((one) => quote(isRegex ? regexOf(one) : one)).join(", ");
          const key = field === "keyword" ? (change === "" ? undefined : change) : `${field}${change}`;
          const selection = key === undefined ? `s: [${list}]` : `s: {${quote(key)}: [${list}]}`;
          const set = setOf(`${selection}\ncondition: s`);
          const gate = compileGate(set);
          const [source, line] = asRecord(kind, value, pad);
          const bytes = encoder.encode(line);
          const parsed = parseText(source, new TextDecoder().decode(bytes), CONTEXT);
          const matches = parsed.alert === undefined ? [] : matchAlert(set, parsed.alert);
          if (gate.scan(bytes, 0, bytes.length)) passed += 1;
          else expect(matches).toEqual([]);
          matched += matches.length;
        },
      ),
      { numRuns: 3000 },
    );
    expect(passed).toBeGreaterThan(0);
    expect(matched).toBeGreaterThan(50);
  });
});
