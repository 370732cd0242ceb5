import { NOTIFIERS } from "../connectors/ways-out.ts";
import type { Tell } from "./check-surroundings.ts";
import { DEPENDENCY_WORDS } from "./notify.ts";
import { readRosters } from "./rosters/open-rosters.ts";
import type { Config } from "./schema.ts";

/** True for a channel that reaches a person by their own contact: nothing else is its target. */
export function reachesOf(channel: Config["notify"][number]): "email" | "phone" | undefined {
  const connector = NOTIFIERS.find(({ name }) => name === channel.connector);
  return channel.settings.to === undefined ? connector?.reaches : undefined;
}

/** Tells what of channels and rosters does not go together; `absolute` resolves a path of the configuration. */
export function checkNotify(config: Config, absolute: (path: string) => string, tell: Tell): void {
  const systems = new Set(config.systems.map(({ id }) => id));
  const unknown = (path: PropertyKey[], id: string, remedy: string) =>
    tell(path, "system_unknown", `no system "${id}"`, remedy);
  for (const [word, ids] of Object.entries(config.dependencies))
    for (const [i, id] of ids.entries())
      if (!systems.has(id)) unknown(["dependencies", word, i], id, "name one of systems[].id");
  for (const [i, channel] of config.notify.entries()) {
    for (const [j, name] of channel.depends_on.entries()) {
      const path = ["notify", i, "depends_on", j];
      const word = Object.hasOwn(DEPENDENCY_WORDS, name)
        ? (name as keyof typeof DEPENDENCY_WORDS)
        : undefined;
      if (word === undefined && !systems.has(name))
        unknown(path, name, `name a system, or one of: ${Object.keys(DEPENDENCY_WORDS).join(", ")}`);
      if (word !== undefined && config.dependencies[word].length === 0)
        tell(
          path,
          "dependency_empty",
          `nothing says which systems "${name}" is`,
          `give dependencies.${name}`,
        );
    }
    if (reachesOf(channel) === undefined) continue;
    const covered = channel.for.filter((role) => role !== "rssi");
    // Who approves another duty is known by their account.
    if (config.rosters.length === 0 && channel.for.some((role) => role !== "dpo"))
      tell(
        ["notify", i, "settings", "to"],
        "nobody_named",
        `${channel.connector} has nobody to reach`,
        "give settings.to, or rosters of who is on call",
      );
    else if (covered.length < channel.for.length)
      tell(
        ["notify", i, "for"],
        "nobody_named",
        "no roster tells who the RSSI is",
        "give settings.to for the RSSI, in a channel of its own",
      );
  }
  for (const [i, roster] of config.rosters.entries()) {
    const book = readRosters([{ file: absolute(roster.file), role: roster.for }], config.facility.time_zone);
    for (const problem of book.problems)
      tell(["rosters", i, "file"], problem.code, `${problem.where}: ${problem.message}`, problem.remedy);
    if (
      !config.notify.some((channel) => reachesOf(channel) !== undefined && channel.for.includes(roster.for))
    )
      tell(
        ["rosters", i, "for"],
        "roster_unheard",
        `no channel reaches a person for ${roster.for}`,
        `add a channel (email, sms, voice, modem-spool) without settings.to, for: [${roster.for}]`,
      );
  }
}
