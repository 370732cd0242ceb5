import type { Row } from "./row.ts";

// Sigma taxonomy appendix 2.1, Windows folder.

const SYSMON = "microsoft-windows-sysmon/operational";

/** Sysmon's event ids of each category. */
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

/** The second is how Eventlog to Syslog writes it. */
const SECURITY_PROVIDERS = ["microsoft-windows-security-auditing", "security-auditing"];

const POWERSHELL = WINDOWS_SERVICES.powershell as readonly string[];
const CLASSIC_POWERSHELL = WINDOWS_SERVICES["powershell-classic"] as readonly string[];

/** Categories that logs other than Sysmon's have too. */
const CATEGORIES: [category: string, when: Row["when"]][] = [
  ["process_creation", { Channel: ["security"], EventID: ["4688"] }],
  ["process_creation", { Provider_Name: SECURITY_PROVIDERS, EventID: ["4688"] }],
  ["process_termination", { Channel: ["security"], EventID: ["4689"] }],
  ["network_connection", { Channel: ["security"], EventID: ["5156"] }],
  ["registry_event", { Channel: ["security"], EventID: ["4657"] }],
  ["registry_set", { Channel: ["security"], EventID: ["4657"] }],
  ["ps_module", { Channel: POWERSHELL, EventID: ["4103"] }],
  ["ps_script", { Channel: POWERSHELL, EventID: ["4104"] }],
  ["ps_classic_start", { Channel: CLASSIC_POWERSHELL, EventID: ["400"] }],
  ["ps_classic_provider_start", { Channel: CLASSIC_POWERSHELL, EventID: ["600"] }],
  ["ps_classic_script", { Channel: CLASSIC_POWERSHELL, EventID: ["800"] }],
  ["file_access", { Provider_Name: ["microsoft-windows-kernel-file"] }],
  ["file_rename", { Provider_Name: ["microsoft-windows-kernel-file"] }],
];

/** Event ids under which Defender tells what it found and did. */
const DEFENDER_FINDINGS = ["1006", "1007", "1008", "1009", "1010", "1015", "1116", "1117", "1118", "1119"];

/** What tells the log sources of Windows' event log, and of Sysmon on any system. */
export const WINDOWS_ROWS: Row[] = [
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
  ...Object.entries(WINDOWS_SERVICES).map(
    ([service, channels]): Row => ({ when: { Channel: channels }, is: { product: "windows", service } }),
  ),
  ...CATEGORIES.map(([category, when]): Row => ({ when, is: { product: "windows", category } })),
  { when: { Provider_Name: SECURITY_PROVIDERS }, is: { product: "windows", service: "security" } },
  {
    when: { Channel: WINDOWS_SERVICES.windefend as readonly string[], EventID: DEFENDER_FINDINGS },
    is: { category: "antivirus" },
  },
  { when: { Channel: ["rpcfw"] }, is: { category: "application", product: "rpc_firewall" } },
  { when: { "decoder.name": ["windows_eventchannel", "windows_eventlog"] }, is: { product: "windows" } },
];
