import type { Draft } from "../draft.ts";
import { readSaying, saying } from "./read-saying.ts";

const UNIT = String.raw`(?<service>[\w@:.\\-]{1,255}\.(?:service|socket|mount|timer|scope|slice|target|path|swap|automount))`;
const of = (pattern: string) => new RegExp(pattern.replaceAll("UNIT", UNIT));

/** Texts of systemd's manager; since version 250 a unit's name precedes its description. */
const SAYINGS = [
  saying(of("^UNIT: Main process exited, (?<reason>.{1,512})$"), "service_exited", "process", "end"),
  saying(
    of("^UNIT: Failed with result '(?<reason>[^']{1,256})'"),
    "service_failed",
    "process",
    "end",
    "failure",
  ),
  saying(
    of("^UNIT: (?<reason>Unit entered failed state|Start request repeated too quickly)"),
    "service_failed",
    "process",
    "end",
    "failure",
  ),
  saying(
    of("^UNIT: (?:Succeeded|Deactivated successfully)\\.$"),
    "service_stopped",
    "process",
    "end",
    "success",
  ),
  saying(of("^UNIT: (?<reason>Scheduled restart job.{0,256})$"), "service_restarting", "process", "info"),
  saying(
    of("^UNIT: (?<reason>A process of this unit has been killed by the OOM killer.{0,64})$"),
    "oom_kill",
    "process",
    "end",
  ),
  saying(of("^UNIT: (?<reason>.{1,1024})$"), "service_info", "process", "info"),
  saying(
    of("^Failed to start (?:UNIT(?: - |\\.$))?(?<description>.{0,512})$"),
    "service_start",
    "process",
    "start",
    "failure",
  ),
  saying(
    /^Started Session (?<session>\S{1,64}) of [Uu]ser (?<user>\S{1,256}?)\.$/,
    "session_opened",
    "session",
    "start",
    "success",
  ),
  saying(
    of(
      "^(?:Started|Listening on|Mounted|Finished|Reached target|Reloaded) (?:UNIT(?: - |\\.$))?(?<description>.{0,512})$",
    ),
    "service_start",
    "process",
    "start",
    "success",
  ),
  saying(
    of("^(?:Starting|Reloading) (?:UNIT(?: - |\\.$))?(?<description>.{0,512})$"),
    "service_starting",
    "process",
    "info",
  ),
  saying(
    of("^(?:Stopped|Closed|Unmounted|Removed slice) (?:UNIT(?: - |\\.$))?(?<description>.{0,512})$"),
    "service_stop",
    "process",
    "end",
    "success",
  ),
  saying(
    of("^Stopping (?:UNIT(?: - |\\.$))?(?<description>.{0,512})$"),
    "service_stopping",
    "process",
    "info",
  ),
];

/** Reads what systemd says of its units. */
export const readSystemd = (draft: Draft, message: string): void => {
  readSaying(draft, SAYINGS, message);
};

const LOGIND = [
  saying(
    /^New session '?(?<session>[^\s']{1,64})'? of user '?(?<user>[^\s']{1,256}?)'?(?: with class '(?<class>[^']{1,32})' and type '(?<type>[^']{1,32})')?\.$/,
    "session_opened",
    "session",
    "start",
    "success",
  ),
  saying(/^Session '?(?<session>[^\s']{1,64}?)'? logged out\./, "session_closed", "session", "end"),
  saying(/^Removed session '?(?<session>[^\s']{1,64}?)'?\.$/, "session_closed", "session", "end", "success"),
  saying(
    /^(?<reason>(?:Power|Suspend) key pressed.{0,64}|System is (?:powering down|rebooting|halting).{0,64})$/,
    "system_stopping",
    "host",
    "end",
  ),
];

/** Reads what systemd-logind says of sessions. */
export const readLogind = (draft: Draft, message: string): void => {
  readSaying(draft, LOGIND, message);
};
