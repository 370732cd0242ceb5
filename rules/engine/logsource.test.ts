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
])("%s record %s belongs to %j: %s", (source, text, wanted, expected) => {
  const { alert } = parseText(source, text, CONTEXT);
  expect(belongs(wanted, logSourcesOf(originOf(alert ?? {})))).toBe(expected);
});
