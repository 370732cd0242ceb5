import type { System } from "../../core/asset.ts";
import type { Instant } from "../../core/clock.ts";
import { holdsAt } from "../../core/fact.ts";
import type { Dependency } from "../../core/roster.ts";
import type { Work } from "../work.ts";

/** Systems that a fact which holds now is about, and those that cannot do without them. */
export function touchedSystems(
  works: Iterable<Pick<Work, "facts">>,
  systems: ReadonlyMap<string, Pick<System, "depends_on">>,
  now: Instant,
): Set<string> {
  const touched = new Set<string>();
  for (const { facts } of works)
    for (const fact of facts) if (fact.system !== null && holdsAt(fact, now)) touched.add(fact.system);
  for (let before = -1; before < touched.size; ) {
    before = touched.size;
    for (const [id, { depends_on }] of systems)
      if (!touched.has(id) && depends_on.some((each) => touched.has(each))) touched.add(id);
  }
  return touched;
}

/** Why a channel is not to be relied on now, in French: `dépend de la messagerie, touchée`; undefined when it is. */
export function touchedBy(
  dependencies: readonly Dependency[] | undefined,
  touched: ReadonlySet<string>,
): string | undefined {
  const hit = dependencies?.find(({ systems }) => systems.some((each) => touched.has(each)));
  return hit && `dépend ${of(hit.label)}, touché${hit.feminine ? "e" : ""}`;
}

function of(label: string): string {
  if (label.startsWith("le ")) return `du ${label.slice(3)}`;
  return /^(la |l')/.test(label) ? `de ${label}` : `${/^[aeiouyéèêh]/i.test(label) ? "d'" : "de "}${label}`;
}
