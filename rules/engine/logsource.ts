import { type Atom, type AtomsOf, rarity } from "./necessary.ts";
import { MANY, type Pattern } from "./pattern.ts";
import type { LogSource } from "./rule.ts";
import { alertReader } from "./taxonomy.ts";

/** What an alert must show to belong to a log source: one of these values in each named field, case apart. */
interface Row {
  when: Record<string, readonly string[]>;
  is: LogSource;
}

const SYSMON = "microsoft-windows-sysmon/operational";

const SYSMON_CATEGORIES: Record<string, readonly string[]> = {
  process_creation: ["1"],
  file_change: ["2"],
  network_connection: ["3"],
  sysmon_status: ["4", "16"],
  process_termination: ["5"],
  driver_load: ["6"],
  image_load: ["7"],
  create_remote_thread: ["8"],
  raw_access_thread: ["9"],
  process_access: ["10"],
  file_event: ["11"],
  registry_event: ["12", "13", "14"],
  registry_add: ["12"],
  registry_delete: ["12"],
  registry_set: ["13"],
  registry_rename: ["14"],
  create_stream_hash: ["15"],
  pipe_created: ["17", "18"],
  wmi_event: ["19", "20", "21"],
  dns_query: ["22"],
  file_delete: ["23", "26"],
  clipboard_capture: ["24"],
  process_tampering: ["25"],
  file_delete_detected: ["26"],
  file_block_executable: ["27"],
  file_block_shredding: ["28"],
  file_executable_detected: ["29"],
  sysmon_error: ["255"],
};

/** Windows channels (lower case) of each service. */
const WINDOWS_SERVICES: Record<string, readonly string[]> = {
  application: ["application"],
  "application-experience": [
    "microsoft-windows-application-experience/program-telemetry",
    "microsoft-windows-application-experience/program-compatibility-assistant",
  ],
  applocker: [
    "microsoft-windows-applocker/msi and script",
    "microsoft-windows-applocker/exe and dll",
    "microsoft-windows-applocker/packaged app-deployment",
    "microsoft-windows-applocker/packaged app-execution",
  ],
  "appmodel-runtime": ["microsoft-windows-appmodel-runtime/admin"],
  "appxdeployment-server": ["microsoft-windows-appxdeploymentserver/operational"],
  "appxpackaging-om": ["microsoft-windows-appxpackaging/operational"],
  bitlocker: ["microsoft-windows-bitlocker/bitlocker management"],
  "bits-client": ["microsoft-windows-bits-client/operational"],
  capi2: ["microsoft-windows-capi2/operational"],
  "certificateservicesclient-lifecycle-system": [
    "microsoft-windows-certificateservicesclient-lifecycle-system/operational",
  ],
  "codeintegrity-operational": ["microsoft-windows-codeintegrity/operational"],
  dhcp: ["microsoft-windows-dhcp-server/operational"],
  "diagnosis-scripted": ["microsoft-windows-diagnosis-scripted/operational"],
  "dns-client": ["microsoft-windows-dns client events/operational"],
  "dns-server": ["dns server"],
  "dns-server-analytic": ["microsoft-windows-dns-server/analytical"],
  "dns-server-audit": ["microsoft-windows-dns-server/audit"],
  "driver-framework": ["microsoft-windows-driverframeworks-usermode/operational"],
  "firewall-as": ["microsoft-windows-windows firewall with advanced security/firewall"],
  "hyper-v-worker": ["microsoft-windows-hyper-v-worker"],
  "iis-configuration": ["microsoft-iis-configuration/operational"],
  "kernel-event-tracing": ["microsoft-windows-kernel-eventtracing"],
  "kernel-shimengine": [
    "microsoft-windows-kernel-shimengine/operational",
    "microsoft-windows-kernel-shimengine/diagnostic",
  ],
  ldap: ["microsoft-windows-ldap-client/debug"],
  "lsa-server": ["microsoft-windows-lsa/operational"],
  "microsoft-servicebus-client": ["microsoft-servicebus-client"],
  "msexchange-management": ["msexchange management"],
  ntfs: ["microsoft-windows-ntfs/operational"],
  ntlm: ["microsoft-windows-ntlm/operational"],
  openssh: ["openssh/operational"],
  powershell: ["microsoft-windows-powershell/operational", "powershellcore/operational"],
  "powershell-classic": ["windows powershell"],
  "printservice-admin": ["microsoft-windows-printservice/admin"],
  "printservice-operational": ["microsoft-windows-printservice/operational"],
  security: ["security"],
  "security-mitigations": [
    "microsoft-windows-security-mitigations/kernel mode",
    "microsoft-windows-security-mitigations/user mode",
  ],
  sense: ["microsoft-windows-sense/operational"],
  "servicebus-client": ["microsoft-servicebus-client/operational", "microsoft-servicebus-client/admin"],
  "shell-core": ["microsoft-windows-shell-core/operational"],
  "smbclient-connectivity": ["microsoft-windows-smbclient/connectivity"],
  "smbclient-security": ["microsoft-windows-smbclient/security"],
  "smbserver-connectivity": ["microsoft-windows-smbserver/connectivity"],
  sysmon: [SYSMON],
  system: ["system"],
  taskscheduler: ["microsoft-windows-taskscheduler/operational"],
  "terminalservices-localsessionmanager": [
    "microsoft-windows-terminalservices-localsessionmanager/operational",
  ],
  vhdmp: ["microsoft-windows-vhdmp/operational"],
  windefend: ["microsoft-windows-windows defender/operational"],
  wmi: ["microsoft-windows-wmi-activity/operational"],
};

const POWERSHELL = WINDOWS_SERVICES.powershell as readonly string[];

const LINUX_SERVICES: Record<string, readonly string[]> = {
  sshd: ["sshd", "sshd-session", "sshd-auth"],
  sudo: ["sudo"],
  cron: ["cron", "crond", "crontab", "anacron"],
  auditd: ["auditd", "audispd", "audit", "audisp-syslog"],
  clamav: ["clamd", "clamav", "clamscan", "freshclam", "clamdscan"],
  guacamole: ["guacd"],
  vsftpd: ["vsftpd"],
  auth: "sshd sshd-session sshd-auth sudo pkexec su login passwd useradd usermod userdel groupadd systemd-logind polkitd pam unix_chkpwd".split(
    " ",
  ),
};

const WEB_SERVERS: Record<string, readonly string[]> = {
  apache: ["apache", "apache2", "httpd"],
  nginx: ["nginx"],
  iis: ["iis", "w3svc"],
};

/** Where a record says which program or decoder it came from. */
const PROGRAM_FIELDS = ["process.name", "event.module", "decoder.name", "predecoder.program_name"];

/** Facilities of Cisco's mnemonics (`%ASA-4-106023`) of each service. */
const CISCO_SERVICES: Record<string, readonly string[]> = {
  asa: ["asa", "ftd"],
  aaa: ["aaa", "parser", "sec_login"],
  bgp: ["bgp"],
  ldp: ["ldp"],
};

const ROWS: Row[] = [
  { when: { "event.module": ["*"] }, is: { category: "alert" } },
  { when: { "event.module": ["syslog"] }, is: { product: "linux", service: "syslog" } },
  ...Object.entries(SYSMON_CATEGORIES).flatMap(([category, codes]): Row[] => [
    { when: { Channel: [SYSMON], EventID: codes }, is: { product: "windows", category, service: "sysmon" } },
    {
      when: { Provider_Name: ["microsoft-windows-sysmon"], EventID: codes },
      is: { product: "windows", category, service: "sysmon" },
    },
    {
      when: { Provider_Name: ["linux-sysmon"], EventID: codes },
      is: { product: "linux", category, service: "sysmon" },
    },
  ]),
  {
    when: { Channel: ["security"], EventID: ["4688"] },
    is: { product: "windows", category: "process_creation" },
  },
  {
    when: { Channel: ["security"], EventID: ["5156"] },
    is: { product: "windows", category: "network_connection" },
  },
  {
    when: { Channel: ["security"], EventID: ["4657"] },
    is: { product: "windows", category: "registry_event" },
  },
  {
    when: { Channel: ["security"], EventID: ["4657"] },
    is: { product: "windows", category: "registry_set" },
  },
  {
    when: { Provider_Name: ["microsoft-windows-security-auditing"] },
    is: { product: "windows", service: "security" },
  },
  {
    when: { Provider_Name: ["microsoft-windows-security-auditing"], EventID: ["4688"] },
    is: { product: "windows", category: "process_creation" },
  },
  { when: { Channel: POWERSHELL, EventID: ["4103"] }, is: { product: "windows", category: "ps_module" } },
  { when: { Channel: POWERSHELL, EventID: ["4104"] }, is: { product: "windows", category: "ps_script" } },
  {
    when: { Channel: ["windows powershell"], EventID: ["400"] },
    is: { product: "windows", category: "ps_classic_start" },
  },
  {
    when: { Channel: ["windows powershell"], EventID: ["600"] },
    is: { product: "windows", category: "ps_classic_provider_start" },
  },
  {
    when: { Channel: ["windows powershell"], EventID: ["800"] },
    is: { product: "windows", category: "ps_classic_script" },
  },
  {
    when: { Provider_Name: ["microsoft-windows-kernel-file"] },
    is: { product: "windows", category: "file_access" },
  },
  {
    when: { Provider_Name: ["microsoft-windows-kernel-file"] },
    is: { product: "windows", category: "file_rename" },
  },
  {
    when: {
      Channel: ["microsoft-windows-windows defender/operational"],
      EventID: ["1006", "1007", "1008", "1009", "1010", "1116", "1117", "1118", "1119"],
    },
    is: { category: "antivirus" },
  },
  ...Object.entries(WINDOWS_SERVICES).map(
    ([service, channels]): Row => ({ when: { Channel: channels }, is: { product: "windows", service } }),
  ),
  ...Object.entries(LINUX_SERVICES).flatMap(([service, programs]): Row[] =>
    PROGRAM_FIELDS.map((field) => ({ when: { [field]: programs }, is: { product: "linux", service } })),
  ),
  ...Object.entries(WEB_SERVERS).flatMap(([server, names]): Row[] =>
    PROGRAM_FIELDS.map((field) => ({
      when: { [field]: names },
      is: { category: "webserver", product: server, service: server },
    })),
  ),
  { when: { "decoder.name": ["web-accesslog"] }, is: { category: "webserver" } },
  { when: { "decoder.name": ["windows_eventchannel", "windows_eventlog"] }, is: { product: "windows" } },
  { when: { "process.name": ["squid", "e2guardian", "privoxy"] }, is: { category: "proxy" } },
  { when: { "observer.type": ["proxy"] }, is: { category: "proxy" } },
  { when: { "observer.type": ["firewall"] }, is: { category: "firewall" } },
  { when: { "process.name": ["filterlog", "iptables", "ulogd", "asa"] }, is: { category: "firewall" } },
  {
    when: { "process.name": ["kernel"], "event.dataset": ["iptables.log"] },
    is: { product: "linux", category: "firewall" },
  },
  {
    when: { "observer.product": ["fortigate", "pan-os", "asa", "vpn-1 & firewall-1", "stormshield", "sns"] },
    is: { category: "firewall" },
  },
  { when: { "observer.product": ["fortigate"] }, is: { product: "fortigate", service: "event" } },
  ...Object.entries(CISCO_SERVICES).map(
    ([service, facilities]): Row => ({
      when: { "cisco.facility": facilities },
      is: { product: "cisco", service },
    }),
  ),
  { when: { "cisco.facility": ["asa", "ftd"] }, is: { category: "firewall" } },
  { when: { "observer.type": ["antivirus", "edr"] }, is: { category: "antivirus" } },
  { when: { "process.name": ["clamd", "clamscan"] }, is: { category: "antivirus" } },
  { when: { "process.name": ["named", "unbound", "dnsmasq"] }, is: { category: "dns" } },
  // Suricata's kind of event, under its own name
  { when: { event_type: ["dns"] }, is: { category: "dns" } },
  // OCSF: Process Activity, Launch
  ...["windows", "linux", "macos"].map(
    (product): Row => ({
      when: { "device.os.type": [product], class_uid: ["1007"], activity_id: ["1"] },
      is: { product, category: "process_creation" },
    }),
  ),
  { when: { "process.name": ["postgres", "mysqld", "mariadbd"] }, is: { category: "database" } },
];

/** Names of products in `event.dataset` that Sigma calls otherwise. */
const PRODUCTS = new Map([
  ["o365", "m365"],
  ["google_workspace", "gcp"],
  ["iptables", "linux"],
]);

const SIGNS = [...new Set(ROWS.flatMap((row) => Object.keys(row.when)))];
const readSigns = SIGNS.map((sign) => alertReader(sign));
const readDataset = alertReader("event.dataset");
const readEventSource = alertReader("eventSource");

/** What distinguishes the alert's origin, as one text: alerts with the same one have the same log sources. */
export function originOf(alert: object): string {
  let origin = "";
  for (const read of readSigns) origin += `${spelt(read(alert))}\n`;
  origin += `${spelt(readDataset(alert))}\n`;
  return origin + (spelt(readEventSource(alert)).endsWith(".amazonaws.com") ? "aws" : "");
}

const spelt = (value: unknown) =>
  typeof value === "string" ? value.toLowerCase() : typeof value === "number" ? String(value) : "";

/** The log sources that an alert of this origin belongs to. */
export function logSourcesOf(origin: string): LogSource[] {
  const values = origin.split("\n");
  const found: LogSource[] = [];
  for (const row of ROWS) {
    const holds = Object.entries(row.when).every(([sign, wanted]) => {
      const value = values[SIGNS.indexOf(sign)] as string;
      return wanted.includes(value) || wanted[0] === "*";
    });
    if (holds) found.push(row.is);
  }
  const [product = "", ...service] = (values[SIGNS.length] as string).split(".");
  if (service.length > 0)
    found.push({ product: PRODUCTS.get(product) ?? product, service: service.join(".") });
  if (values[SIGNS.length + 1] === "aws") found.push({ product: "aws", service: "cloudtrail" });
  return found;
}

/** Whether a rule written for `wanted` applies to what belongs to the log sources: each part it names is among theirs. */
export function belongs(wanted: LogSource, sources: readonly LogSource[]): boolean {
  // Parts may come from different rows, save that no row names another product.
  const fits = sources.filter(
    (source) =>
      wanted.product === undefined || source.product === undefined || source.product === wanted.product,
  );
  const has = (part: keyof LogSource) =>
    wanted[part] === undefined || fits.some((source) => source[part] === wanted[part]);
  return has("category") && has("product") && has("service");
}

/** Modules and datasets that our parsers write themselves: they tell nothing of the record's text. */
const OWN =
  /^(?:syslog|cef|wazuh|alertmanager|generic|text|rfc5424|rfc3164|cisco|alerts|webhook|findings|suricata|eve|apache|nginx|access|error|iptables\.log)$/;
/**
 * Signs that stand in the record as text when their value is not one of our own: ECS written by the sender. What an
 * observer is may be written by a mapping, and the record need not say it.
 */
const SENDERS = new Map([
  ["event.module", "sender.module"],
  ["event.dataset", "sender.dataset"],
]);

/**
 * What the record must hold of the name of a sign, where only the sender's own names are read: every parser
 * takes them from the text.
 */
const NAMES = new Map([
  // Snare writes both without their names.
  ["Channel", ["channel", "eventlog", "log_name", "logname"]],
  ["Provider_Name", ["provider", "source", "mswineventlog"]],
  ["event_type", ["event_type"]],
  ["device.os.type", ["device"]],
  ["decoder.name", ["decoder"]],
  ["eventSource", ["eventsource"]],
]);

/** What a record must hold for its alert to belong to a log source: one of the values, and one of the names. */
export interface SourceAtoms {
  values: Atom[] | null;
  names: string[] | null;
}

/** Finds what is in every record whose alert belongs to the log source; `atomsOf` says which texts count. */
export function logSourceAtoms(wanted: LogSource, atomsOf: AtomsOf): SourceAtoms {
  const found: SourceAtoms = { values: null, names: null };
  for (const part of ["category", "product", "service"] as const) {
    const name = wanted[part];
    const atoms = name === undefined ? null : partAtoms(part, name, atomsOf);
    if (atoms === null) continue;
    if (found.values === null || rarity(atoms.values) > rarity(found.values)) found.values = atoms.values;
    if (atoms.names !== null && (found.names === null || atoms.names.length < found.names.length))
      found.names = atoms.names;
  }
  return found;
}

function partAtoms(
  part: keyof LogSource,
  name: string,
  atomsOf: AtomsOf,
): { values: Atom[]; names: string[] | null } | null {
  const text = (sign: string, parts: Pattern) =>
    atomsOf(SENDERS.get(sign) ?? sign, { kind: "pattern", pattern: parts, cased: false });
  const values: Atom[] = [];
  let names: Set<string> | null = new Set();
  const add = (sign: string, atoms: Atom[]) => {
    values.push(...atoms);
    const own = NAMES.get(sign) ?? (sign === "event.dataset" ? ["dataset"] : undefined);
    if (own === undefined) names = null;
    else for (const one of own) names?.add(one);
  };
  for (const row of ROWS) {
    if (row.is[part] !== name) continue;
    const signs = Object.entries(row.when).map(([sign, wanted]): [string, Atom[] | null] => {
      const each = wanted.map((value) => (value === "*" || OWN.test(value) ? null : text(sign, [value])));
      return [sign, each.includes(null) ? null : (each.flat() as Atom[])];
    });
    const known = signs.find(([, atoms]) => atoms !== null);
    if (known?.[1] == null) return null;
    add(known[0], known[1]);
  }
  if (part !== "category") {
    if (OWN.test(name)) return null;
    const stems =
      part === "service" ? [`.${name}`] : [name, ...aliasesOf(name)].map((product) => `${product}.`);
    const patterns: [string, Pattern][] = stems.map((stem) => ["event.dataset", [MANY, stem, MANY]]);
    if (name === "aws" || name === "cloudtrail") patterns.push(["eventSource", [MANY, ".amazonaws.com"]]);
    for (const [sign, pattern] of patterns) {
      const atoms = text(sign, pattern);
      if (atoms === null) return null;
      add(sign, atoms);
    }
  }
  return { values, names: names === null ? null : [...(names as Set<string>)].sort() };
}

const aliasesOf = (product: string) =>
  [...PRODUCTS.keys()].filter((alias) => PRODUCTS.get(alias) === product);
