import type { Socket } from "node:net";
import { userInfo } from "node:os";
import type { Command } from "commander";
import type { LoadedConfig } from "../../config/load.ts";
import { readWholeDate } from "../../connectors/shared/read-date.ts";
import { type Clock, type Instant, MICROSECONDS, systemClock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import type { Hunt, HuntResult } from "../core/hunt.ts";
import { mayAct } from "../core/person.ts";
import { openAsk } from "../intake/poll/ask.ts";
import { unfitForHunt } from "../stages/hunt/carry-out-hunt.ts";
import { OLDEST } from "../stages/hunt/open-search.ts";
import { loadWork } from "../stages/work.ts";
import type { Reads } from "../store/store.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalledReads } from "./config-option.ts";
import { huntFiles } from "./hunt/hunt-files.ts";
import { askedSource, huntIndex } from "./hunt/hunt-index.ts";
import { type AskedHunt, keepAsked, tryAsked } from "./hunt/keep-found.ts";
import { tellHunt } from "./hunt/tell-hunt.ts";
import {
  addReadOptions,
  catalogueFor,
  contextOf,
  type ReadOptions,
  readOptionsError,
  untriedSentence,
} from "./read-options.ts";
import { repeated } from "./repeated.ts";
import { showProgress } from "./show-progress.ts";

/** What a person asks of a search. */
export interface HuntOptions extends ReadOptions {
  from?: string;
  since?: string;
  until?: string;
  host: string[];
  all?: boolean;
  by?: string;
  dryRun?: boolean;
  /** Told how far it is, of what is to be read. */
  progress?: (done: number, total: number) => void;
}

/** The end of a day that has begun, whatever the zone, is not to come. */
const AHEAD = MICROSECONDS.day;

const TOLD_EVERY_MS = 500;
/** Detections given to who shows them on a page. */
const SHOWN = 50;

const ABOUT = `
What matches the rules of the installation, correlations included, is given to this incident and to no other: facts,
beginning and evaluation follow, and nobody is called at night for it. Without --host or --all only matches are
kept that share a host, user, address, hash or process with the incident. Run again, it adds nothing twice. It
works beside a running daemon, which then takes in what was found.`;

/** Registers `hunt`: a recording, or what an index holds of the last weeks, searched for one incident. */
export function huntCommand(program: Command): void {
  const command = program
    .command("hunt")
    .description("search old records for an incident, and give it what matches")
    .argument("<incident>", "reference or id of the incident")
    .argument("[files...]", "files of records, gzip too; - for standard input")
    .option("--from <source>", "ask this polled source of the configuration instead of reading files")
    .option("--since <time>", "only what happened from then on")
    .option("--until <time>", "only what happened until then")
    .option("--host <name>", "only this machine, whatever it shares; may be repeated", repeated, [])
    .option("--all", "keep every match, whatever it shares")
    .option("--by <login>", "account of the person who searches (Default: the system's user)")
    .option("--dry-run", "change nothing; say what would be kept and what it would change")
    .option("--json", "print the result as JSON, or the problem")
    .option("--told", "tell how far it is on standard error as JSON, and end when standard input does")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .addHelpText("after", ABOUT);
  addReadOptions(command, undefined).action(
    async (
      incident: string,
      files: string[],
      options: HuntOptions & { json?: boolean; told?: boolean; config: string },
    ) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      try {
        const progress = options.told ? toldOf() : undefined;
        const result = await hunt(loaded, { incident, files }, { ...options, ...(progress && { progress }) });
        // Who shows it on a page shows the first ones: how many there are stands in the counts.
        if (options.told) result.detections?.splice(SHOWN);
        process.stdout.write(`${options.json ? JSON.stringify(result) : tellHunt(result)}\n`);
      } catch (thrown) {
        if (options.json && thrown instanceof TocsinError) {
          const { code, message } = thrown;
          process.stdout.write(`${JSON.stringify({ problem: { code, message } })}\n`);
        }
        process.stderr.write(`hunt: ${untriedSentence(thrown)}\n`);
        process.exitCode = 2;
      }
    },
  );
}

/** Searches and gives the incident what is found; throws what is wrong with the asking, before anything is read. */
export async function hunt(
  loaded: LoadedConfig,
  { incident, files }: { incident: string; files: readonly string[] },
  options: HuntOptions,
  clock: Clock = systemClock,
): Promise<HuntResult> {
  const bounds = boundsOf(files, options, clock.now());
  const read = readerOf(loaded, files, { options, bounds, clock });
  const reads = await openInstalledReads(loaded);
  try {
    const work = await workNamed(reads, loaded.config.facility.id, incident);
    const by = await searcherOf(reads, loaded.config.facility.id, options.by);
    const filter = { hosts: options.host, ...bounds, all: options.all ?? false };
    const asked: AskedHunt = { loaded, work, by, filter, read, clock };
    return options.dryRun ? await tryAsked(asked, reads) : await keepAsked(asked);
  } finally {
    await reads.close();
  }
}

const wrong = (message: string, remedy?: string) =>
  new TocsinError({ code: "bad_option", message, ...(remedy === undefined ? {} : { remedy }) });

/** Checks what was asked as far as the options tell; dates are in the zone of --zone. */
function boundsOf(
  files: readonly string[],
  options: HuntOptions,
  now: Instant,
): Pick<Hunt["filter"], "since" | "until"> {
  const bad = readOptionsError(options);
  if (bad !== undefined) throw wrong(bad);
  const { from, as } = options;
  if (files.length === 0 && from === undefined)
    throw wrong("nothing to search", "name a file, - for standard input, or a source with --from");
  if (files.length > 0 && from !== undefined) throw wrong("name files or --from, not both");
  if (from !== undefined && as !== undefined)
    throw wrong("--as is for files: a source of the configuration says itself what it sends");
  const [since, until] = (["since", "until"] as const).map((name) => {
    const text = options[name];
    if (text === undefined) return null;
    const at =
      readWholeDate(text, contextOf(options)) ?? readWholeDate(`${text}T00:00:00`, contextOf(options));
    if (at === undefined) throw wrong(`--${name}: "${text}" is no time`, "write 2026-11-15T03:00:00Z");
    if (at > now + AHEAD) throw wrong(`--${name}: ${text} is in the future`);
    if (at < now - OLDEST) throw wrong(`--${name}: ${text} is more than 10 years ago`, "check the year");
    return at;
  }) as [Instant | null, Instant | null];
  if (since !== null && until !== null && since > until)
    throw wrong(`--since ${options.since} is after --until ${options.until}`);
  if (from !== undefined && (since === null || until === null))
    throw wrong("--from asks for --since and --until", "an index is asked for a stretch of time");
  return { since, until };
}

/** What hands the records to a search; throws when the source is none that can be read. */
function readerOf(
  loaded: LoadedConfig,
  files: readonly string[],
  { options, bounds, clock }: { options: HuntOptions; bounds: ReturnType<typeof boundsOf>; clock: Clock },
): AskedHunt["read"] {
  const catalogue = catalogueFor(options, loaded.config.mappings);
  if (options.from === undefined) {
    const source = catalogue.named(options.as ?? "auto") ?? "auto";
    const context = { ...contextOf(options), received: clock.now() };
    const { input, progress } = options;
    return ({ take }) => huntFiles(files, { source, context, input, take, progress });
  }
  const source = askedSource(loaded, options.from);
  const connector = catalogue.named(source.connector);
  if (connector === undefined)
    throw new TocsinError({ code: "unknown_source", message: `no source is named ${source.connector}` });
  const [since, until] = [bounds.since ?? 0, bounds.until ?? 0];
  return async ({ take }) => {
    const { ask, close } = openAsk(source.index.settings, source.index.authorization);
    const bar = showProgress("ms of the time asked for", process.stderr);
    try {
      const progress = options.progress ?? bar.progress;
      return await huntIndex({ source, connector, ask, since, until, clock, take, progress });
    } finally {
      bar.stop();
      close();
    }
  };
}

/** Tells whoever started us how far it is, once in a while; without them nobody waits for the answer any more. */
function toldOf(): NonNullable<HuntOptions["progress"]> {
  process.stdin.on("close", () => process.kill(process.pid)).resume();
  (process.stdin as Partial<Socket>).unref?.();
  let last = Number.NEGATIVE_INFINITY;
  return (done, total) => {
    if (performance.now() - last < TOLD_EVERY_MS) return;
    last = performance.now();
    process.stderr.write(`${JSON.stringify({ done, total })}\n`);
  };
}

async function workNamed(reads: Reads, facility: string, name: string) {
  const work = await loadWork(reads, facility, (await reads.incidentNamed(facility, name)) ?? name);
  if (work === undefined)
    throw new TocsinError({
      code: "incident_unknown",
      message: `no incident has the reference ${name}`,
      remedy: "read it on the page of the incident",
    });
  const unfit = unfitForHunt(work);
  if (unfit !== undefined) throw new TocsinError({ code: unfit.code, message: unfit.because });
  return work;
}

/** Who searches: an account that may change incidents, else whoever has the server. */
async function searcherOf(reads: Reads, facility: string, login: string | undefined): Promise<Hunt["by"]> {
  if (login === undefined) return { account: null, name: `${userInfo().username} (en ligne de commande)` };
  const stored = await reads.accountByLogin(facility, login);
  if (stored === undefined || !mayAct(stored.content, "answer")) {
    const message = `--by ${login}: ${stored === undefined ? "no account has this login" : "this account may not change an incident"}`;
    throw new TocsinError({ code: "account_unfit", message });
  }
  return { account: stored.content.id, name: stored.content.name };
}
