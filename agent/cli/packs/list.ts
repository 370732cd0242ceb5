import type { Command } from "commander";
import { loadRegime, SHIPPED } from "../../../rules/regimes/load-regime.ts";
import { type Regime, verifiedLongAgo } from "../../../rules/regimes/regime.ts";
import { systemClock } from "../../core/clock.ts";
import { problemSentence } from "../../core/errors.ts";
import { DEFAULT_CONFIG } from "../config-option.ts";
import { packsOf } from "./packs-of.ts";

/** Registers `packs list`: which law is in force here, from whom, and how fresh. */
export function listCommand(packs: Command): void {
  packs
    .command("list")
    .description("list the law packs of the program and those installed, with versions, dates and signers")
    .option("--config <file>", `configuration (Default: ${DEFAULT_CONFIG} when it exists)`)
    .option("--json", "print the list as JSON")
    .action((options: { config?: string; json?: boolean }) => {
      const { rows, problems } = listPacks(options.config, systemClock.now());
      if (options.json) process.stdout.write(`${JSON.stringify({ packs: rows, problems })}\n`);
      else {
        const lines = [...rows.map(lineOf), ...problems.map((each) => `refused: ${problemSentence(each)}`)];
        process.stdout.write(`${lines.join("\n")}\n`);
      }
      process.exitCode = problems.length === 0 ? 0 : 1;
    });
}

/** Every pack there is, the one in force of each id first. */
export function listPacks(config: string | undefined, now: number) {
  const { installed, enabled, loaded, problems } = packsOf(config);
  const taken = new Set(installed.flatMap(({ regime, inForce }) => (inForce ? [regime.id] : [])));
  const rowOf = (
    regime: Regime,
    more: { source: "shipped" | "installed"; signer: string | null; in_force: boolean },
  ) => ({
    id: regime.id,
    version: regime.version,
    title: regime.title,
    effective_from: regime.effective_from ?? null,
    effective_until: regime.effective_until ?? null,
    verified: regime.verified,
    verified_long_ago: verifiedLongAgo(regime, now),
    ...more,
    enabled: loaded === undefined ? null : enabled.includes(regime.id),
    disabled_because: regime.enabled ? null : (regime.reason ?? ""),
  });
  const rows = [
    ...SHIPPED.names().map((id) =>
      rowOf(loadRegime(id), { source: "shipped", signer: null, in_force: !taken.has(id) }),
    ),
    ...installed.map(({ regime, signer, inForce }) =>
      rowOf(regime, { source: "installed", signer, in_force: inForce }),
    ),
  ].sort((a, b) => a.id.localeCompare(b.id) || Number(b.in_force) - Number(a.in_force));
  return { rows, problems };
}

type Row = ReturnType<typeof listPacks>["rows"][number];

function lineOf(row: Row): string {
  const from = row.effective_from ?? "…";
  const dates =
    row.effective_from === null && row.effective_until === null
      ? "any date"
      : `${from} to ${row.effective_until ?? "…"}`;
  const source =
    row.source === "shipped"
      ? "comes with the program"
      : `installed, ${row.signer === null ? "UNSIGNED" : `signed by ${row.signer}`}`;
  const notes = [
    ...(row.in_force ? [] : ["not in force: another of this id is as recent or newer"]),
    ...(row.enabled === false ? ["not among regimes"] : []),
    ...(row.disabled_because === null ? [] : [`may not be used: ${row.disabled_because}`]),
    ...(row.verified_long_ago ? ["WARNING: verified over a year ago, have it read again"] : []),
  ];
  return [
    `${row.id} ${row.version} · ${row.title}`,
    `    in effect ${dates} · texts verified ${row.verified} · ${source}`,
    ...notes.map((note) => `    ${note}`),
  ].join("\n");
}
