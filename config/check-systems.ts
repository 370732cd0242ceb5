import type { System } from "../agent/core/asset.ts";
import type { Problem } from "../agent/core/errors.ts";
import type { Tell } from "./check-surroundings.ts";
import type { PlacedAsset } from "./inventory/asset-files.ts";
import { type Claim, claimsOfAsset, claimsOfSystems, openClaims } from "./inventory/claims.ts";
import type { Config } from "./schema.ts";

/** Conflicts that are told: one network written twice is often a whole table written twice. */
const TOLD = 50;

/** What of the facility's description does not hold together: names that lead nowhere, and things claimed twice. */
export function checkSystems(input: {
  config: Pick<Config, "sites" | "systems" | "assets" | "people">;
  /** What was imported beside the configuration. */
  assets: readonly PlacedAsset[];
  whereOf: (path: readonly PropertyKey[]) => string;
  tell: Tell;
}): { problems: Problem[] } {
  const { config, assets, whereOf, tell } = input;
  const { sites, systems } = config;
  const ids = new Set(systems.map(({ id }) => id));
  for (const [i, system] of systems.entries()) {
    if (system.site !== undefined && !sites.some(({ id }) => id === system.site)) {
      const remedy = sites.length === 0 ? "describe it under sites" : `one of: ${listed(sites)}`;
      tell(["systems", i, "site"], "site_unknown", `no site "${system.site}"`, remedy);
    }
    for (const [j, other] of system.depends_on.entries()) {
      const path = ["systems", i, "depends_on", j];
      if (!ids.has(other))
        tell(path, "system_unknown", `no system "${other}"`, "name the id of a system of this file");
      else if (other === system.id)
        tell(path, "depends_on_itself", `"${other}" cannot depend on itself`, "remove it");
    }
  }
  for (const [i, id] of (config.people.oidc?.depends_on ?? []).entries()) {
    const path = ["people", "oidc", "depends_on", i];
    if (!ids.has(id)) tell(path, "system_unknown", `no system "${id}"`, `one of: ${listed(systems)}`);
  }
  for (const [i, { system }] of config.assets.rules.entries()) {
    const path = ["assets", "rules", i, "system"];
    if (!ids.has(system)) tell(path, "system_unknown", `no system "${system}"`, `one of: ${listed(systems)}`);
  }
  return { problems: checkClaims(systems, assets, whereOf, tell) };
}

/** Equal claims are refused: whichever came first would win by chance. Those of the inventories are returned. */
function checkClaims(
  systems: readonly System[],
  assets: readonly PlacedAsset[],
  whereOf: (path: readonly PropertyKey[]) => string,
  tell: Tell,
): Problem[] {
  const claims = openClaims();
  const problems: Problem[] = [];
  const ids = new Set(systems.map(({ id }) => id));
  let told = 0;
  const conflict = (claim: Claim) => {
    const earlier = claims.add(claim);
    if (earlier === undefined || told++ >= TOLD) return;
    const code = claim.kind === "network" ? "network_claimed_twice" : "host_claimed_twice";
    const message = `"${claim.text}" is claimed by the system "${claim.system}" here, and by "${earlier.system}" at ${earlier.where()}`;
    const remedy = "keep it in one of the two; a narrower network or an exact name of the other may stay";
    if (claim.path !== undefined) tell(claim.path, code, message, remedy);
    else problems.push({ code, where: claim.where(), message, remedy });
  };
  for (const claim of claimsOfSystems(systems, whereOf)) conflict(claim);
  for (const asset of assets) {
    if (asset.system !== null && !ids.has(asset.system)) {
      if (told++ < TOLD)
        problems.push({
          code: "system_unknown",
          where: asset.where(),
          message: `"${asset.name}" belongs to no system of the configuration: there is no "${asset.system}"`,
          remedy: "import the inventory again, or give the system back its id",
        });
      continue;
    }
    for (const claim of claimsOfAsset(asset, asset.where)) conflict(claim);
  }
  if (told > TOLD)
    problems.push({ code: "claims_refused", message: `${told - TOLD} more conflicts are not shown` });
  return problems;
}

function listed(all: readonly { id: string }[]): string {
  return all.map(({ id }) => id).join(", ") || "(none is described)";
}
