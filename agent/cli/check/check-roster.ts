import type { LoadedConfig } from "../../../config/load.ts";
import { readRosters } from "../../../config/rosters/open-rosters.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { ROSTER_ROLES, type RosterRole } from "../../core/roster.ts";
import { firstHole } from "../../core/roster-hole.ts";
import type { Finding, Looked } from "./finding.ts";

const AHEAD_DAYS = 30;

/** Names the first hole of each roster within the next thirty days. */
export function checkRoster({ config }: Pick<LoadedConfig, "config">, now: Instant): Looked {
  const { rosters, facility } = config;
  if (rosters.length === 0) return { findings: [] };
  const book = readRosters(
    rosters.map(({ file, for: role }) => ({ file, role })),
    facility.time_zone,
  );
  const say = (at: Instant) =>
    new Intl.DateTimeFormat("en-CA", {
      timeZone: facility.time_zone,
      dateStyle: "short",
      timeStyle: "short",
      hourCycle: "h23",
    })
      .format(at / 1000)
      .replace(",", "");
  const findings = (Object.keys(ROSTER_ROLES) as RosterRole[]).flatMap((role): Finding[] => {
    const i = rosters.findIndex((roster) => roster.for === role);
    if (i < 0) return [];
    const until = now + AHEAD_DAYS * MICROSECONDS.day;
    const hole = firstHole(book, role, { from: now, until });
    if (hole === undefined) return [];
    const end = hole.until === until ? `for the rest of ${AHEAD_DAYS} days` : `to ${say(hole.until)}`;
    return [
      {
        // Who is on call now, or tomorrow, is called tonight; a hole in three weeks is still to be filled.
        level: hole.from < now + MICROSECONDS.day ? "problem" : "advice",
        code: "roster_hole",
        where: `rosters.${i}`,
        message: `nobody is on call for ${role} from ${say(hole.from)} ${end} (${facility.time_zone})`,
        remedy: `add who is to ${rosters[i]?.file ?? "the file"}; ${role === "on_call" ? "until then the delegates are called" : "until then every delegate is called"}`,
      },
    ];
  });
  return { findings };
}
