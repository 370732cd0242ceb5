import { expect, it } from "vitest";
import { parseText } from "../../agent/stages/ingest.ts";
import { openCatalogue } from "../../connectors/registry.ts";
import { compileGate } from "./gate.ts";
import { readRules } from "./read.ts";
import { compileRules, matchAlert } from "./rule-set.ts";

const CONTEXT = { received: 1_785_629_469_000_000, zone: "UTC" };
const claims = openCatalogue([]).catalogue.claims();

const FLOW = {
  ts: 1785629469.1,
  uid: "CAbcdef1234567890",
  "id.orig_h": "203.0.113.5",
  "id.orig_p": 50022,
  "id.resp_h": "192.0.2.7",
  "id.resp_p": 445,
};
const zeek = (log: object) => JSON.stringify({ ...FLOW, ...log });
const columns = (...rest: string[]) => [...Object.values(FLOW).map(String), ...rest].join("\t");
const OPENED = { action: "SMB::FILE_OPEN", path: "\\\\192.0.2.7\\IPC$", name: "spoolss" };
const QUESTION = { proto: "udp", query: "x.onion.test", qtype_name: "A", rcode_name: "NOERROR", Z: 1 };
const REQUEST = { trans_depth: 1, method: "PUT", host: "x.test", uri: "/a", status_code: 200 };
const RDP = { cookie: "c", result: "Success", security_protocol: "HYBRID", cert_count: 0 };
const OKTA = {
  eventType: "user.session.start",
  legacyEventType: "core.user_auth.login_failed",
  published: "2026-08-02T00:11:09.000Z",
  actor: { alternateId: "Example1" },
  displayMessage: "x",
};
const DUO = {
  txid: "t",
  factor: "bypass_code",
  access_device: { ip: "203.0.113.4" },
  event_type: "authentication",
  reason: "bypass_user",
};
const GOOGLE = {
  protoPayload: {
    "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
    serviceName: "storage.googleapis.com",
    methodName: "storage.buckets.delete",
    authorizationInfo: [{ permission: "storage.buckets.delete", granted: true }],
  },
  logName: "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
};
const workspace = (serviceName: string) => ({
  protoPayload: { serviceName, metadata: { event: [{ eventName: "REMOVE_PRIVILEGE" }] } },
});
const KUBERNETES = {
  apiVersion: "audit.k8s.io/v1",
  verb: "delete",
  objectRef: { resource: "deployments", apiGroup: "apps" },
};
const SYSLOG = "<189>Aug  2 02:11:07 r1 ";
const IIS =
  "2026-08-02 00:11:09 192.0.2.80 GET /cgi-bin/x q=1 443 - 198.51.100.44 Mozilla/5.0+(X11) - 200 0 0 26";
const UMBRELLA =
  '"2026-08-02 00:11:09","pc-1","pc-1,Site","192.0.2.21","198.51.100.9","Blocked","1 (A)","NOERROR","x.onion.test.","Malware","Roaming Computers","Roaming Computers","Malware"';
const DENIED =
  '<14>1 2026-08-02T00:11:09.000Z srx1 RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.135 source-address="198.51.100.9" source-port="50200" destination-address="192.0.2.7" destination-port="23"]';
const ANY_PUBLIC = "{id.orig_h|cidr: 192.168.0.0/16}, condition: not s";

it.each<[string, string, object | string, boolean]>([
  ["zeek, service: smb_files", "{path|endswith: IPC$, name: spoolss}", zeek(OPENED), true],
  ["zeek, service: smb_files", "{path|endswith: IPC$}", zeek({ ...OPENED, action: "x" }), false],
  ["zeek, service: dce_rpc", "{operation|startswith: efs}", zeek({ endpoint: "e", operation: "Efs1" }), true],
  ["zeek, service: dns", "{Z: 1}", zeek(QUESTION), true],
  ["zeek, service: http", "{Z: 1}", zeek(QUESTION), false],
  [
    "zeek, service: dns",
    "{query|endswith: .onion.test}",
    columns(..."udp 7 0.1 x.onion.test 1 C_INTERNET 1 A 0 NOERROR F F T T 0 192.0.2.9 60 F".split(" ")),
    true,
  ],
  ["zeek, service: http", "{method: PUT, uri: /a}", zeek(REQUEST), true],
  [
    "zeek, service: http",
    "{c-uri|endswith: .exe}",
    columns(..."1 GET x.test /a.exe - 1.1 curl - 0 1 200 OK - - (empty) - -".split(" ")),
    true,
  ],
  ["zeek, service: kerberos", "{cipher: rc4-hmac}", zeek({ request_type: "TGS", cipher: "rc4-hmac" }), true],
  ["zeek, service: rdp", ANY_PUBLIC, zeek(RDP), true],
  ["zeek, service: rdp", ANY_PUBLIC, zeek(REQUEST), false],
  [
    "zeek, service: x509",
    "{certificate.serial: 8BB00EE}",
    { ts: 1785629469.1, id: "F1", certificate: { serial: "8BB00EE", subject: "CN=x" } },
    true,
  ],
  ["okta, service: okta", "{eventType: user.session.start}", OKTA, true],
  [
    "okta, service: okta",
    "{target.displayName: Okta Admin Console}",
    { ...OKTA, target: [{ displayName: "Okta Admin Console", type: "AppInstance" }] },
    true,
  ],
  ["onelogin, service: onelogin.events", "{eventType: user.session.start}", OKTA, false],
  ["cisco, service: duo", "{event_type: authentication, reason: bypass_user}", DUO, true],
  [
    "cisco, service: bgp",
    "[':179']",
    `${SYSLOG}1: Aug  2 02:11:07.000: %IP-TCP-3-BADAUTH: bad digest 192.0.2.9:179`,
    true,
  ],
  ["cisco, service: bgp", "[':179']", `${SYSLOG}1: Aug  2 02:11:07.000: %SYS-5-CONFIG_I: x:179`, false],
  ["juniper, service: bgp", "[missing MD5]", `${SYSLOG}/kernel: 192.0.2.9:179 missing MD5 digest`, true],
  [
    "huawei, service: bgp",
    "[BGP_AUTH_FAILED]",
    `${SYSLOG}%%01BGP/4/BGP_AUTH_FAILED(l)[1]: peer 192.0.2.9:179`,
    true,
  ],
  [
    "kubernetes, service: audit, category: application",
    "{verb: delete, objectRef.resource: deployments}",
    KUBERNETES,
    true,
  ],
  ["kubernetes, service: audit", "{verb: delete}", { ...KUBERNETES, apiVersion: "v1" }, false],
  [
    "azure, service: activitylogs",
    "{operationName|endswith: /WRITE}",
    { category: "Administrative", operationName: "MICROSOFT.NETWORK/VIRTUALNETWORKS/WRITE" },
    true,
  ],
  [
    "azure, service: activitylogs",
    "{OperationNameValue|endswith: /action}",
    { CategoryValue: "Administrative", OperationNameValue: "Microsoft.Test/services/action" },
    true,
  ],
  ["iis, category: webserver", "{cs-method: GET, cs-uri-query|contains: /cgi-bin/}", IIS, true],
  ["~, category: dns", "{query|contains: .onion.test}", UMBRELLA, true],
  ["~, category: firewall", "{dst_port: 23}", DENIED, true],
  ["opencanary, category: application", "{logtype: 2000}", { node_id: "c-1", logtype: 2000 }, true],
  ["onelogin, service: onelogin.events", "{event_type_id: 3}", { event_type_id: 3, account_id: 1 }, true],
  ["github, service: audit", "{action: repo.destroy}", { _document_id: "d", action: "repo.destroy" }, true],
  [
    "bitbucket, service: audit",
    "{auditType.category: Projects}",
    { auditType: { category: "Projects", action: "x" } },
    true,
  ],
  ["gcp, service: gcp.audit", "{gcp.audit.method_name: storage.buckets.delete}", GOOGLE, true],
  [
    "gcp, service: gcp.audit",
    "{data.protoPayload.authorizationInfo.permission: storage.buckets.delete, data.protoPayload.authorizationInfo.granted: 'true'}",
    GOOGLE,
    true,
  ],
  [
    "gcp, service: google_workspace.login",
    "{protoPayload.metadata.event.eventName: remove_privilege}",
    workspace("login.googleapis.com"),
    true,
  ],
  [
    "gcp, service: google_workspace.admin",
    "{eventService: admin.googleapis.com, eventName: REMOVE_PRIVILEGE}",
    workspace("admin.googleapis.com"),
    true,
  ],
  [
    "gcp, service: google_workspace.admin",
    "{eventName: REMOVE_PRIVILEGE}",
    workspace("login.googleapis.com"),
    false,
  ],
])("product: %s with %s matches %j behind the gate: %s", (logsource, selection, record, met) => {
  const condition = selection.includes("condition") ? selection : `${selection}, condition: s`;
  const yaml = `title: T\nid: t\nlogsource: {product: ${logsource}}\ndetection: {s: ${condition}}\n`;
  const { rules, refused } = readRules(yaml, "t.yml");
  expect(refused).toEqual([]);
  const set = compileRules(rules);
  const text = typeof record === "string" ? record : JSON.stringify(record);
  const { alert } = parseText("auto", text, CONTEXT);
  expect(alert === undefined ? undefined : matchAlert(set, alert).length).toBe(met ? 1 : 0);
  const gate = compileGate(set, claims);
  expect(gate.ungated).toEqual([]);
  if (met) expect(gate.scan(Buffer.from(text), 0, Buffer.byteLength(text))).toBe(true);
});
