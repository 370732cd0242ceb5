import { expect, it } from "vitest";
import { parseText } from "../../agent/stages/ingest.ts";
import { belongs, logSourcesOf, originOf } from "./logsource.ts";

const CONTEXT = { received: 1_785_629_469_000_000, zone: "UTC" };
const sysmon =
  "<Event><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><Channel>Microsoft-Windows-Sysmon/Operational</Channel></System></Event>";

it.each([
  ["windows", sysmon, { product: "windows", category: "process_creation" }, true],
  ["windows", sysmon, { product: "linux", category: "process_creation" }, false],
  [
    "windows",
    '{"EventID":4688,"Channel":"Security"}',
    { product: "windows", category: "process_creation" },
    true,
  ],
  [
    "windows",
    '{"Id":4624,"LogName":"Security","ProviderName":"x"}',
    { product: "windows", service: "security" },
    true,
  ],
  [
    "windows",
    "MSWinEventLog\t1\tSecurity\t1\tWed Oct 11 22:14:15 2023\t4625\tx",
    { product: "windows", service: "security" },
    true,
  ],
  [
    "generic",
    '{"winlog":{"event_id":1,"channel":"System"}}',
    { product: "windows", service: "system" },
    true,
  ],
  ["suricata", '{"event_type":"dns","dns":{}}', { category: "dns" }, true],
  ["suricata", '{"event_type":"tls","tls":{}}', { category: "dns" }, false],
  [
    "ocsf",
    '{"class_uid":1007,"activity_id":1,"device":{"os":{"type":"Windows"}}}',
    { product: "windows", category: "process_creation" },
    true,
  ],
  [
    "ocsf",
    '{"class_uid":1007,"activity_id":2,"device":{"os":{"type":"Windows"}}}',
    { category: "process_creation" },
    false,
  ],
  [
    "wazuh",
    '{"rule":{},"data":{"win":{"system":{"channel":"Security"}}}}',
    { product: "windows", service: "security" },
    true,
  ],
  ["syslog", "<13>Oct 11 22:14:15 fw : %ASA-4-106099: x", { product: "cisco", service: "asa" }, true],
  ["syslog", "<13>Oct 11 22:14:15 fw : %ASA-4-106099: x", { category: "firewall" }, true],
  ["syslog", "<13>Oct 11 22:14:15 r1 %BGP-5-ADJCHANGE: x", { product: "cisco", service: "bgp" }, true],
  ["syslog", "<13>Oct 11 22:14:15 r1 %BGP-5-ADJCHANGE: x", { product: "cisco", service: "asa" }, false],
  ["syslog", "<13>Oct 11 22:14:15 r1 %WEBUI-6-INSTALL: x", { product: "cisco", service: "syslog" }, true],
  ["syslog", "<13>Oct 11 22:14:15 r1 app: x", { product: "cisco" }, false],
  ["windows", '{"EventID":3,"Channel":"RPCFW"}', { category: "application", product: "rpc_firewall" }, true],
  [
    "windows",
    '{"EventID":1116,"Channel":"Microsoft-Windows-Windows Defender/Operational"}',
    { category: "antivirus" },
    true,
  ],
  ["windows", '{"EventID":4104,"Channel":"PowerShellCore/Operational"}', { category: "ps_script" }, true],
  ["auditd", "type=EXECVE msg=audit(1785629469.000:7): argc=1 a0=id", { category: "process_creation" }, true],
  [
    "auditd",
    "type=SYSCALL msg=audit(1785629469.000:7): arch=c000003e syscall=59",
    { category: "process_creation" },
    true,
  ],
  [
    "auditd",
    "type=SYSCALL msg=audit(1785629469.000:7): arch=c000003e syscall=1",
    { category: "process_creation" },
    false,
  ],
  ["syslog", "<13>Oct 11 22:14:15 h gunicorn[1]: x", { category: "application", product: "django" }, false],
  ["syslog", "<13>Oct 11 22:14:15 h gunicorn[1]: x", { category: "application", product: "python" }, true],
  ["suricata", '{"event_type":"http","http":{}}', { category: "proxy" }, true],
  ["suricata", '{"event_type":"flow"}', { category: "network", service: "connection" }, true],
  ["generic", '{"event":{"dataset":"gcp.audit"}}', { product: "gcp", service: "gcp.audit" }, true],
  [
    "generic",
    '{"event":{"dataset":"google_workspace.admin"}}',
    { product: "gcp", service: "google_workspace.admin" },
    true,
  ],
  ["generic", '{"event":{"dataset":"azure.signinlogs"}}', { product: "azure", service: "signinlogs" }, true],
  ["generic", '{"event":{"dataset":"azure.signinlogs"}}', { product: "azure", service: "auditlogs" }, false],
  ["generic", '{"event":{"dataset":"okta.system"}}', { product: "okta", service: "okta" }, true],
  ["generic", '{"event":{"dataset":"zeek.x509"}}', { product: "zeek", service: "x509" }, true],
  [
    "generic",
    '{"event":{"dataset":"endpoint.events.process"},"host":{"os":{"type":"linux"}}}',
    { product: "linux", category: "process_creation" },
    true,
  ],
  [
    "generic",
    '{"event":{"dataset":"endpoint.events.process"},"host":{"os":{"type":"linux"}}}',
    { product: "windows", category: "process_creation" },
    false,
  ],
  ["generic", '{"eventSource":"iam.amazonaws.com"}', { product: "aws", service: "cloudtrail" }, true],
  // A sender that writes other signs into one.
  ["generic", '{"event_type":"x\\n\\n\\nsecurity"}', { product: "windows" }, false],
])("%s record %s belongs to %j: %s", (source, text, wanted, expected) => {
  const { alert } = parseText(source, text, CONTEXT);
  expect(belongs(wanted, logSourcesOf(originOf(alert ?? {})))).toBe(expected);
});
