import type { LoadedConfig } from "../../../config/load.ts";
import { openCatalogue } from "../../../connectors/registry.ts";
import { type UncoveredWay, waysOf } from "../../canary/ways.ts";
import type { Problem } from "../../core/errors.ts";

const BECAUSE: Record<UncoveredWay["because"], string> = {
  ipv6: "IPv6 only",
  name: "localhost is either of two addresses",
  client_certificate: "it asks for a client certificate",
  polled: "Tocsin asks it",
  unknown_format: "its format is not known",
};

/** Says which ways in no canary tries: what breaks there shows only by the silence of the source. */
export function adviseCanary(loaded: Pick<LoadedConfig, "config" | "secrets">): Problem[] {
  const { canary, mappings } = loaded.config;
  if (canary === "off") {
    const message = "no canary tries the ways in: one that is dead would not show";
    return [{ code: "canary_off", where: "canary", message, remedy: "leave `canary` out" }];
  }
  const { named } = openCatalogue(mappings).catalogue;
  const { uncovered } = waysOf(loaded, { listening: [], named });
  if (uncovered.length === 0) return [];
  const ways = uncovered.map(({ name, because }) => `${name} (${BECAUSE[because]})`).join(", ");
  return [
    {
      code: "canary_uncovered",
      where: "sources",
      message: `no canary tries ${ways}`,
      remedy: "give these sources silent_after_minutes, so that their silence is told",
    },
  ];
}
