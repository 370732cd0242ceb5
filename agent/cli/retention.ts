import { accessSync, constants, mkdirSync } from "node:fs";
import { type Command, InvalidArgumentError } from "commander";
import type { LoadedConfig } from "../../config/load.ts";
import { isoFromInstant, systemClock } from "../core/clock.ts";
import { messageOf, TocsinError } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import { rulesOf, runRetention } from "../run-retention.ts";
import { openEliminations, VISA } from "../stages/retention/eliminations-desk.ts";
import type { PurgeReport } from "../stages/retention/purge.ts";
import { LIST_STATES, listCsv } from "../stages/retention/tell-list.ts";
import type { Store } from "../store/store.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";

/** References named in one line. */
const NAMED = 20;

interface Options {
  config: string;
  json?: boolean;
}

/** Registers `retention`: what the rules of conservation end, and the lists of public archives. */
export function retentionCommand(program: Command): void {
  const retention = program
    .command("retention")
    .description("what the rules of conservation end: look, erase, and the lists that need a visa");
  const common = (command: Command) =>
    command.option("--json", "print as JSON").option("--config <file>", "configuration", DEFAULT_CONFIG);

  common(retention.command("plan"))
    .description("tell what would be erased now, by rule; changes nothing")
    .action((options: Options) => purged(options, { apply: false }));

  common(retention.command("apply"))
    .description("erase what the rules end; the proof stays, and `verify` still passes")
    .option(
      "--archive <folder>",
      "write the bundle of each dossier there first; one that cannot be written stays",
    )
    .action((options: Options & { archive?: string }) =>
      purged(options, { apply: true, archive: options.archive && writable(options.archive) }),
    );

  common(retention.command("lists"))
    .description("the lists of dossiers for elimination, and their visas")
    .action((options: Options) => listed(options));

  retention
    .command("list")
    .description("one list for elimination, as CSV")
    .argument("<id>")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action((id: string, options: Options) =>
      withLists(options, async ({ desk, loaded }) => {
        const list = await desk.list(id);
        if (list === undefined) throw unknown(id);
        process.stdout.write([...listCsv(list, loaded.config.facility.time_zone)].join(""));
      }),
    );

  retention
    .command("visa")
    .description("record the visa on a list for elimination: the next purge then erases its dossiers")
    .argument("<id>")
    .requiredOption(
      "--as <login>",
      "account of the person who records it (director or data protection officer)",
    )
    .requiredOption("--by <name>", "who gave it, as written on it")
    .requiredOption("--date <day>", "its date, YYYY-MM-DD", dayOption)
    .requiredOption("--reference <text>", "its reference")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action((id: string, options: Options & { as: string; by: string; date: string; reference: string }) =>
      withLists(options, async ({ desk, store, loaded }) => {
        const facility = loaded.config.facility.id;
        const person = (await store.reads.accountByLogin(facility, options.as))?.content;
        if (person === undefined) return refuse(`${options.as}: no such account`);
        const list = await desk.list(id);
        if (list === undefined) throw unknown(id);
        const by = options.by.trim().slice(0, VISA.by);
        const reference = options.reference.trim().slice(0, VISA.reference);
        const visa = { id, sha256: list.sha256, by, date: options.date, reference };
        const done = await desk.authorise(visa, person);
        if (done.outcome === "refused") return refuse(done.because);
        process.stdout.write(`${list.dossiers.length} dossier(s): the next purge erases them\n`);
      }),
    );
}

async function purged(
  { config, json }: Options,
  { apply, archive }: { apply: boolean; archive?: string | undefined },
): Promise<void> {
  const loaded = configOrExplain(config);
  if (loaded === undefined) return;
  const { store } = await openInstalled(loaded);
  try {
    const report = await runRetention(loaded, { store, now: systemClock.now(), apply, archive });
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : reportText(report, loaded));
    if (report.unarchived.length > 0) process.exitCode = 1;
  } finally {
    await store.close();
  }
}

function reportText(
  { applied, lines, held, proposed, running, unarchived, changed }: PurgeReport,
  loaded: LoadedConfig,
): string {
  const day = (instant: number | null) => (instant === null ? "" : isoFromInstant(instant).slice(0, 10));
  const rows = lines.map(
    ({ kind, policy, count, oldest, newest }) =>
      `${String(count).padStart(8)}  ${kind.padEnd(12)}${policy}${count === 0 ? "" : `  (${day(oldest)} to ${day(newest)})`}`,
  );
  const named = (references: readonly string[]) =>
    references.slice(0, NAMED).join(", ") + (references.length > NAMED ? "…" : "");
  const told = (count: number, words: string, references: readonly string[] = []) =>
    count === 0 ? [] : [`${count} ${words}${references.length > 0 ? `: ${named(references)}` : ""}`];
  const names = (list: readonly { reference: string }[]) => list.map(({ reference }) => reference);
  return `${[
    ...rows,
    ...told(running, "incident(s) that still run: never erased"),
    ...told(held.length, "dossier(s) over, conservation suspended", names(held)),
    ...told(proposed.length, "dossier(s) over, proposed for elimination without a visa", names(proposed)),
    ...unarchived.map(({ reference, because }) => `${reference}: not archived, so not erased: ${because}`),
    ...told(changed.length, "dossier(s) changed meanwhile, left", changed),
    ...(loaded.config.retention === undefined
      ? [
          "no section `retention` in the configuration: these are the proposed rules, the daemon erases nothing by itself",
        ]
      : []),
    applied ? "erased" : "plan only: nothing was changed",
  ].join("\n")}\n`;
}

async function listed(options: Options): Promise<void> {
  await withLists(options, async ({ desk }) => {
    const { lists, unlisted, held } = await desk.standing();
    if (options.json) {
      process.stdout.write(`${JSON.stringify({ lists, unlisted, held })}\n`);
      return;
    }
    const rows = lists.map(({ id, state, made, dossiers, visa }) => {
      const by = visa === null ? "" : `, ${visa.by}, ${visa.date}, ${visa.reference}`;
      return `${id}  ${isoFromInstant(made.at).slice(0, 10)}  ${dossiers.length} dossier(s)  ${LIST_STATES[state]}${by}`;
    });
    process.stdout.write(`${[...rows, `${unlisted.length} dossier(s) on no list yet`].join("\n")}\n`);
  });
}

async function withLists(
  { config }: Options,
  work: (parts: {
    desk: ReturnType<typeof openEliminations>;
    store: Store;
    loaded: LoadedConfig;
  }) => Promise<unknown>,
): Promise<void> {
  const loaded = configOrExplain(config);
  if (loaded === undefined) return;
  const { store } = await openInstalled(loaded);
  try {
    const facility = loaded.config.facility.id;
    const own = { store, facility, rules: rulesOf(loaded), clock: systemClock, newId: uuidv7(systemClock) };
    await work({ desk: openEliminations(own), store, loaded });
  } finally {
    await store.close();
  }
}

/** The folder, made when it is not there; throws `archive_unwritable`. */
function writable(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch (error) {
    throw new TocsinError({
      code: "archive_unwritable",
      where: folder,
      message: messageOf(error),
      remedy: "name a folder that this account may write to; nothing was erased",
    });
  }
}

function unknown(id: string): TocsinError {
  return new TocsinError({
    code: "list_unknown",
    where: id,
    message: "no list for elimination has this id",
    remedy: "read it with `tocsin retention lists`",
  });
}

function refuse(because: string): void {
  process.stderr.write(`${because}\n`);
  process.exitCode = 1;
}

function dayOption(text: string): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new InvalidArgumentError("write a day such as 2026-11-30.");
  return text;
}
