import type { Asset, System } from "../../agent/core/asset.ts";
import { indexNetworks, type NetworkIndex } from "../../agent/core/index-systems.ts";
import { type IpNetwork, readNetwork } from "../../agent/core/ip-network.ts";

/** A name or network that a system claims, and where that is written. */
export interface Claim {
  kind: "name" | "network";
  /** As written. */
  text: string;
  system: string;
  where: () => string;
  /** In the configuration; undefined when an inventory says it. */
  path?: PropertyKey[];
}

/** A network inside another one, of another system: the longer prefix wins. */
export interface Nesting {
  inner: Claim;
  outer: Claim;
}

/** What systems and inventories claim, each thing with its first claim. */
export interface Claims {
  /** Adds a claim; returns the earlier one of another system when there is one, and then keeps that. */
  add(claim: Claim): Claim | undefined;
  /** The claim of the same thing, whoever's. */
  of(text: string): Claim | undefined;
  /** Networks that lie inside one of another system, each with the narrowest of those. */
  nestings(): Nesting[];
}

export function openClaims(): Claims {
  const taken = new Map<string, Claim>();
  const networks: { claim: Claim; network: IpNetwork }[] = [];
  const index: NetworkIndex = indexNetworks();
  return {
    add(claim) {
      const key = keyOf(claim);
      const earlier = taken.get(key);
      if (earlier !== undefined) return earlier.system === claim.system ? undefined : earlier;
      taken.set(key, claim);
      const network = claim.kind === "network" ? readNetwork(claim.text) : undefined;
      if (network !== undefined) {
        networks.push({ claim, network });
        index.add(network, key);
      }
      return undefined;
    },
    of: (text) => taken.get(keyOf({ text })),
    nestings: () =>
      networks.flatMap(({ claim, network }) => {
        const around = index.find(network, network.prefix);
        const outer = around === undefined ? undefined : taken.get(around.system);
        return outer === undefined || outer.system === claim.system ? [] : [{ inner: claim, outer }];
      }),
  };
}

/** One key for the same thing in other words: case, bits beyond the prefix, the spellings of IPv6. */
function keyOf({ text }: Pick<Claim, "text">): string {
  // An address alone is a network of one, also where it stands for a name.
  const network = readNetwork(text);
  return network === undefined
    ? `name ${text.toLowerCase()}`
    : `network ${network.bits} ${network.value}/${network.prefix}`;
}

/** What the systems of a configuration claim, in its order. */
export function claimsOfSystems(
  systems: readonly System[],
  whereOf: (path: readonly PropertyKey[]) => string,
): Claim[] {
  return systems.flatMap((system, i) =>
    (["hosts", "services", "cidrs"] as const).flatMap((list) =>
      system[list].map((text, j): Claim => {
        const path = ["systems", i, list, j];
        const kind = list === "cidrs" ? "network" : "name";
        return { kind, text, system: system.id, path, where: () => whereOf(path) };
      }),
    ),
  );
}

/** What one machine of an inventory claims for its system. */
export function claimsOfAsset(asset: Asset, where: () => string): Claim[] {
  const { system } = asset;
  if (system === null) return [];
  return [
    ...[asset.name, ...asset.aliases].map((text): Claim => ({ kind: "name", text, system, where })),
    ...asset.addresses.map((text): Claim => ({ kind: "network", text, system, where })),
  ];
}
