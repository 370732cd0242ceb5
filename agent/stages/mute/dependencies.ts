import { type System, UNDER_ALL } from "../../core/asset.ts";

/** Stands for the hosts that no system claims. */
export const UNDESCRIBED = "";

/** What stands on what, however far. */
export interface Dependencies {
  /** The systems without which one does not work; itself is none of them. */
  under(system: string): readonly string[];
  /** The systems that do not work without one. */
  above(system: string): readonly string[];
}

/** Follows `depends_on` to its end; hosts that nobody described stand on what all stand on. */
export function dependenciesOf(systems: Iterable<System>): Dependencies {
  const all = [...systems];
  const direct = new Map<string, readonly string[]>(all.map(({ id, depends_on }) => [id, depends_on]));
  direct.set(
    UNDESCRIBED,
    all.filter(({ kind }) => UNDER_ALL.has(kind)).map(({ id }) => id),
  );
  const under = new Map<string, string[]>();
  const above = new Map<string, string[]>();
  for (const id of direct.keys()) {
    const found = new Set<string>();
    const next = [...(direct.get(id) ?? [])];
    for (let one = next.pop(); one !== undefined; one = next.pop()) {
      // Two systems that need each other are under neither.
      if (one === id || found.has(one)) continue;
      found.add(one);
      next.push(...(direct.get(one) ?? []));
    }
    under.set(id, [...found]);
    for (const each of found) above.set(each, [...(above.get(each) ?? []), id]);
  }
  return { under: (system) => under.get(system) ?? [], above: (system) => above.get(system) ?? [] };
}
