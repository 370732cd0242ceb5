import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Asset, AssetId } from "../../agent/core/asset.ts";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { issuesOf, readYamlQuickly } from "../../connectors/shared/read-yaml.ts";

/** The machines of one inventory, as `assets import --write` leaves them beside the configuration. */
export const AssetFile = z.strictObject({
  /** The kind of export they came from. */
  from: AssetId,
  hosts: z.array(Asset),
});

/** A machine with where it is written. */
export interface PlacedAsset extends Asset {
  where(): string;
}

/** Problems that are told of one file: one slip of a generator makes thousands. */
const TOLD = 50;

/** The folder beside a configuration that holds what was imported. */
export function assetFolder(base: string): string {
  return join(base, "assets");
}

/** Reads every inventory of a folder; there is none when there is no folder. `except` leaves one file out. */
export function readAssetFiles(
  folder: string,
  except?: string,
): { assets: PlacedAsset[]; problems: Problem[] } {
  const assets: PlacedAsset[] = [];
  const problems: Problem[] = [];
  if (!existsSync(folder)) return { assets, problems };
  for (const name of readdirSync(folder).sort()) {
    const file = join(folder, name);
    if (!/\.ya?ml$/.test(name) || file === except) continue;
    const read = readAssetFile(file);
    assets.push(...read.assets);
    problems.push(...read.problems);
  }
  return { assets, problems };
}

/** Reads one inventory. */
export function readAssetFile(file: string): { assets: PlacedAsset[]; problems: Problem[] } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const remedy = "give a file that the service may read, or remove it";
    return {
      assets: [],
      problems: [{ code: "assets_unreadable", where: file, message: messageOf(error), remedy }],
    };
  }
  const { read, problems: faults } = readYamlQuickly(text, file, "assets_not_yaml");
  if (read === undefined) return { assets: [], problems: faults };
  const checked = AssetFile.safeParse(read.value);
  if (!checked.success) {
    const issues = issuesOf(checked.error.issues).slice(0, TOLD);
    return {
      assets: [],
      problems: issues.map(({ path, message }) => ({
        code: "assets_invalid",
        where: read.whereOf(path),
        message: `${path.join(".") || "(file)"}: ${message}`,
        remedy: "import the inventory again, or correct it there",
      })),
    };
  }
  return {
    assets: checked.data.hosts.map((asset, i) => ({ ...asset, where: () => read.whereOf(["hosts", i]) })),
    problems: [],
  };
}
