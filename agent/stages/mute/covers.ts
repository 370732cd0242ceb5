import { type Fact, MOST_SAYERS } from "../../core/fact.ts";
import { fits } from "../../core/index-systems.ts";
import type { Mute, SilenceCover } from "../../core/mute.ts";
import type { Dependencies } from "./dependencies.ts";

/** What of a fact a mute is about. */
type Covered = Pick<Fact, "system" | "subjects" | "rules" | "sources" | "origin">;

/** True when all that states a fact is what a silence or a window of works names, whatever the time. */
export function covers(mute: Mute, fact: Covered, dependencies: Dependencies): boolean {
  const { system } = fact;
  if (mute.kind === "silence") return isSilent(mute.covers, fact);
  if (system === null) return false;
  const { systems, dependents } = mute.covers;
  return (
    systems.includes(system) ||
    (dependents && dependencies.under(system).some((each) => systems.includes(each)))
  );
}

function isSilent({ system, host, rule, source }: SilenceCover, fact: Covered): boolean {
  return (
    (system === undefined || fact.system === system) &&
    (host === undefined || isEvery(fact.subjects, (each) => isHost(host, each))) &&
    (rule === undefined || isOnly(rulesOf(fact), rule)) &&
    (source === undefined || isOnly(fact.sources, source))
  );
}

/** The rules that state a fact; those of a fact of before they were counted are not all known. */
export function rulesOf({ rules, origin }: Pick<Fact, "rules" | "origin">): readonly string[] {
  return rules ?? (origin.by === "rule" ? [origin.rule] : []);
}

/** One more than is kept says that there were others. */
function isOnly(sayers: readonly string[] | undefined, one: string): boolean {
  return sayers !== undefined && sayers.length <= MOST_SAYERS && isEvery(sayers, (each) => each === one);
}

function isEvery<T>(list: readonly T[], holds: (each: T) => boolean): boolean {
  return list.length > 0 && list.every(holds);
}

/** A short name also names the host of a fully qualified one. */
function isHost(pattern: string, subject: string): boolean {
  const parts = pattern.toLowerCase().split("*");
  const name = subject.toLowerCase();
  const dot = /^[\d.]+$/.test(name) ? -1 : name.indexOf(".");
  return fits(parts, name) || (dot > 0 && fits(parts, name.slice(0, dot)));
}
