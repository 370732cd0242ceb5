import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CAUSES } from "../../agent/core/detection.ts";
import { parseText } from "../../agent/stages/ingest.ts";
import { runCases } from "../engine/cases.ts";
import { compileGate } from "../engine/gate.ts";
import { loadRules } from "../engine/load.ts";
import { compileRules, matchAlert } from "../engine/rule-set.ts";

const folder = dirname(fileURLToPath(import.meta.url));
const { rules, refused } = loadRules([folder]);
const set = compileRules(rules);
const CONTEXT = { received: 1_785_665_469_000_000, zone: "Europe/Paris" };
const read = (as: string, record: string) => parseText(as, record, CONTEXT);
const { results, problems } = runCases(set, rules, read);

describe("the rule pack", () => {
  it("loads whole, and every rule has records that must match and that must not", () => {
    expect(refused).toEqual([]);
    expect(set.inactive).toEqual([]);
    expect(problems).toEqual([]);
    for (const { rule, file } of rules) {
      const own = results.filter((result) => result.rule === rule.name);
      expect(own.filter((result) => result.expected === "match").length, file).toBeGreaterThanOrEqual(2);
      expect(own.filter((result) => result.expected === "no match").length, file).toBeGreaterThanOrEqual(2);
    }
  });

  it.each(results.map((result) => [result.rule, result.expected, result.as, result] as const))(
    "%s: %s (%s)",
    (_rule, _expected, _as, result) => {
      expect(result.because).toBeUndefined();
    },
  );

  it("never needs an alert parsed that its gate stops", () => {
    const gate = compileGate(set);
    expect(gate.ungated).toEqual([]);
    for (const { expected, record } of results) {
      const bytes = new TextEncoder().encode(record);
      if (expected === "match") expect(gate.scan(bytes, 0, bytes.length), record).toBe(true);
    }
  });

  it("names itself after its file, and states a malicious act whenever its cause is one", () => {
    const names = rules.map(({ rule }) => rule.name);
    for (const { rule, file } of rules) {
      expect(file.endsWith(`${rule.name}.yml`), file).toBe(true);
      const facts = rule.meaning?.facts ?? [];
      for (const fact of facts) for (const name of fact.ended_by) expect(names).toContain(name);
      const states = new Set(facts.map((fact) => fact.fact));
      const cause = rule.meaning?.cause;
      const malicious = cause !== undefined && CAUSES[cause].malicious;
      const saysSo = states.has("malicious_action_suspected") || states.has("account_compromised");
      expect(saysSo, file).toBe(malicious && facts.length > 0);
    }
  });
});

describe("everyday noise states no fact", () => {
  it.each([
    [
      "cef",
      "<134>Aug  2 02:00:00 fw1 CEF:0|Stormshield|SNS|4.7|filter|Port scan detected|5|src=203.0.113.4 dst=192.0.2.10 act=blocked msg=TCP port scan blocked, 1200 packets dropped",
    ],
    [
      "cef",
      "<134>Aug  2 02:00:00 fw1 CEF:0|Fortinet|Fortigate|7.4|0419016384|ips signature|5|src=203.0.113.4 dst=192.0.2.10 act=dropped attack=Apache.Log4j.Error.Log.Remote.Code.Execution",
    ],
    ["syslog", "<38>Aug  2 02:00:00 srv1 sshd[77]: Failed password for root from 203.0.113.4 port 4242 ssh2"],
    [
      "syslog",
      "<38>Aug  2 02:00:00 srv1 sshd[77]: Accepted publickey for backup from 10.0.0.9 port 4242 ssh2",
    ],
    ["syslog", "<30>Aug  2 02:00:00 srv1 systemd[1]: Started Daily apt upgrade and clean activities."],
    [
      "syslog",
      "<14>Aug  2 02:00:00 mon centengine: SERVICE ALERT: DPI-DB;Load;WARNING;HARD;3;WARNING - load average: 9.1",
    ],
    ["syslog", "<14>Aug  2 02:00:00 mon centengine: HOST NOTIFICATION: admin;imp-12;RECOVERY (UP);notify;OK"],
    [
      "syslog",
      "<22>Aug  2 02:00:00 mx1 postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[203.0.113.4]: 554 5.7.1 blocked",
    ],
    [
      "syslog",
      "<134>Aug  2 02:00:00 backup veeam[8]: Job DPI-daily finished with Success, 12 restore points kept",
    ],
    [
      "alertmanager",
      '{"status":"firing","labels":{"alertname":"DiskWillFillIn4Hours","instance":"dpi-db:9100","severity":"warning"},"annotations":{"summary":"Disk will fill"},"startsAt":"2026-08-02T00:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://p/g","fingerprint":"1"}',
    ],
    [
      "wazuh",
      '{"timestamp":"2026-08-02T02:00:00.000+0200","rule":{"level":5,"description":"sshd: authentication failed.","id":"5760","groups":["syslog","sshd","authentication_failed"]},"agent":{"id":"1","name":"srv1"},"id":"1.2","full_log":"Aug  2 02:00:00 srv1 sshd[7]: Failed password for root from 203.0.113.4 port 1 ssh2","decoder":{"name":"sshd"},"data":{"srcip":"203.0.113.4"}}',
    ],
    [
      "wazuh",
      '{"timestamp":"2026-08-02T02:00:00.000+0200","rule":{"level":3,"description":"ClamAV database update","id":"52507","groups":["clamd","freshclam","virus"]},"agent":{"id":"1","name":"srv1"},"id":"1.3","full_log":"freshclam[1]: virus database updated, 3 new signatures","decoder":{"name":"freshclam"}}',
    ],
  ])("%s: %s", (as, record) => {
    const { alert } = read(as, record);
    const matched = alert === undefined ? [] : matchAlert(set, alert);
    expect(
      matched.filter((match) => (match.rule.meaning?.facts.length ?? 0) > 0).map((match) => match.rule.name),
    ).toEqual([]);
  });
});
