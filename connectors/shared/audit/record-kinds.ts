import type { Happening } from "../bodies/tell.ts";

/**
 * What the kinds of audit records mean: the kind, the action as auditbeat names it, then ECS categories and types.
 *
 * Kinds and what they are for: include/uapi/linux/audit.h and audit-userspace's audit-records.h.
 */
const LINES = `
USER_LOGIN logged-in authentication start
USER_LOGOUT logged-out authentication,session end
USER_AUTH authenticated authentication info
USER_ACCT was-authorized authentication info
USER_ERR error authentication info
USER_START started-session session start
USER_END ended-session session end
USER_CHAUTHTOK changed-password iam user,change
USER_MGMT modified-user-account iam user,change
USER_ROLE_CHANGE changed-role-to iam user,change
USER_CMD ran-command process start
USER_TTY typed process info
TTY typed process info
USER_AVC access-permission process info
USER_SELINUX_ERR access-error process error
USER_MAC_POLICY_LOAD loaded-mac-policy configuration access
USER_MAC_CONFIG_CHANGE changed-mac-configuration configuration change
CRED_ACQ acquired-credentials authentication info
CRED_DISP disposed-credentials authentication info
CRED_REFR refreshed-credentials authentication info
LOGIN changed-login-id-to authentication start
GRP_AUTH authenticated-to-group authentication info
ACCT_LOCK locked-account iam user,change
ACCT_UNLOCK unlocked-account iam user,change
ADD_USER added-user-account iam user,creation
DEL_USER deleted-user-account iam user,deletion
ADD_GROUP added-group-account-to iam group,creation
DEL_GROUP deleted-group-account-from iam group,deletion
GRP_MGMT modified-group-account iam group,change
GRP_CHAUTHTOK changed-group-password iam group,change
ROLE_ASSIGN assigned-user-role-to iam user,change
ROLE_MODIFY modified-role iam change
ROLE_REMOVE removed-user-role-from iam user,change
CHGRP_ID changed-group process change
CHUSER_ID changed-user-id process change
EXECVE executed process start
PROCTITLE proctitle process info
CWD cwd process info
PATH path file info
SYSCALL syscall process info
SOCKADDR sockaddr network info
OBJ_PID obj-pid process info
BPRM_FCAPS bprm-fcaps process info
CAPSET capset process change
MMAP mmap process info
KERN_MODULE loaded-kernel-module driver start
SECCOMP violated-seccomp-policy process denied
NETFILTER_CFG loaded-firewall-rule-to configuration change
NETFILTER_PKT netfilter-packet network connection
SERVICE_START started-service process start
SERVICE_STOP stopped-service process end
SYSTEM_BOOT booted-system host start
SYSTEM_SHUTDOWN shutdown-system host end
SYSTEM_RUNLEVEL changed-to-runlevel host change
SOFTWARE_UPDATE package-updated package change
CONFIG_CHANGE changed-audit-configuration configuration change
FEATURE_CHANGE changed-audit-feature configuration change
USYS_CONFIG changed-configuration configuration change
DAEMON_START started-audit process start
DAEMON_END shutdown-audit process end
DAEMON_ABORT aborted-auditd-startup process end
DAEMON_CONFIG changed-auditd-configuration configuration change
DAEMON_RECONFIG reconfigured-auditd configuration change
DAEMON_RESUME resumed-audit-logging process change
DAEMON_ROTATE rotated-audit-logs process change
DAEMON_ERR audit-error process error
DAEMON_ACCEPT remote-audit-connected network connection,start
DAEMON_CLOSE remote-audit-disconnected network connection,end
KERNEL initialized-audit-subsystem process start
AVC violated-selinux-policy process denied
SELINUX_ERR caused-mac-policy-error process error
MAC_STATUS changed-selinux-enforcement configuration change
MAC_POLICY_LOAD loaded-selinux-policy configuration access
MAC_CONFIG_CHANGE changed-selinux-boolean configuration change
MAC_CHECK mac-permission process info
MAC_IPSEC_EVENT mac-ipsec-event network info
APPARMOR_DENIED violated-apparmor-policy process denied
APPARMOR_ALLOWED apparmor-allowed process allowed
APPARMOR_AUDIT apparmor-audit process info
APPARMOR_STATUS apparmor-status configuration change
APPARMOR_ERROR apparmor-error process error
INTEGRITY_DATA integrity-data file info
INTEGRITY_METADATA integrity-metadata file info
INTEGRITY_RULE integrity-rule file info
FANOTIFY fanotify file info
CRYPTO_SESSION started-crypto-session network,session start
CRYPTO_KEY_USER negotiated-crypto-key process info
CRYPTO_LOGIN crypto-officer-logged-in authentication start
CRYPTO_LOGOUT crypto-officer-logged-out authentication end
CRYPTO_FAILURE_USER crypto-failure process error
CRYPTO_REPLAY_USER crypto-replay intrusion_detection info
VIRT_CONTROL issued-vm-control host change
VIRT_CREATE created-vm-image host creation
VIRT_DESTROY deleted-vm-image host deletion
VIRT_MACHINE_ID assigned-vm-id host info
VIRT_RESOURCE assigned-vm-resource host info
ANOM_ABEND crashed-program process end
ANOM_PROMISCUOUS changed-promiscuous-mode-on-device network info
ANOM_LOGIN_FAILURES failed-log-in-too-many-times-to authentication info
ANOM_LOGIN_LOCATION attempted-log-in-from-unusual-place-to authentication info
ANOM_LOGIN_SESSIONS opened-too-many-sessions-to authentication info
ANOM_LOGIN_TIME attempted-log-in-during-unusual-hour-to authentication info
ANOM_LOGIN_ACCT attempted-log-in-to-watched-account authentication info
ANOM_LOGIN_SERVICE attempted-log-in-to-service-account authentication info
ANOM_EXEC attempted-execution-of-forbidden-program process start
ANOM_MK_EXEC made-executable file change
ANOM_ACCESS_FS accessed-forbidden-file file access
ANOM_ADD_ACCT added-user-account iam user,creation
ANOM_DEL_ACCT deleted-user-account iam user,deletion
ANOM_MOD_ACCT modified-user-account iam user,change
ANOM_ROOT_TRANS became-root iam user,change
ANOM_LINK used-suspicious-link file info
ANOM_CREAT used-suspicious-file file info
ANOM_RBAC_INTEGRITY_FAIL tested-file-system-integrity-of file error
`;

const KINDS = new Map(
  LINES.trim()
    .split("\n")
    .map((line): [string, Happening] => {
      const [kind = "", action = "", category = "", type = ""] = line.split(" ");
      return [kind, { action, category: category.split(","), type: type.split(",") }];
    }),
);

/** What a kind of record means; a kind that is not known here is its own action. */
export function recordKind(kind: string): Happening | undefined {
  return KINDS.get(kind);
}

/** Kinds that the kernel's own log writes as numbers. */
const NUMBERS: Readonly<Record<string, string>> = {
  1005: "USER",
  1100: "USER_AUTH",
  1101: "USER_ACCT",
  1102: "USER_MGMT",
  1103: "CRED_ACQ",
  1104: "CRED_DISP",
  1105: "USER_START",
  1106: "USER_END",
  1107: "USER_AVC",
  1108: "USER_CHAUTHTOK",
  1109: "USER_ERR",
  1110: "CRED_REFR",
  1111: "USYS_CONFIG",
  1112: "USER_LOGIN",
  1113: "USER_LOGOUT",
  1114: "ADD_USER",
  1115: "DEL_USER",
  1116: "ADD_GROUP",
  1117: "DEL_GROUP",
  1123: "USER_CMD",
  1127: "SYSTEM_BOOT",
  1128: "SYSTEM_SHUTDOWN",
  1130: "SERVICE_START",
  1131: "SERVICE_STOP",
  1300: "SYSCALL",
  1302: "PATH",
  1305: "CONFIG_CHANGE",
  1306: "SOCKADDR",
  1307: "CWD",
  1309: "EXECVE",
  1325: "NETFILTER_CFG",
  1326: "SECCOMP",
  1327: "PROCTITLE",
  1330: "KERN_MODULE",
  1334: "BPF",
  1400: "AVC",
  1401: "SELINUX_ERR",
  1403: "MAC_POLICY_LOAD",
  1404: "MAC_STATUS",
  1700: "ANOM_PROMISCUOUS",
  1701: "ANOM_ABEND",
  2000: "KERNEL",
};

/** The name of a kind that may be written as its number. */
export function kindName(kind: string): string {
  return Object.hasOwn(NUMBERS, kind) ? (NUMBERS[kind] as string) : kind;
}

const CALLS: readonly (Happening & { calls: string })[] = [
  { calls: "execve execveat", action: "executed", category: ["process"], type: ["start"] },
  { calls: "creat", action: "opened-file", category: ["file"], type: ["creation"] },
  {
    calls: "open openat openat2 readlink readlinkat",
    action: "opened-file",
    category: ["file"],
    type: ["info"],
  },
  { calls: "truncate ftruncate fallocate", action: "opened-file", category: ["file"], type: ["change"] },
  { calls: "unlink unlinkat rmdir", action: "deleted", category: ["file"], type: ["deletion"] },
  { calls: "rename renameat renameat2", action: "renamed", category: ["file"], type: ["change"] },
  { calls: "mkdir mkdirat", action: "created-directory", category: ["file"], type: ["creation"] },
  { calls: "symlink symlinkat link linkat", action: "symlinked", category: ["file"], type: ["creation"] },
  { calls: "mknod mknodat", action: "make-device", category: ["file"], type: ["creation"] },
  { calls: "mount", action: "mounted", category: ["file"], type: ["creation"] },
  { calls: "umount umount2", action: "unmounted", category: ["file"], type: ["deletion"] },
  {
    calls: "chmod fchmod fchmodat",
    action: "changed-file-permissions-of",
    category: ["file"],
    type: ["change"],
  },
  {
    calls: "chown fchown lchown fchownat",
    action: "changed-file-ownership-of",
    category: ["file"],
    type: ["change"],
  },
  {
    calls: "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr",
    action: "changed-file-attributes-of",
    category: ["file"],
    type: ["change"],
  },
  {
    calls: "init_module finit_module",
    action: "loaded-kernel-module",
    category: ["driver"],
    type: ["start"],
  },
  { calls: "delete_module", action: "unloaded-kernel-module", category: ["driver"], type: ["end"] },
  { calls: "connect", action: "connected-to", category: ["network"], type: ["connection", "start"] },
  {
    calls: "accept accept4",
    action: "accepted-connection-from",
    category: ["network"],
    type: ["connection", "start"],
  },
  { calls: "bind", action: "bound-socket", category: ["network"], type: ["start"] },
  { calls: "listen", action: "listen-for-connections", category: ["network"], type: ["start"] },
  {
    calls: "sendto sendmsg sendmmsg",
    action: "sent-to",
    category: ["network"],
    type: ["connection", "info"],
  },
  {
    calls: "recvfrom recvmsg recvmmsg",
    action: "received-from",
    category: ["network"],
    type: ["connection", "info"],
  },
  { calls: "kill tkill tgkill", action: "killed-pid", category: ["process"], type: ["end"] },
  {
    calls: "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid",
    action: "changed-identity-of",
    category: ["process"],
    type: ["change"],
  },
  {
    calls: "settimeofday clock_settime stime adjtimex clock_adjtime",
    action: "changed-system-time",
    category: ["host"],
    type: ["change"],
  },
  { calls: "sethostname setdomainname", action: "changed-system-name", category: ["host"], type: ["change"] },
];

const MEANINGS = new Map(CALLS.flatMap((row) => row.calls.split(" ").map((call) => [call, row] as const)));

/** What a system call does, as auditbeat names it. */
export function callMeaning(call: string): Happening | undefined {
  return MEANINGS.get(call);
}
