import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { assetFolder, readAssetFile, readAssetFiles } from "../../../config/inventory/asset-files.ts";
import {
  type AssetChanges,
  assetFileText,
  compareAssets,
  type Placed,
  placeHosts,
} from "../../../config/inventory/place-hosts.ts";
import { EXPORT_BYTES, INVENTORY_FORMATS, readInventory } from "../../../config/inventory/read-inventory.ts";
import { type LoadedConfig, loadConfig } from "../../../config/load.ts";
import { messageOf, type Problem, problemSentence } from "../../core/errors.ts";
import { DEFAULT_CONFIG } from "../config-option.ts";

interface ImportOptions {
  from: string;
  config: string;
  name?: string;
  write?: boolean;
  json?: boolean;
}

/** What an import found: the diff, what was refused, and the file that holds or would hold it. */
interface Report extends AssetChanges {
  file: string;
  written: boolean;
  unplaced: string[];
  unknown_groups: Placed["unknownGroups"];
  conflicts: Problem[];
  refused: Problem[];
  left_out: number;
}

/** Lines of each part that are shown on a terminal; `--json` has them all. */
const SHOWN = 20;
const FORMATS = Object.keys(INVENTORY_FORMATS);

/** Registers `assets import`: a dry run unless `--write`. */
export function importCommand(assets: Command): void {
  assets
    .command("import")
    .description(
      "read an inventory's export and say what it would change; --write keeps it in assets/ beside the configuration",
    )
    .argument("<files...>", "the export, or all of its pages")
    .requiredOption("--from <format>", `what wrote it: ${FORMATS.join(", ")}`)
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--name <name>", "name of the inventory, when one tool has several (Default: the format)")
    .option("--write", "write it; the daemon reads it at its next start")
    .option("--json", "print the result as JSON")
    .action((files: string[], options: ImportOptions) => {
      process.exitCode = importAssets(files, options);
    });
}

function importAssets(files: readonly string[], options: ImportOptions): number {
  const format = INVENTORY_FORMATS[options.from];
  if (format === undefined || !Object.hasOwn(INVENTORY_FORMATS, options.from))
    return usage(`--from ${options.from}: one of ${FORMATS.join(", ")}`);
  const name = options.name ?? options.from;
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    return usage(`--name ${name}: lower-case letters, digits and hyphens`);
  const { loaded, problems } = loadConfig(options.config, null);
  if (loaded === undefined) return told(problems, "the configuration comes first; nothing was read");

  const pages: { file: string; bytes: Uint8Array }[] = [];
  for (const file of files) {
    try {
      const { size } = statSync(file);
      if (size > EXPORT_BYTES) return usage(`${file}: ${size} bytes, and ${EXPORT_BYTES} at most are read`);
      pages.push({ file, bytes: readFileSync(file) });
    } catch (error) {
      return usage(messageOf(error));
    }
  }
  const inventory = readInventory(format, pages);
  if (inventory.incomplete !== undefined) return told([inventory.incomplete], "nothing was compared");
  if (inventory.hosts.length === 0)
    return told(inventory.problems, "no machine was read; nothing was compared");

  const target = join(assetFolder(dirname(resolve(options.config))), `${name}.yml`);
  const placed = placeHosts(inventory.hosts, knownBeside(loaded, target));
  const changes = compareAssets(readAssetFile(target).assets, placed.assets);
  const refused = [...inventory.problems, ...placed.problems];
  const report: Report = {
    file: target,
    written: false,
    ...changes,
    unplaced: placed.assets.flatMap((asset) => (asset.system === null ? [asset.name] : [])),
    unknown_groups: placed.unknownGroups,
    conflicts: placed.conflicts,
    refused,
    left_out: inventory.leftOut,
  };
  if (options.write === true) {
    const wrong = writeChecked(target, assetFileText(options.from, placed.assets), options.config);
    if (wrong !== undefined) return told(wrong, "nothing was written");
    report.written = true;
  }
  if (options.json === true) process.stdout.write(`${JSON.stringify(report)}\n`);
  else process.stdout.write(linesOf(report, placed.assets.length).join("\n"));
  return refused.length + placed.conflicts.length > 0 ? 1 : 0;
}

/** What the configuration and the inventories other than this one say already. */
function knownBeside({ config, file }: LoadedConfig, target: string): Parameters<typeof placeHosts>[1] {
  return {
    systems: config.systems,
    rules: config.assets.rules,
    others: readAssetFiles(dirname(target), target).assets,
    whereOf: (path) => `${file}, ${path.join(".")}`,
  };
}

/** Writes a file whole; what it held is put back when the configuration does not hold together with it. */
function writeChecked(target: string, text: string, config: string): Problem[] | undefined {
  const part = `${target}.part`;
  let before: string | undefined;
  try {
    before = readFileSync(target, "utf8");
  } catch {
    // There was none.
  }
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(part, text);
  renameSync(part, target);
  const { problems } = loadConfig(config, null);
  if (problems === undefined) return undefined;
  if (before === undefined) rmSync(target);
  else writeFileSync(target, before);
  return problems;
}

function linesOf(report: Report, count: number): string[] {
  const system = (id: string | null) => id ?? "(no system)";
  const lines: string[] = [];
  const part = (title: string, entries: readonly string[]) => {
    if (entries.length === 0) return;
    lines.push(`${title}: ${entries.length}`);
    for (const entry of entries.slice(0, SHOWN)) lines.push(`  ${entry}`);
    if (entries.length > SHOWN) lines.push(`  … and ${entries.length - SHOWN} more (--json has them all)`);
  };
  part(
    "added",
    report.added.map((asset) => `+ ${asset.name} → ${system(asset.system)}`),
  );
  part(
    "changed",
    report.changed.map(({ before, after, what }) => {
      const moved = what.includes("system") ? `: ${system(before.system)} → ${system(after.system)}` : "";
      const others = what.filter((key) => key !== "system").join(", ");
      return `~ ${after.name}${moved}${others === "" ? "" : ` (${others})`}`;
    }),
  );
  part(
    "gone",
    report.gone.map((asset) => `- ${asset.name} (was ${system(asset.system)})`),
  );
  part("without a system", report.unplaced);
  part(
    "groups that no rule of assets.rules names",
    report.unknown_groups.map(({ group, hosts }) => `${group}: ${hosts} machine(s) without a system`),
  );
  part("conflicts", report.conflicts.map(problemSentence));
  part("refused", report.refused.map(problemSentence));
  if (report.left_out > 0) lines.push(`out of use in the export, left out: ${report.left_out}`);
  const { added, changed, gone, same } = report;
  lines.push(
    `${count} machine(s): ${added.length} added, ${changed.length} changed, ${gone.length} gone, ${same} as before`,
    report.written
      ? `written to ${report.file}; restart the daemon to use it`
      : `nothing was written; --write would write ${report.file}`,
    "",
  );
  return lines;
}

function usage(message: string): number {
  process.stderr.write(`assets import: ${message}\n`);
  return 2;
}

function told(problems: readonly Problem[], conclusion: string): number {
  for (const problem of problems.slice(0, SHOWN)) process.stderr.write(`${problemSentence(problem)}\n`);
  if (problems.length > SHOWN) process.stderr.write(`… and ${problems.length - SHOWN} more\n`);
  process.stderr.write(`assets import: ${conclusion}.\n`);
  return 2;
}
