import { type Common, type CommonRole, commonRolesOf, takeCommon } from "../../shared/common-names.ts";
import { walkJson } from "../../shared/walk-json.ts";

/** Names of the Windows event system whose capital is not just the first letter. */
const WINDOWS_NAMES = new Map([
  ["eventID", "EventID"],
  ["providerName", "Provider_Name"],
  ["providerGuid", "Provider_Guid"],
  ["eventSourceName", "Provider_EventSourceName"],
  ["systemTime", "TimeCreated_SystemTime"],
  ["processID", "Execution_ProcessID"],
  ["threadID", "Execution_ThreadID"],
  ["eventRecordID", "EventRecordID"],
]);

/** Windows names as Windows and Sigma write them, without their path; Wazuh writes their first letter small. */
function fieldOf(path: string): string | undefined {
  const data = path.startsWith("data.win.eventdata.");
  if (!data && !path.startsWith("data.win.system.")) return undefined;
  const name = path.slice(data ? "data.win.eventdata.".length : "data.win.system.".length);
  // `param1` is as Windows writes it.
  if (/^param\d{1,3}$/.test(name)) return name;
  return (data ? undefined : WINDOWS_NAMES.get(name)) ?? name.charAt(0).toUpperCase() + name.slice(1);
}

/** Slots that the alert itself tells, whatever decoders call their data. */
const TOLD = ["time", "host", "message", "severity", "state", "rule", "process", "pid", "status"] as const;

/** What decoders call their data, at the top of an alert of the short form too. */
function roleOf(path: string): CommonRole[] | undefined {
  const name = path.startsWith("data.") ? path.slice(5) : path;
  if (name.includes(".")) return undefined;
  return name === path && !SHORT.has(name) ? undefined : commonRolesOf(name, TOLD);
}

const SHORT = new Set([
  "src_ip",
  "dst_ip",
  "src_port",
  "dst_port",
  "src_user",
  "dst_user",
  "srcip",
  "dstip",
  "user",
  "protocol",
  "action",
]);

/** Writes every scalar of an alert, and keeps what its decoder's data commonly mean. */
export const walkAlert = walkJson<CommonRole[] | "message", Common>({
  ecs: false,
  fieldOf,
  roleOf: (path) => (path === "full_log" || path === "timestamp" ? "message" : roleOf(path)),
  found: (common, role, value, context) => {
    // The message and the time stand at their places in ECS.
    if (role === "message") return typeof value === "string";
    takeCommon(common, role, value, context);
    return false;
  },
});
