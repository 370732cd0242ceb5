import { existsSync } from "node:fs";
import type { Command } from "commander";
import { advise } from "../../config/advise.ts";
import { loadConfig } from "../../config/load.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { loadRegime } from "../../rules/regimes/regime.ts";
import { messageOf, type Problem, problemSentence } from "../core/errors.ts";
import { DEFAULT_RULES, stateFiles } from "../setup.ts";
import { loadSigningKey } from "../store/keys.ts";
import { DEFAULT_CONFIG } from "./config-option.ts";

/** Registers `check`: everything that is wrong with an installation, at once. */
export function checkCommand(program: Command): void {
  program
    .command("check")
    .description(
      "check the configuration, the rules, the law packs and the signing key, and advise on what they leave out; starts nothing",
    )
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--json", "print the problems and the advice as JSON")
    .action((options: { config: string; json?: boolean }) => {
      const { problems, advice } = findings(options.config);
      if (options.json) process.stdout.write(`${JSON.stringify({ problems, advice })}\n`);
      else {
        for (const each of advice) process.stdout.write(`advice: ${problemSentence(each)}\n`);
        for (const problem of problems) process.stdout.write(`${problemSentence(problem)}\n`);
        process.stdout.write(
          problems.length === 0 ? `${options.config}: no problem found\n` : `${problems.length} problem(s)\n`,
        );
      }
      process.exitCode = problems.length === 0 ? 0 : 1;
    });
}

function findings(file: string): { problems: Problem[]; advice: Problem[] } {
  const { loaded, problems } = loadConfig(file);
  if (loaded === undefined) return { problems, advice: [] };
  const found: Problem[] = [...loadRules([DEFAULT_RULES, ...loaded.config.rules]).refused];
  const attempt = (where: string, work: () => unknown) => {
    try {
      work();
    } catch (error) {
      const { code = "check_failed" } = error as { code?: string };
      found.push({ code, where, message: messageOf(error) });
    }
  };
  for (const regime of loaded.config.regimes) attempt(`regimes: ${regime}`, () => loadRegime(regime));
  const { signingKey } = stateFiles(loaded.stateDirectory);
  attempt("state_directory", () => loadSigningKey(signingKey));
  if (!existsSync(stateFiles(loaded.stateDirectory).database)) {
    found.push({
      code: "no_store",
      where: loaded.stateDirectory,
      message: "there is no database and so no account",
      remedy: "run: npm run tocsin -- init",
    });
  }
  const advice = advise(loaded).map(({ code, path, message, remedy }): Problem => {
    return { code, where: path.join("."), message, remedy };
  });
  return { problems: found, advice };
}
