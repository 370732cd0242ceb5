import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { loadRegime, type PackSource, readRegime, SHIPPED } from "./load-regime.ts";
import { inPlaceOf, type PackFolder, readPackFolder } from "./pack-folder.ts";
import type { Regime } from "./regime.ts";
import { SIGNATURE_FILE, type Signed, type Signer, whoSigned } from "./sign-pack.ts";

/** Where packs that did not come with the program are found, and whose are taken. */
export interface PackSettings {
  /** Holds one folder a pack; it need not exist. */
  folder: string;
  signers: readonly Signer[];
  /** Whether a pack that nobody vouches for is taken. */
  unsigned: "refuse" | "allow";
}

/** A pack of the folder that was taken. */
export interface InstalledPack {
  regime: Regime;
  folder: string;
  /** Who vouches for it; null for an unsigned one. */
  signer: string | null;
  /** False beside one of the program that is as recent. */
  inForce: boolean;
}

/** The packs of an installation. */
export interface Packs {
  /** The packs in force: installed ones in place of older ones that come with the program. */
  source: PackSource;
  installed: InstalledPack[];
  /** Of packs that were refused; the program goes on with its own. */
  problems: Problem[];
}

/** Reads the packs installed beside the configuration, over those that come with the program; never throws. */
export function openPacks(settings: PackSettings): Packs {
  const problems: Problem[] = [];
  const vouched: { pack: PackFolder; signer: string | null }[] = [];
  for (const folder of foldersIn(settings.folder, problems)) {
    const read = readPackFolder(folder);
    if (read.pack === undefined) {
      problems.push(...read.problems);
      continue;
    }
    const { pack } = read;
    const signed = whoSigned(pack.files, pack.signature, settings.signers);
    const problem = distrust(pack.folder, signed, settings.unsigned);
    if (problem !== undefined) problems.push(problem);
    else vouched.push({ pack, signer: "signer" in signed ? signed.signer : null });
  }
  // One pack may extend another of them.
  const all = inPlaceOf(
    SHIPPED,
    vouched.map(({ pack }) => pack),
  );
  const own = new Set(SHIPPED.names());
  const taken: PackFolder[] = [];
  const installed = vouched.flatMap(({ pack, signer }): InstalledPack[] => {
    const { regime, problems: wrong } = readRegime(pack.id, all);
    if (regime === undefined) {
      problems.push(...wrong);
      return [];
    }
    const inForce = !own.has(regime.id) || compareVersions(regime.version, loadRegime(regime.id).version) > 0;
    if (inForce) taken.push(pack);
    return [{ regime, folder: pack.folder, signer, inForce }];
  });
  return { source: inPlaceOf(SHIPPED, taken), installed, problems };
}

/** Why the files of a pack are not taken, given who signed them; undefined when they are. */
export function distrust(
  folder: string,
  signed: Signed,
  unsigned: PackSettings["unsigned"],
): Problem | undefined {
  if (signed.outcome === "trusted" || (signed.outcome === "unsigned" && unsigned === "allow"))
    return undefined;
  const where = join(folder, SIGNATURE_FILE);
  const told = (code: string, message: string, remedy: string) => ({ code, where, message, remedy });
  switch (signed.outcome) {
    case "unsigned":
      return told(
        "pack_unsigned",
        "nobody has signed this pack",
        "ask who made it for pack.sig; packs.unsigned: allow takes it in exercise or observe",
      );
    case "unknown_signer":
      return told(
        "pack_signer_unknown",
        `signed by the key ${signed.key}, which is none of packs.signers`,
        "have its maker confirm the key, then add it to packs.signers",
      );
    case "altered":
      return told(
        "pack_altered",
        `the files are not those that ${signed.signer} signed`,
        "copy the whole pack anew from its maker",
      );
    case "unreadable":
      return told(
        "pack_signature_unreadable",
        "this is no signature of a pack",
        "copy pack.sig anew from its maker",
      );
  }
}

/** Which of two versions is the higher, number by number: below 0 for the second, above 0 for the first. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function foldersIn(folder: string, problems: Problem[]): string[] {
  if (!existsSync(folder)) return [];
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => join(folder, name))
      .sort();
  } catch (error) {
    const remedy = "make packs.folder a folder that this account may read";
    problems.push({ code: "packs_unreadable", where: folder, message: messageOf(error), remedy });
    return [];
  }
}
