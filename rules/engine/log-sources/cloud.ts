import type { Row } from "./row.ts";

/** Names of products in `event.dataset` that Sigma calls otherwise. */
export const PRODUCTS = new Map([
  ["o365", "m365"],
  ["google_workspace", "gcp"],
  ["iptables", "linux"],
  ["atlassian_bitbucket", "bitbucket"],
]);

/** Data sets of Elastic's integrations, where neither name is Sigma's. */
const DATASETS: [dataset: string, is: Row["is"]][] = [
  ["okta.system", { product: "okta", service: "okta" }],
  ["azure.identity_protection", { product: "azure", service: "riskdetection" }],
  ["azure.auditlogs", { product: "azure", service: "pim" }],
  ["o365.audit", { product: "m365", service: "exchange" }],
  ["o365.audit", { product: "m365", service: "threat_detection" }],
  ["o365.audit", { product: "m365", service: "threat_management" }],
  ["kubernetes.audit_logs", { product: "kubernetes", category: "application", service: "audit" }],
  ["cisco_duo.auth", { product: "cisco", service: "duo" }],
  ["cisco_duo.admin", { product: "cisco", service: "duo" }],
  ["fortinet_fortigate.log", { product: "fortigate", service: "event" }],
  ["netflow.log", { service: "netflow" }],
  ["panw.panos", { product: "paloalto", service: "globalprotect" }],
  ["zeek.connection", { category: "network", service: "connection" }],
  ["zeek.dns", { category: "dns" }],
  ["zeek.dns", { category: "network", service: "dns" }],
];

/** Mappings of the program, whose names are the data sets of what they read. */
const MAPPINGS: [mapping: string, product: string, services: readonly string[]][] = [
  ["microsoft-entra-id", "azure", ["signinlogs", "auditlogs", "riskdetection", "pim"]],
  ["microsoft-365-audit", "m365", ["audit", "exchange", "threat_detection", "threat_management"]],
  ["okta-system-log", "okta", ["okta"]],
  ["cisco-duo", "cisco", ["duo"]],
];

/** The same, of which Sigma has no product, or every one of the kind. */
const KINDS: [mapping: string, is: Row["is"]][] = [
  ["microsoft-iis", { category: "webserver", product: "iis", service: "iis" }],
  ["cisco-umbrella", { category: "dns" }],
  ["cisco-umbrella", { category: "proxy" }],
];

/** Logs of Zeek, each by what only it has. */
const ZEEK: [is: Row["is"], field: string, values: readonly string[]][] = [
  [{ product: "zeek", service: "dce_rpc" }, "endpoint", ["*"]],
  [{ product: "zeek", service: "dns" }, "qtype_name", ["*"]],
  [{ category: "dns" }, "qtype_name", ["*"]],
  [{ category: "network", service: "dns" }, "qtype_name", ["*"]],
  [{ product: "zeek", service: "http" }, "trans_depth", ["*"]],
  [{ product: "zeek", service: "kerberos" }, "request_type", ["*"]],
  [{ product: "zeek", service: "rdp" }, "cert_count", ["*"]],
  [
    { product: "zeek", service: "smb_files" },
    "action",
    ["file", "pipe", "print"].flatMap((kind) =>
      ["read", "write", "open", "close", "delete", "rename", "set_attribute"].map(
        (act) => `smb::${kind}_${act}`,
      ),
    ),
  ],
  [{ product: "zeek", service: "x509" }, "certificate.serial", ["*"]],
];

/** Mappings of the program that rows name. */
export const OWN_MAPPINGS: ReadonlySet<string> = new Set([
  "zeek",
  ...[...MAPPINGS, ...KINDS].map(([mapping]) => mapping),
]);

/** Documents in JSON that no mapping reads, by what only they have. */
const DOCUMENTS: [signs: Row["when"], is: Row["is"]][] = [
  [
    { apiVersion: ["audit.k8s.io/v1", "audit.k8s.io/v1beta1"] },
    { product: "kubernetes", category: "application", service: "audit" },
  ],
  // As it is streamed, and as the table of Log Analytics has it.
  [{ category: ["administrative"] }, { product: "azure", service: "activitylogs" }],
  [{ CategoryValue: ["*"] }, { product: "azure", service: "activitylogs" }],
  [{ "auditType.category": ["*"] }, { product: "bitbucket", service: "audit" }],
  [{ event_type_id: ["*"] }, { product: "onelogin", service: "onelogin.events" }],
  [{ node_id: ["*"] }, { product: "opencanary", category: "application" }],
  [{ _document_id: ["*"] }, { product: "github", service: "audit" }],
  [
    { "protoPayload.@type": ["type.googleapis.com/google.cloud.audit.auditlog"] },
    { product: "gcp", service: "gcp.audit" },
  ],
  [
    { "protoPayload.serviceName": ["login.googleapis.com"] },
    { product: "gcp", service: "google_workspace.login" },
  ],
  [
    { "protoPayload.serviceName": ["admin.googleapis.com"] },
    { product: "gcp", service: "google_workspace.admin" },
  ],
];

/** Data sets of Elastic's agent on a computer. */
const ENDPOINT: Record<string, readonly string[]> = {
  "endpoint.events.process": ["process_creation"],
  "endpoint.events.file": ["file_event"],
  "endpoint.events.network": ["network_connection"],
  "endpoint.events.registry": ["registry_event", "registry_set"],
  "endpoint.events.library": ["image_load"],
};
const SYSTEMS = ["windows", "linux", "macos"];

/** OCSF's classes and their activities that are categories of Sigma. */
const OCSF: [category: string, classes: readonly string[], activities: readonly string[]][] = [
  ["process_creation", ["1007"], ["1"]],
  ["process_termination", ["1007"], ["2"]],
  ["file_event", ["1001"], ["1"]],
  ["file_delete", ["1001"], ["4"]],
  ["file_rename", ["1001"], ["5"]],
  ["image_load", ["1005"], ["1"]],
  ["network_connection", ["4001"], ["1"]],
  ["dns_query", ["4003"], ["1"]],
  ["registry_add", ["201001"], ["1"]],
  ["registry_set", ["201002"], ["1", "2", "3"]],
  ["registry_event", ["201001", "201002"], ["1", "2", "3", "4"]],
];

/** What tells the log sources of documents that others have already normalised: the cloud's, Elastic's, OCSF. */
export const CLOUD_ROWS: Row[] = [
  ...DATASETS.map(([dataset, is]): Row => ({ when: { "event.dataset": [dataset] }, is })),
  ...MAPPINGS.flatMap(([mapping, product, services]) =>
    services.map((service): Row => ({ when: { "event.dataset": [mapping] }, is: { product, service } })),
  ),
  ...KINDS.map(([mapping, is]): Row => ({ when: { "event.dataset": [mapping] }, is })),
  ...ZEEK.map(([is, field, values]): Row => ({ when: { [field]: values, "event.dataset": ["zeek"] }, is })),
  ...DOCUMENTS.map(([signs, is]): Row => ({ when: { ...signs, "event.module": ["generic"] }, is })),
  ...SYSTEMS.flatMap((product) => [
    ...Object.entries(ENDPOINT).flatMap(([dataset, categories]) =>
      categories.map(
        (category): Row => ({
          when: { "event.dataset": [dataset], "host.os.type": [product] },
          is: { product, category },
        }),
      ),
    ),
    ...OCSF.map(
      ([category, class_uid, activity_id]): Row => ({
        when: { "device.os.type": [product], class_uid, activity_id },
        is: { product, category },
      }),
    ),
  ]),
  { when: { class_uid: ["4002"] }, is: { category: "proxy" } },
  { when: { class_uid: ["4002"] }, is: { category: "webserver" } },
];
