import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { compareRegimes, type RegimeChange } from "../../../rules/regimes/compare-regimes.ts";
import { readRegime } from "../../../rules/regimes/load-regime.ts";
import { compareVersions, distrust } from "../../../rules/regimes/open-packs.ts";
import { inPlaceOf, type PackFolder, readPackFolder } from "../../../rules/regimes/pack-folder.ts";
import { SIGNATURE_FILE, whoSigned } from "../../../rules/regimes/sign-pack.ts";
import { type Problem, problemSentence } from "../../core/errors.ts";
import { DEFAULT_CONFIG } from "../config-option.ts";
import { newClashes } from "./check.ts";
import { packsOf } from "./packs-of.ts";

/** Registers `packs install`: a newer law without an upgrade. */
export function installCommand(packs: Command): void {
  packs
    .command("install")
    .description(
      "verify a pack, show how it differs from the one in force, and copy it beside the configuration",
    )
    .argument("<path>", "the folder of the pack, named as its id")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--dry-run", "show the difference and copy nothing")
    .option("--json", "print the result as JSON")
    .action((path: string, options: { config: string; dryRun?: boolean; json?: boolean }) => {
      const done = installPack(path, options.config, options.dryRun === true);
      if (options.json) process.stdout.write(`${JSON.stringify(done)}\n`);
      else if (done.outcome === "refused")
        for (const problem of done.problems) process.stderr.write(`${problemSentence(problem)}\n`);
      else process.stdout.write(`${installedText(done)}\n`);
      process.exitCode = done.outcome === "refused" ? 1 : 0;
    });
}

/** What became of a pack that was to be installed. */
export type Installed =
  | { outcome: "refused"; problems: Problem[] }
  | {
      outcome: "installed" | "would_install";
      id: string;
      version: string;
      /** The version in force until now; null for a law that is new here. */
      before: string | null;
      change: RegimeChange;
      signer: string | null;
      folder: string;
      enabled: boolean;
    };

/** Installs a pack that is signed, sound and newer than the one in force. */
export function installPack(path: string, config: string, dryRun: boolean): Installed {
  const read = readPackFolder(path);
  if (read.pack === undefined) return { outcome: "refused", problems: read.problems };
  const { pack } = read;
  const here = packsOf(config);
  const signed = whoSigned(pack.files, pack.signature, here.settings.signers);
  const untrusted = distrust(path, signed, here.settings.unsigned);
  if (untrusted !== undefined) return { outcome: "refused", problems: [untrusted] };
  const source = inPlaceOf(here.source, [pack]);
  const { regime, problems } = readRegime(pack.id, source);
  if (regime === undefined) return { outcome: "refused", problems };
  const before = here.source.names().includes(pack.id) ? readRegime(pack.id, here.source).regime : undefined;
  const enabled = here.enabled.includes(pack.id);
  const clashes = enabled ? newClashes(regime, here.enabled, here.source, source) : [];
  const stale = before !== undefined && compareVersions(regime.version, before.version) <= 0;
  if (stale)
    clashes.push({
      code: "pack_not_newer",
      where: source.placeOf(pack.id, "regime.yml"),
      message: `version ${regime.version} is not above ${before.version}, which is in force`,
      remedy: "install a higher version",
    });
  if (clashes.length > 0) return { outcome: "refused", problems: clashes };
  if (!dryRun) copyPack(pack, here.settings.folder);
  return {
    outcome: dryRun ? "would_install" : "installed",
    id: regime.id,
    version: regime.version,
    before: before?.version ?? null,
    change: compareRegimes(before, regime),
    signer: "signer" in signed ? signed.signer : null,
    folder: join(here.settings.folder, pack.id),
    enabled,
  };
}

/** Copies the files beside, then puts them in their place: half a pack is never in force. */
function copyPack({ id, files, signature }: PackFolder, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const [fresh, old, to] = [join(folder, `.new-${id}`), join(folder, `.old-${id}`), join(folder, id)];
  for (const rest of [fresh, old]) rmSync(rest, { recursive: true, force: true });
  mkdirSync(fresh);
  for (const [name, text] of files) writeFileSync(join(fresh, name), text, { flush: true });
  if (signature !== undefined) writeFileSync(join(fresh, SIGNATURE_FILE), signature, { flush: true });
  try {
    renameSync(to, old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  renameSync(fresh, to);
  rmSync(old, { recursive: true, force: true });
}

function installedText(done: Exclude<Installed, { outcome: "refused" }>): string {
  const { id, version, before, change, signer, folder, enabled } = done;
  const lists = (["criteria", "questions", "clocks"] as const).flatMap((list) => {
    const { added, removed, changed } = change[list];
    const ids = [
      ...added.map((each) => `+ ${each}`),
      ...removed.map((each) => `- ${each}`),
      ...changed.map(({ id: each, keys }) => `~ ${each} (${keys.join(", ")})`),
    ];
    return ids.map((each) => `  ${list}: ${each}`);
  });
  const others = change.others.filter((key) => key !== "version");
  const next = enabled
    ? "The daemon evaluates every dossier anew under it when it starts again; see first: tocsin requalify --dry-run"
    : `Not evaluated until regimes names it: add ${id} there.`;
  return [
    `${id} ${before === null ? "(new)" : before} → ${version}, ${signer === null ? "UNSIGNED" : `signed by ${signer}`}`,
    ...lists,
    ...(others.length > 0 ? [`  other: ${others.join(", ")}`] : []),
    ...(done.outcome === "installed" ? [`copied to ${folder}`, next] : ["dry run: nothing was copied"]),
  ].join("\n");
}
