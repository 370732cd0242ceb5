import { type Row, rowsOfPrograms } from "./row.ts";

const WEB_SERVERS: Record<string, readonly string[]> = {
  apache: ["apache", "apache2", "httpd"],
  nginx: ["nginx"],
  iis: ["iis", "w3svc"],
};

/** Facilities of Cisco's mnemonics (`%ASA-4-106023`) of each service. */
const CISCO_SERVICES: Record<string, readonly string[]> = {
  asa: ["asa", "ftd"],
  aaa: ["aaa", "parser", "sec_login"],
  // What carries both, on IOS XR, says that a digest was bad.
  bgp: ["bgp", "ip-tcp"],
  ldp: ["ldp", "ip-tcp"],
};

/** Kinds of Suricata's events, under its own name. */
const SURICATA: [kind: string, is: Row["is"]][] = [
  ["dns", { category: "dns" }],
  ["dns", { category: "network", service: "dns" }],
  ["flow", { category: "network", service: "connection" }],
  // What it saw of HTTP went through it, whoever asked whom.
  ["http", { category: "proxy" }],
  ["http", { category: "webserver" }],
];

/** What tells the log sources of web servers and of the network's devices. */
export const NETWORK_ROWS: Row[] = [
  ...Object.entries(WEB_SERVERS).flatMap(([server, names]) =>
    rowsOfPrograms(names, { category: "webserver", product: server, service: server }),
  ),
  { when: { "decoder.name": ["web-accesslog"] }, is: { category: "webserver" } },
  { when: { "event.module": ["haproxy"] }, is: { category: "webserver" } },
  ...rowsOfPrograms(["squid", "e2guardian", "privoxy"], { category: "proxy" }),
  { when: { "observer.type": ["proxy"] }, is: { category: "proxy" } },
  { when: { "observer.type": ["firewall"] }, is: { category: "firewall" } },
  {
    when: { "process.name": ["filterlog", "iptables", "ulogd", "asa", "rt_flow"] },
    is: { category: "firewall" },
  },
  {
    when: { "observer.product": ["fortigate", "pan-os", "asa", "vpn-1 & firewall-1", "stormshield", "sns"] },
    is: { category: "firewall" },
  },
  { when: { "observer.product": ["fortigate"] }, is: { product: "fortigate", service: "event" } },
  { when: { "observer.product": ["fortigate"] }, is: { product: "fortios", service: "sslvpnd" } },
  { when: { "observer.product": ["pan-os"] }, is: { product: "paloalto", service: "globalprotect" } },
  { when: { "observer.product": ["pan-os"] }, is: { product: "paloalto", category: "appliance" } },
  ...Object.entries(CISCO_SERVICES).map(
    ([service, facilities]): Row => ({
      when: { "cisco.facility": facilities },
      is: { product: "cisco", service },
    }),
  ),
  { when: { "cisco.facility": ["*"] }, is: { product: "cisco", service: "syslog" } },
  { when: { "cisco.facility": ["asa", "ftd"] }, is: { category: "firewall" } },
  { when: { "observer.type": ["antivirus", "edr"] }, is: { category: "antivirus" } },
  { when: { "process.name": ["named", "unbound", "dnsmasq", "pdns_recursor"] }, is: { category: "dns" } },
  { when: { "observer.type": ["dns"] }, is: { category: "dns" } },
  ...SURICATA.map(([kind, is]): Row => ({ when: { event_type: [kind] }, is })),
  ...rowsOfPrograms(["rpd", "/kernel"], { product: "juniper", service: "bgp" }),
  { when: { "huawei.facility": ["bgp"] }, is: { product: "huawei", service: "bgp" } },
];
