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
