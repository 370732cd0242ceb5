import { type Site, SYSTEM_KINDS, type System, type SystemTraits } from "../../core/asset.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { duration } from "../../stages/french.ts";

/** What is said of a system beside itself: the places of the facility, and what the others are called. */
export interface SystemContext {
  sites: readonly Site[];
  names: ReadonlyMap<string, string>;
}

type Told = { holds: boolean; text: string };

/** A trait in words; one that does not hold is told where everything is. */
const TRAITS: { readonly [K in keyof SystemTraits]: (value: SystemTraits[K]) => Told } = {
  care_critical: (holds) => ({ holds, text: holds ? "nécessaire aux soins" : "pas nécessaire aux soins" }),
  health_data: (holds) => ({ holds, text: holds ? "données de santé" : "sans données de santé" }),
  shared: (holds) => ({
    holds,
    text: holds ? "sert aussi à d’autres établissements" : "ne sert qu’à l’établissement",
  }),
  trusted_by_others: (holds) => ({
    holds,
    text: holds
      ? "d’autres établissements lui font confiance"
      : "aucun autre établissement ne lui fait confiance",
  }),
  degraded_after_minutes: (minutes) => ({
    holds: true,
    text: minutes === 0 ? "son arrêt ne mène pas au papier" : `papier après ${told(minutes)} d’arrêt`,
  }),
  restore_within_minutes: (minutes) => ({ holds: true, text: `à rétablir en ${told(minutes)}` }),
};

function told(minutes: number): string {
  return duration(minutes * MICROSECONDS.minute).replace(/ 00$/, "");
}

/** One system as people read it: where it stands, whom it serves, and which of its settings nobody wrote. */
export function systemRow(system: System, { sites, names }: SystemContext) {
  const site = sites.find(({ id }) => id === system.site);
  const byDefault = new Set(system.by_default);
  const trait = <K extends keyof SystemTraits>(name: K) => ({
    ...TRAITS[name](system[name]),
    byDefault: byDefault.has(name),
  });
  return {
    id: system.id,
    name: system.name,
    kind: SYSTEM_KINDS[system.kind],
    site: site?.name ?? null,
    units: system.units,
    vendor: system.vendor === undefined ? null : { phone: null, ...system.vendor },
    traits: (Object.keys(TRAITS) as (keyof SystemTraits)[]).map(trait),
    hosts: system.hosts,
    services: system.services,
    cidrs: system.cidrs,
    needs: system.depends_on.map((id) => names.get(id) ?? id),
  };
}
