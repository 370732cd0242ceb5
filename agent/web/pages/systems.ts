import { Router } from "express";
import type { Asset, Site, System } from "../../core/asset.ts";
import { type Gate, personWho } from "../gate.ts";
import { systemRow } from "./system-row.ts";

/** Hosts, services and networks listed of one system. */
const LISTED = 40;

/** The facility's systems as Tocsin understands them: for whoever described them to read over. */
export function systemsPage(parts: {
  systems: readonly System[];
  sites: readonly Site[];
  assets: readonly Pick<Asset, "system">[];
  gate: Gate;
}): Router {
  const { systems, sites, assets, gate } = parts;
  const names = new Map(systems.map(({ id, name }) => [id, name]));
  const machines = Map.groupBy(assets, ({ system }) => system);
  const needed = (id: string) => systems.filter(({ depends_on }) => depends_on.includes(id));
  const rows = systems.map((system) => {
    const row = systemRow(system, { sites, names });
    const claims = [...row.hosts, ...row.services, ...row.cidrs];
    return {
      ...row,
      neededBy: needed(system.id).map(({ name }) => name),
      machines: machines.get(system.id)?.length ?? 0,
      claims: claims.slice(0, LISTED),
      more: Math.max(0, claims.length - LISTED),
      defaults: system.by_default.length,
    };
  });
  // Places in the order of the configuration; what stands nowhere comes last.
  const places = [...sites.map(({ id, name, address }) => ({ id, name, address })), null];
  const groups = places
    .map((place) => ({
      name: place?.name ?? (sites.length === 0 ? null : "Sans site"),
      address: place?.address ?? "",
      rows: rows.filter((_, i) => (systems[i]?.site ?? null) === (place?.id ?? null)),
    }))
    .filter((group) => group.rows.length > 0);
  const summary = {
    systems: systems.length,
    machines: assets.filter(({ system }) => system !== null).length,
    unplaced: assets.filter(({ system }) => system === null).length,
    withDefaults: rows.filter(({ defaults }) => defaults > 0).length,
    unclaimed: rows.filter(({ claims, machines }) => claims.length + machines === 0).length,
  };
  const router = Router({ mergeParams: true });
  router.get("/systemes", (request, response) => {
    personWho(response, "read");
    gate.render(request, response, {
      view: "systems",
      title: "Applications et services",
      model: { groups, summary },
    });
  });
  return router;
}
