import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CONTEXT, expectSound, inboundContract } from "../../../test/contract/inbound.contract.ts";
import { fc } from "../../../test/support/property.ts";
import type { Inbound, Step } from "../../contract.ts";
import { INBOUND, recognise } from "../../registry.ts";
import { windows } from "./index.ts";

inboundContract(windows, join(import.meta.dirname, "fixtures"));

/** Another connector, to which the same events come too. */
function inbound(name: string): Inbound {
  const found = INBOUND.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no connector ${name}`);
  return found;
}

const SYSTEM = {
  provider: "Microsoft-Windows-Security-Auditing",
  code: 4625,
  channel: "Security",
  computer: "dc1.clinic.example",
  keywords: "0x8010000000000000",
  time: "2026-08-02T02:11:07.1234567Z",
};
const DATA: Record<string, string> = {
  SubjectUserName: "-",
  TargetUserName: "alice",
  TargetDomainName: "CLINIC",
  Status: "0xc000006d",
  LogonType: "3",
  WorkstationName: "WS9",
  IpAddress: "::ffff:198.51.100.9",
  IpPort: "49733",
};
const { provider, code, channel, computer, keywords, time } = SYSTEM;
const named = Object.entries(DATA);
const small = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/** The same event as each converter and collector writes it. */
const CLOTHINGS: [string, string][] = [
  [
    "XML",
    `<Event><System><Provider Name='${provider}'/><EventID>${code}</EventID><Keywords>${keywords}</Keywords><TimeCreated SystemTime='${time}'/><Channel>${channel}</Channel><Computer>${computer}</Computer></System><EventData>${named.map(([name, value]) => `<Data Name='${name}'>${value}</Data>`).join("")}</EventData></Event>`,
  ],
  [
    "a converter's #attributes",
    JSON.stringify({
      Event: {
        System: {
          Provider: { "#attributes": { Name: provider } },
          EventID: code,
          Keywords: keywords,
          TimeCreated: { "#attributes": { SystemTime: time } },
          Channel: channel,
          Computer: computer,
        },
        EventData: DATA,
      },
    }),
  ],
  [
    "a converter's @Name and #text",
    JSON.stringify({
      Event: {
        System: {
          Provider: { "@Name": provider },
          EventID: { "@Qualifiers": "", "#text": String(code) },
          Keywords: keywords,
          TimeCreated: { "@SystemTime": time },
          Channel: channel,
          Computer: computer,
        },
        EventData: { Data: named.map(([name, value]) => ({ "@Name": name, "#text": value })) },
      },
    }),
  ],
  [
    "Winlogbeat",
    JSON.stringify({
      "@timestamp": time,
      winlog: {
        provider_name: provider,
        event_id: String(code),
        channel,
        computer_name: computer,
        keywords: ["Audit Failure"],
        event_data: DATA,
      },
    }),
  ],
  [
    "NXLog",
    JSON.stringify({
      EventTime: time,
      Hostname: computer,
      EventType: "AUDIT_FAILURE",
      EventID: code,
      SourceName: provider,
      Channel: channel,
      ...DATA,
    }),
  ],
  [
    "EvtxECmd",
    JSON.stringify({
      EventId: code,
      Provider: provider,
      Channel: channel,
      Computer: computer,
      TimeCreated: time,
      Keywords: "Audit failure",
      Payload: JSON.stringify({
        EventData: { Data: named.map(([name, value]) => ({ "@Name": name, "#text": value })) },
      }),
    }),
  ],
];

describe("the same event in every clothing", () => {
  const [, first] = CLOTHINGS[0] as [string, string];
  const { event, fields: _, tags: __, ...expected } = windows.parse(first, CONTEXT).alert ?? {};
  it.each(CLOTHINGS)("%s has the same names for rules and the same ECS", (_name, text) => {
    const { alert } = windows.parse(text, CONTEXT);
    expect(alert?.fields).toMatchObject({
      ...DATA,
      EventID: code,
      Channel: channel,
      Provider_Name: provider,
      Computer: computer,
    });
    const { event: own, fields: _fields, ...rest } = alert ?? {};
    expect(rest).toEqual(expected);
    expect({ ...own, original: "" }).toEqual({ ...event, original: "" });
  });
  it.each(CLOTHINGS.filter(([name]) => name !== "XML"))("%s reads so as generic JSON too", (_name, text) => {
    const { alert } = inbound("generic").parse(text, CONTEXT);
    expect(alert?.fields).toEqual(windows.parse(text, CONTEXT).alert?.fields);
    expect(alert?.user).toEqual(expected.user);
  });
  it("and in a Wazuh alert", () => {
    const eventdata = Object.fromEntries(named.map(([name, value]) => [small(name), value]));
    const system = { providerName: provider, eventID: String(code), channel, computer, keywords };
    const record = { rule: { level: 5, id: "1" }, data: { win: { system, eventdata } } };
    const { alert } = inbound("wazuh").parse(JSON.stringify(record), CONTEXT);
    expect(alert?.fields).toMatchObject({
      ...DATA,
      EventID: code,
      Channel: channel,
      Provider_Name: provider,
    });
    expect(alert).toMatchObject({ user: expected.user, source: expected.source });
    expect(alert?.event).toMatchObject({ action: "logon-failed", outcome: "failure", severity: 5 });
  });
});

describe("meaning", () => {
  it.each([
    ["Security", 4647, "logged-out", ["authentication"], ["end"]],
    ["Security", 4672, "logged-in-special", ["iam"], ["admin"]],
    ["Security", 4697, "service-installed", ["iam", "configuration"], ["admin", "change"]],
    ["Security", 4698, "scheduled-task-created", ["iam", "configuration"], ["creation", "admin"]],
    ["Security", 4726, "deleted-user-account", ["iam"], ["user", "deletion"]],
    ["Security", 4756, "added-member-to-group", ["iam"], ["group", "change"]],
    ["Security", 4771, "kerberos-preauth-failed", ["authentication"], ["start"]],
    ["Security", 5145, "network-share-object-access-checked", ["network", "file"], ["info", "access"]],
    ["System", 7040, "service-start-type-changed", ["configuration"], ["change"]],
    ["System", 104, "event-log-cleared", ["iam"], ["admin", "change"]],
    ["Windows PowerShell", 600, "Provider Lifecycle", ["process"], ["info"]],
    ["Microsoft-Windows-PowerShell/Operational", 4103, "Executing Pipeline", ["process"], ["info"]],
    ["Microsoft-Windows-Sysmon/Operational", 23, "FileDelete (File Delete archived)", ["file"], ["deletion"]],
    [
      "Microsoft-Windows-Windows Defender/Operational",
      5001,
      "antivirus-real-time-protection-disabled",
      ["configuration"],
      ["change"],
    ],
    [
      "Microsoft-Windows-WMI-Activity/Operational",
      5861,
      "wmi-permanent-subscription",
      ["configuration"],
      ["creation"],
    ],
    ["Application", 4624, undefined, undefined, undefined],
  ])("%s %i is %s", (Channel, EventID, action, category, type) => {
    const { alert } = windows.parse(JSON.stringify({ EventID, Channel }), CONTEXT);
    expect([alert?.event?.action, alert?.event?.category, alert?.event?.type]).toEqual([
      action,
      category,
      type,
    ]);
  });
  it.each([
    ["0x8020000000000000", "success"],
    ["0x8010000000000000", "failure"],
    [Number("-9214364837600034816"), "success"],
    [Number("-9218868437227405312"), "failure"],
    ["Audit Failure", "failure"],
    ["0x8000000000000000", undefined],
  ])("keywords %s are %s", (Keywords, outcome) => {
    const { alert } = windows.parse(
      JSON.stringify({ EventID: 4663, Channel: "Security", Keywords }),
      CONTEXT,
    );
    expect(alert?.event?.outcome).toBe(outcome);
  });
});

describe("time", () => {
  it.each([
    ["<TimeCreated SystemTime='2026-08-02T02:11:07.1234567Z'/>", "2026-08-02T02:11:07.123456Z"],
    ["<TimeCreated SystemTime='2026-08-02 02:11:07.12'/>", "2026-08-02T02:11:07.120Z"],
    ["", "2023-10-12T00:00:00.000Z"],
  ])("of System %s is %s, whatever the zone", (created, expected) => {
    const text = `<Event><System><EventID>1</EventID>${created}</System></Event>`;
    expect(windows.parse(text, { ...CONTEXT, zone: "Europe/Paris" }).alert?.["@timestamp"]).toBe(expected);
  });
  it.each([
    [{ UtcTime: "2026-08-02 02:11:07.001", EventTime: "2026-08-02 04:11:07" }, "2026-08-02T02:11:07.001Z"],
    [{ EventTime: "2026-08-02 04:11:07" }, "2026-08-02T02:11:07.000Z"],
    [{ TimeCreated: "/Date(1785636667123)/" }, "2026-08-02T02:11:07.123Z"],
  ])("of a flat event %j is %s", (times, expected) => {
    const text = JSON.stringify({ EventID: 1, Channel: "x", ...times });
    expect(windows.parse(text, { ...CONTEXT, zone: "Europe/Paris" }).alert?.["@timestamp"]).toBe(expected);
  });
});

describe("XML", () => {
  const around = (data: string) =>
    `<Event><System><EventID>1</EventID></System><EventData>${data}</EventData></Event>`;
  it.each([
    ["<Data Name='a'>x &amp; y &lt;z&gt; &#65;&#x42;</Data>", { a: "x & y <z> AB" }],
    ["<Data Name='a'>x<![CDATA[<y> & ]]]]><![CDATA[>]]>z</Data>", { a: "x<y> & ]]>z" }],
    ["<Data Name='a'>x<!-- c -->y</Data>", { a: "xy" }],
    ["<Data>one</Data>", { Data: "one" }],
    ["<Data>one</Data><Data>two</Data><Binary>00FF</Binary>", { Data: ["one", "two"], Binary: "00FF" }],
    ["<Data Name='a'/><Data Name='b'></Data>", { a: "", b: "" }],
    ["<Data Name='__proto__'>x</Data>", { _proto_: "x" }],
  ])("%s gives %j", (data, expected) => {
    const { alert, error } = windows.parse(around(data), CONTEXT);
    expect(error).toBeUndefined();
    expect(alert?.fields).toMatchObject(expected);
  });
  it.each([
    [around("<Data Name='a'>x"), "bad_xml", { a: "x" }],
    [around("<Data Name='a'>&x;</Data>"), "bad_xml", { a: "&x;" }],
    [`${around("")}${around("")}`, "several_records", { EventID: 1 }],
    [around(`${"<a>".repeat(100)}`), "too_deep", { EventID: 1 }],
    ["<Event", "not_an_event", undefined],
    ["<x/>", "not_an_event", undefined],
  ])("keeps what it read of %s", (text, errorCode, fields) => {
    const { alert, error } = windows.parse(text, CONTEXT);
    expect(error?.code).toBe(errorCode);
    if (fields !== undefined) expect(alert?.fields).toMatchObject(fields);
  });
  it("stays bounded and sound on hostile records", () => {
    const many = (count: number, one: (at: number) => string) =>
      Array.from({ length: count }, (_, at) => one(at)).join("");
    for (const data of [
      many(5000, (at) => `<Data Name='n${at}'>v</Data>`),
      many(5000, () => "<Data>v</Data>"),
      `<Data ${many(5000, (at) => `a${at}='v' `)}>v</Data>`,
      many(20_000, () => "&"),
      `<Data Name='${"n".repeat(9000)}'>${"v".repeat(100_000)}</Data>`,
    ]) {
      expectSound(windows.parse(around(data), CONTEXT));
    }
  });
  it("survives any markup", () => {
    const piece = fc.constantFrom(
      "<Event>",
      "</Event>",
      "<System>",
      "<Data Name='a'>",
      "</Data>",
      "<EventData>",
      "&amp;",
      "<![CDATA[",
      "]]>",
      "<!--",
      "-->",
      "<?x ?>",
      "x",
      "'",
      ">",
      "</System>",
      "<UserData>",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) =>
        expectSound(windows.parse(`<Event>${pieces.join("")}`, CONTEXT)),
      ),
    );
  });
});

it("tells what each step gave, when asked", () => {
  const steps: Step[] = [];
  windows.parse(CLOTHINGS[1]?.[1] ?? "", { ...CONTEXT, trace: (step) => steps.push(step) });
  expect(steps.map(({ name, rule }) => `${name} ${rule}`)).toEqual([
    "windows Event",
    "windows fields",
    "windows ECS",
  ]);
});

describe("decode", () => {
  const record = { EventID: 1, Channel: "x", Computer: "c", EventRecordID: 7 };
  it("takes one event, a list, or Events, each with its identity", () => {
    for (const body of [record, [record], { Events: [record] }]) {
      expect(windows.decode?.({}, body, CONTEXT)).toMatchObject({
        records: [{ eventId: "c/x/7/2023-10-12T00:00:00.000Z" }],
      });
    }
    expect(windows.decode?.({}, [1], CONTEXT)).toMatchObject({
      records: [{ error: { code: "not_an_object" } }],
    });
  });
  it("refuses what is neither", () => {
    expect(windows.decode?.({}, 3, CONTEXT)).toMatchObject({ outcome: "refused", field: "(body)" });
  });
});

it.each([
  ["An object was deleted. Nothing else is known.", undefined],
  ["An object was deleted. Subject: Account Name: alice", "windows"],
  ["WinEvtLog: Security: AUDIT_SUCCESS(4624): x: y: z: h: t", "windows"],
  ["LogName=Security EventCode=1", "windows"],
  ["LogName=a=b", undefined],
])("takes %s for the text of an event: %s", (text, name) => {
  expect(recognise(text).connector?.name).toBe(name);
});

it.each([
  ["Microsoft-Windows-Security-Auditing", "A service was installed in the system. Subject: x", 4697],
  ["Service_Control_Manager", "A service was installed in the system. Service Name: x", 7045],
  ["Service_Control_Manager", "The start type of the x service was changed from auto start", 7040],
  ["Microsoft-Windows-Sysmon", "Dns query: RuleName: -", 22],
  ["Security-Auditing", "4771: Kerberos pre-authentication failed.", 4771],
  ["Microsoft-Windows-Security-Auditing", "Nothing that Windows says.", undefined],
])("numbers what %s says by its first sentence: %s", (program, text, code) => {
  const { alert } = inbound("syslog").parse(`<14>Oct 11 22:14:15 h ${program}[4]: ${text}`, CONTEXT);
  expect(alert?.fields?.EventID).toBe(code);
  expect(alert?.event?.module).toBe("windows");
});

describe("data without names", () => {
  const listed = {
    Id: 4625,
    ProviderName: provider,
    LogName: "Security",
    MachineName: computer,
    Properties: Array.from({ length: 60 }, (_, at) => ({ Value: `value ${at}` })),
    Message:
      "An account failed to log on.\r\n\r\nAccount For Which Logon Failed:\r\n\tAccount Name:\t\talice\r\n",
  };
  const text = "\tNewProviderState=Started\r\n\r\n\tHostApplication=powershell.exe -File C:\\a.ps1\r\n";
  const classic = { Id: 600, ProviderName: "PowerShell", LogName: "Windows PowerShell", MachineName: "ws9" };

  it.each<[string, object, object]>([
    [
      "their names are read in the message, however many there are",
      listed,
      { user: { name: "alice" }, event: { action: "logon-failed" } },
    ],
    [
      "those of Get-WinEvent are together under Data",
      { ...classic, Properties: ["Registry", "Started", text].map((Value) => ({ Value })), Message: "m" },
      { fields: { Data: ["Registry", "Started", text] } },
    ],
    [
      "those of Fluent Bit are together under Data",
      { EventID: 600, Channel: "Windows PowerShell", ProviderName: "PowerShell", StringInserts: ["a", text] },
      { fields: { Data: ["a", text] } },
    ],
    [
      "those of PowerShell's classic log may be in the message alone",
      { EventID: 600, SourceName: "PowerShell", Channel: "Windows PowerShell", Message: text },
      { fields: { Data: text, HostApplication: "powershell.exe -File C:\\a.ps1" } },
    ],
    [
      "what another log says in a message is no datum",
      { EventID: 7000, SourceName: "x", Channel: "System", Message: "It failed." },
      { fields: expect.not.objectContaining({ Data: expect.anything() }) },
    ],
  ])("%s", (_, record, expected) => {
    expect(windows.parse(JSON.stringify(record), CONTEXT).alert).toMatchObject(expected);
  });
});

it("leaves a program that is not Windows' as it is, whatever it says", () => {
  const { alert } = inbound("syslog").parse(
    "<14>Oct 11 22:14:15 h app[4]: An account failed to log on.",
    CONTEXT,
  );
  expect(alert?.fields?.EventID).toBeUndefined();
});
