import type { Command } from "commander";
import { type PackSource, readRegime, readRegimes } from "../../../rules/regimes/load-regime.ts";
import { inPlaceOf, readPackFolder } from "../../../rules/regimes/pack-folder.ts";
import { type Regime, verifiedLongAgo } from "../../../rules/regimes/regime.ts";
import { type Signed, whoSigned } from "../../../rules/regimes/sign-pack.ts";
import { isoFromInstant, systemClock } from "../../core/clock.ts";
import { type Problem, problemSentence } from "../../core/errors.ts";
import { DEFAULT_CONFIG } from "../config-option.ts";
import { packsOf } from "./packs-of.ts";

/** Registers `packs check`: all that is wrong with a pack, and who vouches for it. */
export function checkCommand(packs: Command): void {
  packs
    .command("check")
    .description(
      "check one pack: its form, what contradicts itself in it or with the packs enabled, its signature",
    )
    .argument("<path>", "the folder of the pack, named as its id")
    .option(
      "--config <file>",
      `whose signers and packs it is checked with (Default: ${DEFAULT_CONFIG} when it exists)`,
    )
    .option("--json", "print the result as JSON")
    .action((path: string, options: { config?: string; json?: boolean }) => {
      const { regime, problems, advice, signed } = checkPack(path, options.config, systemClock.now());
      if (options.json) {
        const { id = null, version = null } = regime ?? {};
        process.stdout.write(
          `${JSON.stringify({ id, version, signed: signed ?? null, problems, advice })}\n`,
        );
      } else {
        for (const each of problems) process.stdout.write(`${problemSentence(each)}\n`);
        for (const each of advice) process.stdout.write(`advice: ${problemSentence(each)}\n`);
        if (regime !== undefined)
          process.stdout.write(`${regime.id} ${regime.version}: ${problems.length} problem(s)\n`);
      }
      process.exitCode = problems.length === 0 ? 0 : 1;
    });
}

interface PackCheck {
  regime?: Regime | undefined;
  signed?: Signed;
  problems: Problem[];
  advice: Problem[];
}

/** Checks the pack of a folder, alone and with the packs that a configuration enables. */
export function checkPack(path: string, config: string | undefined, now: number): PackCheck {
  const read = readPackFolder(path);
  if (read.pack === undefined) return { problems: read.problems, advice: [] };
  const { pack } = read;
  const here = packsOf(config);
  const source = inPlaceOf(here.source, [pack]);
  const { regime, problems: wrong } = readRegime(pack.id, source);
  const problems: Problem[] = [...(wrong ?? [])];
  const advice: Problem[] = [];
  const where = source.placeOf(pack.id, "regime.yml");
  if (regime !== undefined) {
    problems.push(...newClashes(regime, here.enabled, here.source, source));
    if (regime.verified > isoFromInstant(now).slice(0, 10))
      problems.push({
        code: "regime_invalid",
        where,
        message: `verified on ${regime.verified}, a day that is still to come`,
        remedy: "write the day on which its texts were read",
      });
    if (verifiedLongAgo(regime, now))
      advice.push({
        code: "regime_old",
        where,
        message: `its texts were last verified on ${regime.verified}, over a year ago`,
        remedy: "read its sources again, and write the date",
      });
  }
  const signed = whoSigned(pack.files, pack.signature, here.settings.signers);
  const told = signatureOf(path, signed);
  (signed.outcome === "altered" || signed.outcome === "unreadable" ? problems : advice).push(...told);
  return { regime, signed, problems, advice };
}

/** What does not go together once this pack is enabled, and did before. */
export function newClashes(
  regime: Regime,
  enabled: readonly string[],
  before: PackSource,
  after: PackSource,
): Problem[] {
  if (enabled.length === 0) return [];
  const known = new Set(readRegimes(enabled, before).problems.map(problemSentence));
  const { problems } = readRegimes([...new Set([...enabled, regime.id])], after);
  return problems.filter((problem) => !known.has(problemSentence(problem)));
}

function signatureOf(where: string, signed: Signed): Problem[] {
  switch (signed.outcome) {
    case "trusted":
      return [];
    case "unsigned":
      return [
        {
          code: "pack_unsigned",
          where,
          message: "not signed yet",
          remedy: "sign it: tocsin packs sign PATH --key FILE",
        },
      ];
    case "unknown_signer":
      return [
        {
          code: "pack_signer_unknown",
          where,
          message: `signed by the key ${signed.key}, unknown here: whether its files are as signed cannot be told`,
          remedy: "name its public key in packs.signers",
        },
      ];
    case "altered":
      return [
        {
          code: "pack_altered",
          where,
          message: `the files are not those that ${signed.signer} signed`,
          remedy: "sign it again, or copy it anew",
        },
      ];
    case "unreadable":
      return [
        {
          code: "pack_signature_unreadable",
          where,
          message: "pack.sig is no signature of a pack",
          remedy: "sign it again, or copy it anew",
        },
      ];
  }
}
