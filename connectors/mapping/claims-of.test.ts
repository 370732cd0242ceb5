import { readdirSync, readFileSync } from "node:fs";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { parseText } from "../../agent/stages/ingest.ts";
import { compileGate } from "../../rules/engine/gate.ts";
import { readRules } from "../../rules/engine/read.ts";
import { compileRules, matchAlert } from "../../rules/engine/rule-set.ts";
import { CONTEXT, recordsOf } from "../../test/support/fixtures.ts";
import { mappingText } from "../../test/support/mappings.ts";
import { CASES_ENDING } from "../names.ts";
import { inboundNamed, openCatalogue, readMappings, SHIPPED_MAPPINGS } from "../registry.ts";
import { claimsOf } from "./claims-of.ts";
import { conditionsOf } from "./condition.ts";
import { MappingFile, type When } from "./schema.ts";

const FIXTURES = "connectors/inbound";
/** Every record by which a connector or a mapping is tested, with what reads it. */
const records = [
  ...readdirSync(FIXTURES).flatMap((format) =>
    readdirSync(`${FIXTURES}/${format}/fixtures`)
      .filter((name) => name.endsWith(".in"))
      .flatMap((name) => recordsOf(`${FIXTURES}/${format}/fixtures/${name}`))
      .map((record) => ({ as: format, record })),
  ),
  ...readMappings([SHIPPED_MAPPINGS]).mappings.flatMap(({ file }) => {
    const cases = load(readFileSync(file.replace(/\.yml$/, CASES_ENDING), "utf8"));
    return (cases as { as?: string; record: string }[]).map(({ as = "auto", record }) => ({ as, record }));
  }),
];

const FIREWALL = MappingFile.parse(load(mappingText("set: { observer.type: firewall }")));
/** What records hold that a mapping over these formats knows by this. */
const holdsOf = (over: string[], ...whens: When[]) =>
  claimsOf(
    { ...FIREWALL, over },
    whens.map((when) => conditionsOf(when)),
  ).map(({ holds }) => holds);

describe("what a mapping claims of its records", () => {
  it.each<[string, string[], When, string[][] | undefined]>([
    ["the value that is asked", ["syslog"], { "log.syslog.appname": "fw" }, [["fw"]]],
    ["each of several", ["syslog"], { message: ["*a=*b=*", "c*"] }, [["a=", "b="], ["c"]]],
    [
      "with the names of the fields that it stands beside",
      ["keyvalue"],
      { type: ["A", "B"], deviceSn: "*" },
      [
        ["A", "type", "deviceSn"],
        ["B", "type", "deviceSn"],
      ],
    ],
    ["names alone", ["keyvalue"], { fw: "*", tz: "*" }, [["fw", "tz"]]],
    ["and those of the objects around", ["cef"], { "model.now.name": "*" }, [["model", "now", "name"]]],
    ["no name that a reader may have made up", ["syslog"], { flags: "*", type: "X" }, [["X"]]],
    [
      "those with a capital, which none does",
      ["syslog", "text"],
      { flags: "*", ruleUid: "*" },
      [["ruleUid"]],
    ],
    ["none where readers rename", ["windows", "generic"], { ruleUid: "*" }, undefined],
    ["none of Windows, wherever it stands", ["generic"], { EventID: "*", Provider_Name: "*" }, undefined],
    ["nothing of what must be absent", ["generic"], { deviceSn: null }, undefined],
    ["nothing of a field that is computed", ["generic"], { "event.outcome": "failure" }, undefined],
  ])("%s", (_, over, when, expected) => expect(holdsOf(over, when)).toEqual([expected]));

  it("is unknown when one of its signs tells nothing", () => {
    expect(holdsOf(["syslog"], { "log.syslog.appname": "fw" }, { flags: "*" })).toEqual([undefined]);
  });

  it("stands in the records: no reader makes up a name with a capital, but those of Windows and of Linux audit", () => {
    let looked = 0;
    for (const { as, record } of records) {
      const source = as === "auto" ? as : inboundNamed(as);
      const { alert } = source === undefined ? {} : parseText(source, record, CONTEXT);
      const module = alert?.event?.module ?? "";
      if (alert === undefined || module === "windows" || module === "auditd") continue;
      const text = record.toLowerCase();
      for (const field of Object.keys(alert.fields ?? {})) {
        const [names] = holdsOf(["syslog"], { [field]: "*" })?.[0] ?? [];
        for (const name of names ?? []) {
          looked++;
          expect(text, `${name} of ${field}`).toContain(name.toLowerCase());
        }
      }
    }
    expect(looked).toBeGreaterThan(1000);
  });

  it.each<[string, string, object, boolean]>([
    [
      "azure, service: signinlogs",
      "{ResultType: 50053}",
      { category: "SignInLogs", resultType: "50053" },
      true,
    ],
    ["azure, service: signinlogs", "{ResultType: 50053}", { category: "SignInLogs", resultType: "0" }, false],
    [
      "azure, service: auditlogs",
      "{properties.message: add owner to application, LoggedByService: Core Directory}",
      { category: "AuditLogs", properties: { id: "i", loggedByService: "Core Directory" } },
      true,
    ],
    ["m365, service: audit", "{ResultType: 50053}", { category: "SignInLogs", resultType: "50053" }, false],
  ])(
    "product: %s with %s runs behind the gate on what a mapping reads of %j: %s",
    (logsource, s, told, met) => {
      const yaml = `title: T\nid: t\nlogsource: {product: ${logsource}}\ndetection: {s: ${s}, condition: s}\n`;
      const set = compileRules(readRules(yaml, "t.yml").rules);
      const operationName = "Add owner to application";
      const text = JSON.stringify({ operationName, properties: { id: "i" }, ...told });
      const { alert } = parseText("auto", text, CONTEXT);
      expect(alert?.event?.dataset).toBe("microsoft-entra-id");
      expect(alert === undefined ? [] : matchAlert(set, alert)).toHaveLength(met ? 1 : 0);
      const gate = compileGate(set, openCatalogue([]).catalogue.claims());
      expect(gate.ungated).toEqual([]);
      if (met) expect(gate.scan(Buffer.from(text), 0, text.length)).toBe(true);
    },
  );

  it("tells a firewall's records from what servers say every minute", () => {
    const { rules } = readRules(
      `title: any firewall
id: 00000000-0000-4000-8000-000000000000
logsource: { category: firewall }
detection: { any: { event.severity|gte: 0 }, condition: any }
`,
      "rule.yml",
    );
    const gate = compileGate(compileRules(rules), openCatalogue([]).catalogue.claims());
    expect(gate.ungated).toEqual([]);
    const opens = (line: string) => gate.scan(Buffer.from(line), 0, line.length);
    expect(opens("id=firewall time=x fw=x tz=+0200 startime=x")).toBe(true);
    const usual = [
      "LOG:  checkpoint complete: wrote 1204 buffers (7.3%)",
      "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
      "Accepted publickey for backup from 192.0.2.7 port 50022 ssh2: ED25519 SHA256:x",
      '192.0.2.7 - - [23/Nov/2026:10:00:00 +0100] "GET /auth/system HTTP/1.1" 200 17 "-" "probe/1.29"',
      '{"level":"info","msg":"request","path":"/api/status","service":"accounts","event":"done","user":"x"}',
      "Reached target System Initialization; network configuration and DNS are up",
    ];
    expect(usual.filter(opens)).toEqual([]);
  });
});
