import { SEVERITY_NAMES } from "../severity.ts";

/** Facility names of syslog.h, by code. */
export const FACILITY_NAMES = [
  "kern",
  "user",
  "mail",
  "daemon",
  "auth",
  "syslog",
  "lpr",
  "news",
  "uucp",
  "cron",
  "authpriv",
  "ftp",
  "ntp",
  "audit",
  "alert",
  "clock",
  "local0",
  "local1",
  "local2",
  "local3",
  "local4",
  "local5",
  "local6",
  "local7",
] as const;

const FACILITIES = new Map<string, number>([
  ...FACILITY_NAMES.map((name, code) => [name, code] as const),
  ["kernel", 0],
  ["system", 3],
  ["security", 4],
  ["security1", 4],
  ["security2", 10],
  ["console", 14],
]);
const SEVERITIES = new Map<string, number>([
  ...SEVERITY_NAMES.map((name, code) => [name, code] as const),
  ["emerg", 0],
  ["panic", 0],
  ["crit", 2],
  ["err", 3],
  ["warn", 4],
  ["info", 6],
]);

/** The code of a severity's name, long or short; undefined when the word is none. */
export function severityNamed(word: string): number | undefined {
  return word.length > 13 ? undefined : SEVERITIES.get(word.toLowerCase());
}

/** The priority that `local4.warning` names; undefined when it is not a facility and a severity. */
export function priorityOf(word: string): number | undefined {
  const point = word.indexOf(".");
  if (point < 3 || point > 9 || word.length > 24) return undefined;
  const facility = FACILITIES.get(word.slice(0, point).toLowerCase());
  const severity = severityNamed(word.slice(point + 1));
  return facility === undefined || severity === undefined ? undefined : facility * 8 + severity;
}
