import type { Family } from "./family.ts";
import { SMALLER_MEANINGS } from "./smaller-meanings.ts";

/** What a number says by itself, in ECS; names of actions are those of Elastic's integrations where they have one. */
export interface Meaning {
  action: string;
  category: readonly string[];
  type: readonly string[];
  outcome?: "success" | "failure" | undefined;
  /** Place on the common scale when the event says none of its own. */
  risk?: number | undefined;
}

/** The family of an event by its channel or its provider, both in lower case. */
export function familyOf(channel: string, provider: string): Family {
  const byProvider = PROVIDERS.get(provider);
  if (byProvider !== undefined) return byProvider;
  // A directory that is an application of its own: `ADAM [name] LDAP`.
  if (provider.startsWith("adam [")) return "directory";
  return CHANNELS.get(channel) ?? "other";
}

const PROVIDERS = new Map<string, Family>([
  ["microsoft-windows-sysmon", "sysmon"],
  ["linux-sysmon", "sysmon"],
  ["microsoft-windows-security-auditing", "security"],
  // Eventlog to Syslog leaves out Microsoft's name, and parts words by a line.
  ["security-auditing", "security"],
  ["service_control_manager", "system"],
  ["microsoft-windows-powershell", "powershell"],
  ["powershellcore", "powershell"],
  ["powershell", "classic-powershell"],
  ["microsoft-windows-windows defender", "defender"],
  ["microsoft antimalware", "defender"],
  ["service control manager", "system"],
  ["microsoft-windows-taskscheduler", "tasks"],
  ["microsoft-windows-terminalservices-localsessionmanager", "sessions"],
  ["microsoft-windows-terminalservices-remoteconnectionmanager", "sessions"],
  ["microsoft-windows-wmi-activity", "wmi"],
  ["microsoft-windows-applocker", "applocker"],
  ["microsoft-windows-bits-client", "bits"],
  ["microsoft-windows-windows firewall with advanced security", "firewall"],
  ["microsoft-windows-terminalservices-clientactivexcore", "rdp-client"],
  ["microsoft-windows-printservice", "printing"],
  ["microsoft-windows-codeintegrity", "code-integrity"],
  ["application error", "crashes"],
  ["windows error reporting", "crashes"],
  ["microsoft-windows-kerberos-key-distribution-center", "directory"],
  ["microsoft-windows-activedirectory_domainservice", "directory"],
  ["microsoft-windows-audit-cve", "audit-cve"],
  ["microsoft-windows-smbserver", "smb"],
]);
const CHANNELS = new Map<string, Family>([
  ["security", "security"],
  ["system", "system"],
  ["windows powershell", "classic-powershell"],
  ["microsoft-windows-powershell/operational", "powershell"],
  ["powershellcore/operational", "powershell"],
  ["microsoft-windows-sysmon/operational", "sysmon"],
  ["linux-sysmon/operational", "sysmon"],
  ["microsoft-windows-windows defender/operational", "defender"],
  ["microsoft-windows-taskscheduler/operational", "tasks"],
  ["microsoft-windows-wmi-activity/operational", "wmi"],
]);

/** What an event's number means in its family; undefined for one that is not known. */
export function meaningOf(family: Family, code: string): Meaning | undefined {
  return MEANINGS.get(family)?.get(code);
}

const MEANINGS = new Map<Family, Map<string, Meaning>>();

/** `codes | action | categories | types | outcome | risk`, a line each; the last two may be missing. */
function learn(family: Family, lines: string): void {
  const meanings = MEANINGS.get(family) ?? new Map<string, Meaning>();
  MEANINGS.set(family, meanings);
  for (const line of lines.trim().split("\n")) {
    const [codes = "", action = "", categories = "", types = "", outcome, risk] = line
      .split("|")
      .map((cell) => cell.trim());
    const meaning: Meaning = { action, category: words(categories), type: words(types) };
    if (outcome === "success" || outcome === "failure") meaning.outcome = outcome;
    if (risk !== undefined) meaning.risk = Number(risk);
    for (const code of words(codes)) meanings.set(code, meaning);
  }
}

const words = (cell: string) => cell.split(" ").filter((word) => word !== "");

learn(
  "security",
  `
  1100 | logging-service-shutdown | process | end
  1102 | audit-log-cleared | iam | admin change | success | 75
  1104 | logging-full | iam | admin
  1105 | auditlog-archieved | iam | admin
  1108 | logging-processing-error | iam | admin
  4608 | system-started | host | start
  4609 | system-shutdown | host | end
  4610 | authentication-package-loaded | configuration | access
  4611 | trusted-logon-process-registered | configuration | change
  4614 | notification-package-loaded | configuration | access
  4616 | system-time-changed | configuration | change
  4622 | security-package-loaded | configuration | access
  4624 | logged-in | authentication | start | success
  4625 | logon-failed | authentication | start | failure
  4634 4647 | logged-out | authentication | end | success
  4648 | logged-in-explicit | authentication | start
  4649 | replay-attack-detected | authentication intrusion_detection | info | failure | 75
  4656 4661 | object-handle-requested | iam | info
  4657 | registry-value-modified | registry configuration | change
  4658 | object-handle-closed | iam | info
  4660 | object-deleted | file | deletion
  4662 | object-operation-performed | iam configuration | admin change
  4663 | object-access-attempted | file | access
  4670 | permissions-changed | iam configuration | admin change
  4672 | logged-in-special | iam | admin | success
  4673 | privileged-service-called | iam | admin
  4674 | privileged-operation | iam | admin
  4688 | created-process | process | start | success
  4689 | exited-process | process | end | success
  4697 | service-installed | iam configuration | admin change | success
  4698 | scheduled-task-created | iam configuration | creation admin | success
  4699 | scheduled-task-deleted | iam configuration | deletion admin | success
  4700 | scheduled-task-enabled | iam configuration | change admin | success
  4701 | scheduled-task-disabled | iam configuration | change admin | success
  4702 | scheduled-task-updated | iam configuration | change admin | success
  4704 4705 | user-right-changed | iam configuration | admin change
  4706 | domain-trust-added | configuration | creation
  4707 | domain-trust-removed | configuration | deletion
  4713 | kerberos-policy-changed | configuration | change
  4714 | encrypted-data-recovery-policy-changed | configuration | change
  4715 | object-audit-policy-changed | configuration | change
  4716 | trusted-domain-information-changed | configuration | change
  4717 | system-security-access-granted | iam configuration | admin change
  4718 | system-security-access-removed | iam configuration | admin deletion
  4719 | changed-audit-config | iam configuration | admin change
  4720 | added-user-account | iam | user creation
  4722 | enabled-user-account | iam | user change
  4723 | changed-password | iam | user change
  4724 | reset-password | iam | user change
  4725 | disabled-user-account | iam | user deletion
  4726 | deleted-user-account | iam | user deletion
  4727 4731 4754 | added-group-account | iam | group creation
  4728 4732 4756 | added-member-to-group | iam | group change
  4729 4733 4757 | removed-member-from-group | iam | group change
  4730 4734 4758 | deleted-group-account | iam | group deletion
  4735 4737 4755 | modified-group-account | iam | group change
  4744 4749 4759 | added-distribution-group-account | iam | group creation
  4746 4751 4761 | added-member-to-distribution-group | iam | group change
  4747 4752 4762 | removed-member-from-distribution-group | iam | group change
  4748 4753 4763 | deleted-distribution-group-account | iam | group deletion
  4745 4750 4760 | changed-distribution-group-account | iam | group change
  4738 | modified-user-account | iam | user change
  4739 | domain-policy-changed | configuration | change
  4740 | locked-out-user-account | iam | user change | success | 40
  4741 | added-computer-account | iam | creation admin
  4742 | changed-computer-account | iam | change admin
  4743 | deleted-computer-account | iam | deletion admin
  4764 | type-changed-group-account | iam | group change
  4765 4766 | sid-history-changed | iam | user change
  4767 | unlocked-user-account | iam | user change
  4768 | kerberos-authentication-ticket-requested | authentication | start
  4769 | kerberos-service-ticket-requested | authentication | start
  4770 | kerberos-service-ticket-renewed | authentication | start
  4771 | kerberos-preauth-failed | authentication | start | failure
  4772 | kerberos-authentication-ticket-request-failed | authentication | start | failure
  4776 | credential-validated | authentication | start
  4777 | credential-validation-failed | authentication | start | failure
  4778 | session-reconnected | authentication session | start
  4779 | session-disconnected | authentication session | end
  4780 | acl-set-on-admin-accounts | iam configuration | admin change
  4781 | renamed-user-account | iam | user change
  4826 | boot-configuration-data-loaded | configuration | info
  4868 | certificate-request-denied-by-manager | iam | info | failure
  4870 | certificate-revoked | iam | change
  4886 | certificate-requested | iam | info
  4887 | certificate-issued | iam | creation | success
  4888 | certificate-request-denied | iam | info | failure
  4794 | directory-services-restore-mode-set | iam configuration | admin change
  4798 | group-membership-enumerated | iam | user info
  4799 | user-member-enumerated | iam | group info
  4817 | object-audit-changed | iam configuration | admin change
  4902 | user-audit-policy-created | iam configuration | admin creation
  4904 | security-event-source-added | iam configuration | admin change
  4905 | security-event-source-removed | iam configuration | admin deletion
  4906 | crash-on-audit-changed | iam configuration | admin change
  4907 | audit-setting-changed | iam configuration | admin change
  4908 | special-group-table-changed | iam configuration | admin change
  4912 | per-user-audit-policy-changed | iam configuration | admin change
  4946 | windows-firewall-rule-added | configuration | creation
  4947 | windows-firewall-rule-modified | configuration | change
  4948 | windows-firewall-rule-deleted | configuration | deletion
  4950 | windows-firewall-setting-changed | configuration | change
  4954 | windows-firewall-group-policy-changed | configuration | change
  4964 | logged-in-special | iam | admin group | success
  5136 | directory-service-object-modified | iam configuration | admin change
  5137 | directory-service-object-created | iam configuration | admin creation
  5141 | directory-service-object-deleted | iam configuration | admin deletion
  5140 | network-share-object-accessed | network file | info access
  5142 | network-share-object-added | network file | info change
  5143 | network-share-object-modified | network file | info change
  5144 | network-share-object-deleted | network file | info deletion
  5145 | network-share-object-access-checked | network file | info access
  5024 | windows-firewall-service-started | process | start
  5025 | windows-firewall-service-stopped | process | end
  5033 | windows-firewall-driver-started | driver | start
  5034 | windows-firewall-driver-stopped | driver | end
  5037 | windows-firewall-driver-error | driver | end
  5031 | windows-firewall-inbound-connection-blocked | network | denied
  5148 5150 5151 5152 5153 | windows-firewall-packet-block | network | denied connection
  5154 | windows-firewall-listen-permitted | network | allowed
  5155 | windows-firewall-listen-blocked | network | denied
  5156 | windows-firewall-connection | network | allowed connection
  5157 | windows-firewall-connection-blocked | network | denied connection
  5158 | windows-firewall-bind-permitted | network | allowed
  5159 | windows-firewall-bind-blocked | network | denied
  6272 6278 | network-policy-server-access-granted | authentication | start | success
  6273 | network-policy-server-access-denied | authentication | start | failure
  6274 | network-policy-server-request-discarded | authentication | start | failure
  6416 | external-device-recognized | host | info
  `,
);

learn(
  "sysmon",
  `
  1 | Process creation | process | start
  2 | A process changed a file creation time | file | change
  3 | Network connection | network | start connection protocol
  4 | Sysmon service state changed | process | change
  5 | Process terminated | process | end
  6 | Driver loaded | driver | start
  7 | Image loaded | process | change
  8 | CreateRemoteThread | process | change
  9 | RawAccessRead | process | access
  10 | ProcessAccess | process | access
  11 | FileCreate | file | creation
  12 | RegistryEvent (Object create and delete) | configuration registry | change
  13 | RegistryEvent (Value Set) | configuration registry | change
  14 | RegistryEvent (Key and Value Rename) | configuration registry | change
  15 | FileCreateStreamHash | file | access
  16 | ServiceConfigurationChange | configuration | change
  17 | PipeEvent (Pipe Created) | file | creation
  18 | PipeEvent (Pipe Connected) | file | access
  19 | WmiEvent (WmiEventFilter activity detected) | configuration | change
  20 | WmiEvent (WmiEventConsumer activity detected) | configuration | change
  21 | WmiEvent (WmiEventConsumerToFilter activity detected) | configuration | change
  22 | DNSEvent (DNS query) | network | connection protocol info
  23 | FileDelete (File Delete archived) | file | deletion
  24 | ClipboardChange (New content in the clipboard) | process | change
  25 | ProcessTampering (Process image change) | process | change
  26 | FileDeleteDetected (File Delete logged) | file | deletion
  27 | FileBlockExecutable | file | creation | failure
  28 | FileBlockShredding | file | deletion | failure
  29 | FileExecutableDetected | file | creation
  255 | Error | process | error | failure
  `,
);

learn(
  "powershell",
  `
  4103 | Executing Pipeline | process | info
  4104 | Execute a Remote Command | process | info
  4105 | Starting Command | process | start
  4106 | Stopping Command | process | end
  `,
);

learn(
  "classic-powershell",
  `
  400 | Engine Lifecycle | process | start
  403 | Engine Lifecycle | process | end
  600 | Provider Lifecycle | process | info
  800 | Pipeline Execution Details | process | info
  `,
);

learn(
  "defender",
  `
  1006 1015 1116 | malware-detected | malware | info || 75
  1007 1117 | malware-action-taken | malware | info || 50
  1008 1118 1119 | malware-action-failed | malware | error | failure | 90
  1013 | malware-history-deleted | malware configuration | deletion || 50
  1121 | attack-surface-reduction-blocked | intrusion_detection | denied || 50
  1122 | attack-surface-reduction-audited | intrusion_detection | info || 40
  5001 | antivirus-real-time-protection-disabled | configuration | change || 75
  5004 | antivirus-real-time-protection-changed | configuration | change
  5007 | antivirus-configuration-changed | configuration | change
  5010 5012 | antivirus-scanning-disabled | configuration | change || 75
  5013 | antivirus-tamper-protection-blocked | configuration | denied || 75
  2000 | antivirus-updated | configuration | change | success
  2050 | file-uploaded | file | info
  1126 | network-protection-blocked | intrusion_detection network | denied || 50
  1125 | network-protection-audited | intrusion_detection network | info || 40
  2001 2003 | antivirus-update-failed | configuration | error | failure
  3002 | antivirus-real-time-protection-failed | configuration | error | failure | 60
  5008 | antivirus-engine-failed | process | error | failure | 60
  `,
);

learn(
  "system",
  `
  104 | event-log-cleared | iam | admin change | success | 75
  1074 | system-shutdown-initiated | host | end
  6005 | event-log-started | host | start
  6006 | event-log-stopped | host | end
  6008 41 | unexpected-shutdown | host | end | failure | 50
  7000 7009 7022 7023 7024 | service-failed | process | error | failure | 50
  7031 7034 | service-crashed | process | end | failure | 50
  7036 | service-state-changed | process | change
  7040 | service-start-type-changed | configuration | change
  7045 | service-installed | configuration | installation
  `,
);

learn(
  "tasks",
  `
  106 | scheduled-task-created | configuration | creation
  140 | scheduled-task-updated | configuration | change
  141 | scheduled-task-deleted | configuration | deletion
  142 | scheduled-task-disabled | configuration | change
  100 | scheduled-task-started | process | start
  102 | scheduled-task-completed | process | end | success
  103 203 | scheduled-task-action-failed | process | error | failure
  129 | scheduled-task-process-created | process | start
  200 | scheduled-task-action-started | process | start
  201 | scheduled-task-action-completed | process | end
  `,
);

learn(
  "sessions",
  `
  21 | logged-in | authentication session | start | success
  22 | session-shell-started | session | start
  23 | logged-out | authentication session | end | success
  24 | session-disconnected | authentication session | end
  25 | session-reconnected | authentication session | start | success
  39 40 | session-disconnected | session | end
  1149 | remote-connection-authenticated | authentication session | start | success
  `,
);

learn(
  "wmi",
  `
  5857 | wmi-provider-started | process | start
  5858 | wmi-query-failed | process | error | failure
  5859 | wmi-event-filter-registered | configuration | creation
  5860 | wmi-temporary-subscription | configuration | creation
  5861 | wmi-permanent-subscription | configuration | creation || 50
  `,
);

for (const [family, lines] of SMALLER_MEANINGS) learn(family, lines);
