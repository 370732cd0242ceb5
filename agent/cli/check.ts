import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { advise } from "../../config/advise.ts";
import { adviseCertificates } from "../../config/advise-certificates.ts";
import { adviseSecrets } from "../../config/advise-secrets.ts";
import { adviseShared } from "../../config/advise-shared.ts";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { fieldsNeeded } from "../../connectors/outbound/portal-http/body-template.ts";
import { portalHttp } from "../../connectors/outbound/portal-http/index.ts";
import { readRegimes } from "../../rules/regimes/load-regime.ts";
import { openPacks } from "../../rules/regimes/open-packs.ts";
import { type Regime, verifiedLongAgo } from "../../rules/regimes/regime.ts";
import { systemClock } from "../core/clock.ts";
import { messageOf, type Problem, problemSentence } from "../core/errors.ts";
import { ROLES, type Role } from "../roles.ts";
import { openChannels, passingMasks, ruleFoldersOf, setupOf, stateFiles } from "../setup.ts";
import { checkPeople } from "../stages/roster/check-people.ts";
import { loadSigningKey } from "../store/keys.ts";
import { adviseCanary } from "./check/advise-canary.ts";
import { checkEncryption } from "./check/check-encryption.ts";
import type { Finding } from "./check/finding.ts";
import { type Live, lookLive } from "./check/look-live.ts";
import { DEFAULT_CONFIG, openInstalledReads } from "./config-option.ts";
import { checkRuleFolders, type RuleCheck } from "./rules/check.ts";

/** Registers `check`: everything that is wrong with an installation, at once. */
export function checkCommand(program: Command): void {
  program
    .command("check")
    .description(
      "check the configuration, the rules, the law packs and the signing key, then ports, certificates, disk, clock, rosters and who is to be reached; advise on what they leave out; starts nothing",
    )
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .addOption(
      new Option("--role <role>", "what this process is to do, when several share a record")
        .choices(ROLES)
        .default("all"),
    )
    .option("--offline", "leave out what looks at this machine and at others")
    .option("--json", "print the problems, the advice and what was looked at as JSON")
    .action(async (options: { config: string; role: Role; json?: boolean; offline?: boolean }) => {
      const { problems, advice, looked } = await findings(options);
      if (options.json) process.stdout.write(`${JSON.stringify({ problems, advice, looked })}\n`);
      else {
        for (const { check, unknown } of looked)
          if (unknown !== undefined) process.stdout.write(`not looked at: ${check}: ${unknown}\n`);
        for (const each of advice) process.stdout.write(`advice: ${problemSentence(each)}\n`);
        for (const problem of problems) process.stdout.write(`${problemSentence(problem)}\n`);
        process.stdout.write(
          problems.length === 0 ? `${options.config}: no problem found\n` : `${problems.length} problem(s)\n`,
        );
      }
      process.exitCode = problems.length === 0 ? 0 : 1;
    });
}

async function findings({
  config: file,
  role,
  offline = false,
}: {
  config: string;
  role: Role;
  offline?: boolean;
}): Promise<{ problems: Problem[]; advice: Problem[]; looked: Live["looked"] }> {
  const { loaded, problems } = loadConfig(file);
  if (loaded === undefined) return { problems, advice: [], looked: [] };
  const rules = checkRuleFolders(ruleFoldersOf(loaded.config), loaded.config.placeholders);
  const found: Problem[] = [...rules.refused];
  const attempt = (where: string, work: () => unknown) => {
    try {
      work();
    } catch (error) {
      const { code = "check_failed" } = error as { code?: string };
      found.push({ code, where, message: messageOf(error) });
    }
  };
  const packs = openPacks(loaded.config.packs);
  const { regimes, problems: clashes } = readRegimes(loaded.config.regimes, packs.source);
  found.push(...packs.problems, ...clashes, ...unfilled(loaded, regimes));
  const { signingKey } = stateFiles(loaded.stateDirectory);
  // A receiver keeps no record: it signs nothing, and lets nobody in.
  const receives = role === "receiver";
  if (!receives) attempt("state_directory", () => loadSigningKey(signingKey));
  const shared = loaded.config.store !== undefined;
  if (!shared && !receives && !existsSync(stateFiles(loaded.stateDirectory).database)) {
    found.push({
      code: "no_store",
      where: loaded.stateDirectory,
      message: "there is no database and so no account",
      remedy: "run: npm run tocsin -- init",
    });
  }
  attempt("notify", () => openChannels(loaded));
  const live = offline ? { findings: [], looked: [] } : await lookLive(loaded, { clock: systemClock, role });
  const keys = shared || receives ? [] : checkEncryption(loaded);
  const opens = keys.every(({ level }) => level === "advice");
  const answers = shared
    ? !offline && live.findings.every(({ where, level }) => where !== "store" || level === "advice")
    : found.every(({ code }) => code !== "no_store");
  if (opens && answers && !receives) found.push(...(await rosterProblems(loaded)));
  const told = [
    ...advise(loaded),
    ...adviseSecrets(loaded),
    ...adviseShared(loaded.config),
    ...adviseCertificates(loaded, systemClock.now()),
  ];
  const advice = told.map(({ code, path, message, remedy }): Problem => {
    return { code, where: path.join("."), message, remedy };
  });
  const ofLevel = (wanted: Finding["level"]): Problem[] =>
    [...keys, ...live.findings].flatMap(({ level, ...problem }) => (level === wanted ? [problem] : []));
  return {
    problems: [...found, ...ofLevel("problem")],
    advice: [
      ...advice,
      ...adviseCanary(loaded),
      ...oldPacks(regimes),
      ...adviceOf(rules),
      ...ofLevel("advice"),
    ],
    looked: live.looked,
  };
}

/** Fields that a portal's JSON is to be filled with and that no form has: what it carries would be held back. */
function unfilled({ config }: LoadedConfig, regimes: readonly Regime[]): Problem[] {
  return config.outbound.flatMap(({ connector, duties, settings }, i) => {
    if (connector !== portalHttp.name) return [];
    const { body } = portalHttp.config.parse(settings);
    if (body === "canonical") return [];
    const forms = regimes.flatMap(({ duty, form }) => (duties.includes(duty) && form ? [form] : []));
    const known = new Set(
      forms.flatMap(({ sections }) => sections.flatMap(({ fields }) => fields.map(({ id }) => id))),
    );
    return [...new Set(fieldsNeeded(body.json))]
      .filter((field) => !known.has(field))
      .map((field) => ({
        code: "field_unknown",
        where: `outbound.${i}.settings.body.json`,
        message: `no form of ${duties.join(", ")} has a field "${field}"`,
        remedy: `name one of ${[...known].join(", ")}`,
      }));
  });
}

/** People of the rosters who could not be called. */
async function rosterProblems(loaded: LoadedConfig): Promise<Problem[]> {
  const setup = setupOf(loaded, () => "", passingMasks(loaded));
  if (setup.calls === undefined) return [];
  const reads = await openInstalledReads(loaded);
  try {
    const held = await reads.byState(loaded.config.facility.id, "account", [], { limit: 1000 });
    const accounts = held.map(({ content }) => content);
    return checkPeople(setup, { book: setup.calls.rosters.current(), accounts });
  } finally {
    await reads.close();
  }
}

/** Law changes: a pack that nobody has read again for a year is doubted. */
function oldPacks(regimes: readonly Regime[]): Problem[] {
  return regimes
    .filter((regime) => verifiedLongAgo(regime, systemClock.now()))
    .map(({ id, verified }) => ({
      code: "regime_old",
      where: `regimes: ${id}`,
      message: `its texts were last verified on ${verified}, over a year ago`,
      remedy: "install a newer pack or upgrade, or have its SOURCES.md read again",
    }));
}

/** What rules leave to be desired; the thousand remarks that public rules give rise to are only counted. */
function adviceOf({ advice, inactive, warnings, ungated }: RuleCheck): Problem[] {
  const told: Problem[] = [...advice];
  const count = (code: string, message: string) =>
    told.push({ code, where: "rules", message, remedy: "run: npm run tocsin -- rules check FOLDER" });
  if (inactive.length > 0) count("rules_inactive", `${inactive.length} rule(s) are read and do not run`);
  if (warnings.length > 0) count("rules_doubted", `${warnings.length} remark(s) about rules`);
  if (ungated.length > 0)
    count("rules_ungated", `${ungated.length} rule(s) let everything of their sources in`);
  return told;
}
