import type { Asset, System } from "../../agent/core/asset.ts";
import type { Problem } from "../../agent/core/errors.ts";
import { fits, indexNetworks, indexSystems } from "../../agent/core/index-systems.ts";
import { readAddress, readNetwork } from "../../agent/core/ip-network.ts";
import type { PlacedAsset } from "./asset-files.ts";
import { claimsOfAsset, claimsOfSystems, openClaims } from "./claims.ts";
import type { FoundHost } from "./found-hosts.ts";
import type { PlacementRule } from "./placement.ts";

/** The machines of an export with their systems, and what people have to look at. */
export interface Placed {
  assets: Asset[];
  /** Machines that two things give to two systems: they are kept without any. */
  conflicts: Problem[];
  /** Entries that name a system there is not. */
  problems: Problem[];
  /** Groups that no rule names, with how many machines each holds that found no system. */
  unknownGroups: { group: string; hosts: number }[];
}

/** What the configuration and the other inventories say already. */
export interface Known {
  systems: readonly System[];
  rules: readonly PlacementRule[];
  /** What other inventories hold. */
  others: readonly PlacedAsset[];
  /** Where in the configuration something stands. */
  whereOf: (path: readonly PropertyKey[]) => string;
}

/**
 * Finds the system of each machine: the one that the export names, else the one that the rules name, else the one that
 * claims its name or its address in the configuration. Rules are not ordered: two that disagree are a conflict.
 */
export function placeHosts(hosts: readonly FoundHost[], known: Known): Placed {
  const { systems, rules, others, whereOf } = known;
  const ids = new Set(systems.map(({ id }) => id));
  const matchers = rules.map((rule, i) => ({ rule, where: `assets.rules.${i}`, matches: matcherOf(rule) }));
  const index = indexSystems(systems);
  const claims = openClaims();
  for (const claim of claimsOfSystems(systems, whereOf)) claims.add(claim);
  for (const other of others) for (const claim of claimsOfAsset(other, other.where)) claims.add(claim);

  const placed: Placed = { assets: [], conflicts: [], problems: [], unknownGroups: [] };
  const groups = new Map<string, number>();
  for (const { where, ...host } of hosts) {
    if (host.system !== null && !ids.has(host.system)) {
      placed.problems.push({
        code: "system_unknown",
        where,
        message: `"${host.name}": no system "${host.system.slice(0, 63)}"`,
        remedy: `one of: ${[...ids].join(", ") || "(none is described)"}`,
      });
      continue;
    }
    const asset: Asset = { ...host };
    if (asset.system === null) {
      const found = matchers.filter(({ matches }) => matches(asset));
      const named = new Set(found.map(({ rule }) => rule.system));
      if (named.size > 1) {
        const said = found.map(({ rule, where }) => `${where} gives it to "${rule.system}"`);
        placed.conflicts.push({
          code: "rules_disagree",
          where,
          message: `"${host.name}": ${said.slice(0, 4).join(", ")}`,
          remedy: "narrow one of these rules, or name the system in the export",
        });
      } else {
        const names = [asset.name, ...asset.aliases, ...asset.addresses];
        asset.system = found[0]?.rule.system ?? firstOf(names, index.find) ?? null;
      }
    }
    for (const claim of claimsOfAsset(asset, () => where)) {
      const earlier = claims.of(claim.text);
      if (earlier === undefined || earlier.system === claim.system) continue;
      placed.conflicts.push({
        code: "host_claimed_twice",
        where,
        message: `"${claim.text}" would go to "${claim.system}", and "${earlier.system}" claims it at ${earlier.where()}`,
        remedy: "correct the rule, or take it away there; until then the machine is kept without a system",
      });
      asset.system = null;
      break;
    }
    for (const claim of claimsOfAsset(asset, () => where)) claims.add(claim);
    if (asset.system === null)
      for (const group of asset.groups) groups.set(group, (groups.get(group) ?? 0) + 1);
    placed.assets.push(asset);
  }
  const words = rules.flatMap((rule) => (rule.groups ?? []).map(partsOf));
  placed.unknownGroups = [...groups]
    .filter(([group]) => !words.some((parts) => fits(parts, group.toLowerCase())))
    .map(([group, hosts]) => ({ group, hosts }))
    .sort((a, b) => b.hosts - a.hosts || (a.group < b.group ? -1 : 1));
  return placed;
}

/** What an import would change of an inventory, by the names of machines. */
export interface AssetChanges {
  added: Asset[];
  changed: { before: Asset; after: Asset; what: (keyof Asset)[] }[];
  gone: Asset[];
  same: number;
}

export function compareAssets(before: readonly Asset[], after: readonly Asset[]): AssetChanges {
  const earlier = new Map(before.map((asset) => [asset.name.toLowerCase(), asset]));
  const changes: AssetChanges = { added: [], changed: [], gone: [], same: 0 };
  for (const asset of after) {
    const old = earlier.get(asset.name.toLowerCase());
    earlier.delete(asset.name.toLowerCase());
    if (old === undefined) changes.added.push(asset);
    else {
      const what = KEYS.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(asset[key]));
      if (what.length === 0) changes.same++;
      else changes.changed.push({ before: old, after: asset, what });
    }
  }
  changes.gone.push(...earlier.values());
  return changes;
}

const KEYS = ["name", "aliases", "addresses", "system", "groups", "location"] as const;

/** The text of an inventory's file: one machine a line, in the order of their names. */
export function assetFileText(from: string, assets: readonly Asset[]): string {
  const lines = assets
    .toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
    .map((asset) => {
      const kept = KEYS.filter((key) => asset[key] !== null && asset[key].length > 0);
      return `  - ${JSON.stringify(Object.fromEntries(kept.map((key) => [key, asset[key]])))}`;
    });
  return `# Written by \`tocsin assets import --from ${from}\`: import again rather than correct it here.
from: ${from}
hosts:${lines.length === 0 ? " []" : `\n${lines.join("\n")}`}
`;
}

const partsOf = (pattern: string) => pattern.toLowerCase().split("*");

function matcherOf({ names, groups, locations, cidrs }: PlacementRule): (asset: Asset) => boolean {
  const networks = indexNetworks();
  for (const cidr of cidrs ?? []) {
    const network = readNetwork(cidr);
    if (network !== undefined) networks.add(network, "");
  }
  const [byName, byGroup, byLocation] = [names, groups, locations].map((list) => list?.map(partsOf));
  const any = (patterns: readonly string[][] | undefined, texts: readonly string[]) =>
    patterns === undefined || texts.some((text) => patterns.some((parts) => fits(parts, text.toLowerCase())));
  return ({ name, aliases, addresses, groups, location }) =>
    any(byName, [name, ...aliases]) &&
    any(byGroup, groups) &&
    any(byLocation, location === null ? [] : [location]) &&
    (cidrs === undefined ||
      addresses.some((text) => {
        const address = readAddress(text);
        return address !== undefined && networks.find(address) !== undefined;
      }));
}

function firstOf(names: readonly string[], find: (name: string) => string | undefined): string | undefined {
  for (const name of names) {
    const found = find(name);
    if (found !== undefined) return found;
  }
  return undefined;
}
