import { createRequire } from "node:module";
import type { Problem } from "../agent/core/errors.ts";
import { once } from "../agent/core/once.ts";
import { connectorNames } from "../connectors/names.ts";
import type * as Registry from "../connectors/registry.ts";

/** What sources may name in `connector`. */
export interface KnownSources {
  names: readonly string[];
  /** True when HTTP brings it as JSON. */
  isJson(name: string): boolean;
  /** What is wrong with the mappings of the facility. */
  problems: readonly Problem[];
}

/** All parsers: the thread that needs them has them, and this one mostly needs their names alone. */
const registry = once(() => createRequire(import.meta.url)("../connectors/registry.ts") as typeof Registry);

/** Looks up what there is, with the mappings of these files and folders. */
export function knownSources(mappings: readonly string[]): KnownSources {
  const opened = once(() => registry().openCatalogue(mappings));
  const isJson = (name: string) => opened().catalogue.named(name)?.decode !== undefined;
  if (mappings.length === 0) return { names: connectorNames(), isJson, problems: [] };
  const { catalogue, problems } = opened();
  return { names: catalogue.names, isJson, problems };
}
