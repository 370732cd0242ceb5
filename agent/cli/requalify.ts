import type { Command } from "commander";
import type { LoadedConfig } from "../../config/load.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import { masksOf, ownSecret, passingMasks, setupOf, stateFiles } from "../setup.ts";
import { judge } from "../stages/judge.ts";
import {
  notePacks,
  type PacksChange,
  packsChange,
  packsDone,
  settingsMark,
} from "../stages/law/packs-in-force.ts";
import { differenceOf, type Requalified, requalify } from "../stages/law/requalify.ts";
import { openPipeline } from "../stages/open-pipeline.ts";
import { ACTIVE } from "../stages/pipeline.ts";
import { copyWork, loadWorks } from "../stages/work.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled, openInstalledReads } from "./config-option.ts";
import { type HeldRecord, holdRecord } from "./hold-record.ts";
import { showProgress } from "./show-progress.ts";

/** Dossiers listed together. */
const PAGE = 500;

/** What an evaluation of all dossiers anew found. */
export interface RequalifyResult {
  dry_run: boolean;
  dossiers: number;
  /** How the packs in force differ from those of the last evaluation; null when they do not. */
  packs: PacksChange | null;
  differing: Requalified[];
}

type Told = Pick<Parameters<typeof requalify>[1] & object, "progress" | "written">;

/** Registers `requalify`: every dossier that may still change, evaluated under the packs in force. */
export function requalifyCommand(program: Command): void {
  program
    .command("requalify")
    .description(
      "evaluate every dossier that is not closed under the packs in force, and tell which come out otherwise",
    )
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--dry-run", "change nothing; works beside a running daemon")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nThe daemon does this by itself when it starts under other packs than it last knew; without --dry-run it must be stopped.",
    )
    .action(async (options: { config: string; dryRun?: boolean; json?: boolean }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const dossiers = showProgress("dossiers", process.stderr);
      const texts = showProgress("texts", process.stderr);
      let result: RequalifyResult;
      try {
        result = await (options.dryRun ? tryRequalify : requalifyInstalled)(loaded, systemClock, {
          progress: dossiers.progress,
          written(done, total) {
            dossiers.stop();
            texts.progress(done, total);
          },
        });
      } finally {
        dossiers.stop();
        texts.stop();
      }
      process.stdout.write(`${options.json ? JSON.stringify(result) : requalifyText(result)}\n`);
    });
}

/** Evaluates dossiers on copies, beside a daemon that may be running. */
export async function tryRequalify(
  loaded: LoadedConfig,
  clock: Clock,
  told: Told = {},
): Promise<RequalifyResult> {
  const reads = await openInstalledReads(loaded);
  const setup = setupOf(loaded, uuidv7(clock), passingMasks(loaded));
  const facility = setup.facility.id;
  const counts = await reads.countByState(facility, "incident");
  const total = ACTIVE.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  const differing: Requalified[] = [];
  let dossiers = 0;
  try {
    for (let after: string | undefined; ; ) {
      const page = await reads.byState(facility, "incident", ACTIVE, { limit: PAGE, after });
      const ids = page.map(({ content }) => content.id);
      for (const before of await loadWorks(reads, facility, ids)) {
        const work = copyWork(before);
        judge(work, setup, clock.now());
        differing.push(...differenceOf(before, work));
        dossiers++;
      }
      told.progress?.(dossiers, total);
      after = page.at(-1)?.content.id;
      if (page.length < PAGE) break;
    }
    const packs = await packsChange({ reads, facility, regimes: setup.regimes });
    return { dry_run: true, dossiers, packs: packs ?? null, differing };
  } finally {
    await reads.close();
  }
}

/** Evaluates dossiers and commits what changed; throws `state_in_use` while a daemon runs. */
export async function requalifyInstalled(
  loaded: LoadedConfig,
  clock: Clock,
  told: Told = {},
): Promise<RequalifyResult> {
  const held = await holdOrSay(loaded);
  try {
    const { store } = await openInstalled(loaded);
    try {
      const masks = masksOf(loaded.config, ownSecret(stateFiles(loaded.stateDirectory).maskSecret));
      const setup = setupOf(loaded, uuidv7(clock), masks);
      const { regimes } = setup;
      const parts = { store, facility: setup.facility.id, regimes, settings: settingsMark(setup), clock };
      const { change } = await notePacks(parts);
      const pipeline = await openPipeline({ store, setup, clock });
      const { total, differing } = await requalify(pipeline, told);
      await packsDone(parts);
      return { dry_run: false, dossiers: total, packs: change ?? null, differing };
    } finally {
      await store.close();
    }
  } finally {
    await held.release();
  }
}

async function holdOrSay(loaded: LoadedConfig): Promise<HeldRecord> {
  try {
    return await holdRecord(loaded);
  } catch (error) {
    if (!(error instanceof TocsinError) || error.code !== "state_in_use") throw error;
    throw new TocsinError({
      code: "state_in_use",
      where: loaded.stateDirectory,
      message: "a daemon uses it",
      remedy: "restart it: it does this by itself under other packs; or look with --dry-run",
    });
  }
}

function requalifyText({ dry_run, dossiers, packs, differing }: RequalifyResult): string {
  const lines: string[] = [];
  for (const { id, version } of packs?.added ?? []) lines.push(`pack + ${id} ${version}`);
  for (const { id, version } of packs?.removed ?? []) lines.push(`pack - ${id} ${version}`);
  for (const { id, from, to, criteria } of packs?.changed ?? []) {
    const { added, removed, changed } = criteria;
    const words = [
      ...added.map((each) => `+ ${each}`),
      ...removed.map((each) => `- ${each}`),
      ...changed.map((each) => `~ ${each}`),
    ];
    lines.push(`pack ~ ${id} ${from} → ${to}${words.length > 0 ? `: ${words.join(", ")}` : ""}`);
  }
  for (const { reference, regimes } of differing)
    for (const { regime, verdict, criteria } of regimes) {
      const values = criteria.map(({ id, before, after }) => `${id} ${before ?? "–"} → ${after ?? "–"}`);
      const same = verdict.before === verdict.after;
      const words = same ? (verdict.after ?? "–") : `${verdict.before ?? "–"} → ${verdict.after ?? "–"}`;
      lines.push(`${reference} [${regime}] ${words}${values.length > 0 ? ` (${values.join(", ")})` : ""}`);
    }
  lines.push(
    `${dossiers} dossiers, ${differing.length} come out otherwise${dry_run ? "; dry run: nothing was changed" : ""}`,
  );
  return lines.join("\n");
}
