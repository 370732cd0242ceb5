import { byName } from "../../shared/by-name.ts";
import { type Common, type CommonRole, commonRolesOf, takeCommon } from "../../shared/common-names.ts";
import type { Draft } from "../../shared/draft.ts";
import type { JsonObject } from "../../shared/json.ts";
import { walkJson } from "../../shared/walk-json.ts";
import { isSystemName } from "../../shared/windows/event-names.ts";

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

/**
 * Windows names as Windows and Sigma write them, without their path; Wazuh writes their first letter small. A datum of
 * a name of System keeps its path.
 */
function fieldOf(path: string): string | undefined {
  // An agent's own event has no `data` around it.
  const own = path.startsWith("data.") ? path.slice("data.".length) : path;
  const data = own.startsWith("win.eventdata.");
  if (!data && !own.startsWith("win.system.")) return undefined;
  const name = own.slice(data ? "win.eventdata.".length : "win.system.".length);
  // `param1` is as Windows writes it.
  if (/^param\d{1,3}$/.test(name)) return name;
  const written =
    (data ? undefined : WINDOWS_NAMES.get(name)) ?? name.charAt(0).toUpperCase() + name.slice(1);
  return data && isSystemName(written) ? undefined : written;
}

const fieldOfDatum = byName(4096, (name) => fieldOf(`win.eventdata.${name}`) ?? name);

/**
 * Undoes what Wazuh's agent does to the texts of an event: it doubles each backslash once more than JSON does. An event
 * of which one backslash stands alone came otherwise, and is left as it is.
 */
export function undouble({ fields }: Draft, eventdata: JsonObject): void {
  const doubled: [field: string, value: string][] = [];
  for (const name in eventdata) {
    const field = fieldOfDatum(name);
    const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (typeof value !== "string" || !value.includes("\\")) continue;
    if (!inPairs(value)) return;
    doubled.push([field, value]);
  }
  for (const [field, value] of doubled) fields[field] = value.replaceAll("\\\\", "\\");
}

function inPairs(text: string): boolean {
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", at + 2)) {
    // A long text may have been cut between the two.
    if (at + 1 < text.length && text[at + 1] !== "\\") return false;
  }
  return true;
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
  "acct",
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
