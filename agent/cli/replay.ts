import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { type LoadedConfig, loadConfig, parseConfig } from "../../config/load.ts";
import { readWholeDate } from "../../connectors/shared/read-date.ts";
import { compileRules, matchAlert } from "../../rules/engine/rule-set.ts";
import { loadRuleFolders, plainFolders } from "../../rules/meanings/load-rule-folders.ts";
import { type Alert, AlertTag } from "../core/alert.ts";
import {
  type Clock,
  type Instant,
  instantFromIso,
  isoFromInstant,
  MICROSECONDS,
  systemClock,
} from "../core/clock.ts";
import { problemSentence, TocsinError } from "../core/errors.ts";
import { uuidv7 } from "../core/id.ts";
import { passingMasks, ruleFoldersOf, setupOf } from "../setup.ts";
import { openSweeper } from "../stages/effects/sweep.ts";
import { parseText } from "../stages/ingest.ts";
import { openPipeline } from "../stages/open-pipeline.ts";
import { loadWork, type Setup, type Work } from "../stages/work.ts";
import { makeSigningKey } from "../store/keys.ts";
import { openSqlite } from "../store/sqlite.ts";
import type { Store, StoredAlert, Write } from "../store/store.ts";
import { DEFAULT_CONFIG } from "./config-option.ts";
import { describeIncident, tellIncidents } from "./describe-incident.ts";
import { compareCounts, differences, readExpectations } from "./expectations.ts";
import { openOutput } from "./output.ts";
import {
  addReadOptions,
  catalogueFor,
  contextOf,
  type ReadOptions,
  readOptionsError,
  rulesPathError,
  untriedSentence,
} from "./read-options.ts";
import { readRecords } from "./records.ts";
import { repeated } from "./repeated.ts";
import { withProgress } from "./with-progress.ts";

interface ReplayOptions extends ReadOptions {
  config?: string;
  rules: string[];
  expect?: string;
  until?: string;
  json?: boolean;
}

/** Detections read together. */
const PAGE = 1000;
/** Alerts committed together. */
const BATCH = 500;
/** Event time that may pass before what waits is taken in, so that clocks ring about when they should. */
const STEP = MICROSECONDS.minute;

/** A facility without systems, for a recording replayed where nothing is configured. */
const BARE =
  "facility: { id: replay, name: Rejeu sans configuration, kind: autre, time_zone: UTC }\nmode: observe\n";

/** Beside this file stand no mappings of an installation. */
const NOWHERE = join(import.meta.dirname, "replay.yml");

const UNTIL = "until when nothing more came than the recording holds (Default: the time of its last record)";
const AT_THE_END = `
When the recording ends, a correlation with a "not" is decided as if nothing more came. What only time
can tell, an absence, holds when its time was over by the last record, or by --until; of the others it is
said how many still waited.`;

/** Registers `replay`: the whole pipeline on a recording, in a store of its own that is thrown away. */
export function replayCommand(program: Command): void {
  const command = program
    .command("replay")
    .description("run a recording through the whole pipeline in a temporary store; reaches nobody")
    .argument("[files...]", "files of records, gzip too (Default: standard input)")
    .option("--config <file>", `facility and systems (Default: ${DEFAULT_CONFIG} when it exists)`)
    .option("--rules <path>", "rules beside the default pack; may be repeated", repeated, [])
    .option("--expect <file>", "how often rules must match; exits with 1 when they match otherwise")
    .option("--until <time>", UNTIL)
    .option("--json", "print incidents as JSON")
    .addHelpText("after", AT_THE_END);
  addReadOptions(command, undefined).action(async (files: string[], options: ReplayOptions) => {
    const wrong = readOptionsError(options);
    if (wrong !== undefined) {
      process.exitCode = usage(wrong);
      return;
    }
    const directory = mkdtempSync(join(tmpdir(), "tocsin-replay-"));
    try {
      process.exitCode = await replay(files, options, directory);
    } catch (thrown) {
      process.exitCode = usage(untriedSentence(thrown));
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

async function replay(files: string[], options: ReplayOptions, directory: string): Promise<number> {
  const { config, assets } = loadedFor(options.config);
  const rules = loadRuleFolders([...ruleFoldersOf(config), ...plainFolders(options.rules)]);
  const nowhere = rulesPathError(options.rules, rules.refused);
  if (nowhere !== undefined) return usage(nowhere);
  for (const refused of rules.refused) process.stderr.write(`${problemSentence(refused)}\n`);
  const known = [...rules.rules, ...rules.correlations].map(({ rule }) => rule);
  const expectations = options.expect === undefined ? undefined : readExpectations(options.expect);
  // A name that is no rule's is told before an hour of recording is read.
  if (expectations !== undefined) compareCounts(expectations, known, new Map());
  const ruleSet = compileRules(rules.rules, { placeholders: config.placeholders });
  const source = catalogueFor(options, config.mappings).named(options.as ?? "auto") ?? "auto";

  // Everything follows the recording's own clock and a counter, so that twice the same gives twice the same.
  const clock = recordedClock();
  const newId = uuidv7(clock, counted());
  const setup: Setup = {
    ...setupOf({ config, assets }, newId, passingMasks({ config })),
    mode: "observe",
    notify: [],
    outbound: [],
  };
  const keyFile = join(directory, "key.pem");
  const store = openSqlite({
    file: join(directory, "replay.sqlite"),
    signingKey: makeSigningKey(keyFile),
    clock,
  });
  const pipeline = await openPipeline({ store, setup, clock, correlations: rules.correlations });
  const nobody = new Map<string, never>();
  const { sweep } = openSweeper({
    store,
    pipeline,
    setup,
    clock,
    owner: "replay",
    channels: nobody,
    outbounds: nobody,
    page: () => "",
    random: () => 0.5,
    signal: new AbortController().signal,
  });

  const context = contextOf(options);
  const until = options.until === undefined ? undefined : readWholeDate(options.until, context);
  if (options.until !== undefined && until === undefined)
    return usage(`--until: "${options.until}" is no time; write 2026-11-15T03:00:00Z`);

  const lines = new Map<string, number>();
  let waiting: Write[] = [];
  let since: Instant = 0;
  let last: Instant = 0;
  const counts = { records: 0, unread: 0, matched: 0, late: 0 };
  let latest = { line: 0, occurred: 0 };
  const take = async () => {
    if (waiting.length > 0)
      await store.commit({ facility: setup.facility.id, at: clock.now(), writes: waiting });
    waiting = [];
    while ((await pipeline.advance()) > 0);
    await sweep();
  };

  const records = (onRead?: (bytes: number) => void) => readRecords(files, { input: options.input, onRead });
  const shown = { stream: process.stderr, now: systemClock.now };
  for await (const record of options.json ? records() : withProgress(files, shown, records)) {
    counts.records++;
    const parsed = parseText(source, record, context);
    if (parsed.alert === undefined) {
      counts.unread++;
      continue;
    }
    const occurred = occurredOf(parsed.alert) ?? (clock.now() || context.received);
    last = Math.max(last, occurred);
    if (occurred > latest.occurred) latest = { line: record.line, occurred };
    else if (occurred < latest.occurred - MICROSECONDS.day) counts.late++;
    if (occurred - since >= STEP) {
      await take();
      clock.advance(occurred);
      await sweep();
      since = clock.now();
    }
    const matches = matchAlert(ruleSet, parsed.alert);
    if (matches.length === 0) continue;
    counts.matched++;
    const id = newId();
    lines.set(id, record.line);
    const alert: StoredAlert = {
      id,
      source: "replay",
      // The clock goes by steps, and correlations count no event after its receipt.
      received: Math.max(clock.now(), occurred),
      occurred,
      eventId: null,
      alert: parsed.alert,
    };
    waiting.push({
      write: "alert",
      alert,
      detections: matches.map((match) => ({ id: newId(), alert: id, ...match })),
    });
    if (waiting.length >= BATCH) await take();
  }
  await take();
  clock.advance(Math.max(last, until ?? 0));
  const open = await pipeline.finish();
  await sweep();

  const incidents = await allIncidents(store, setup);
  const outcomes =
    expectations === undefined
      ? undefined
      : compareCounts(expectations, known, await countsOf(store, setup.facility.id));
  const found = await Promise.all(
    incidents.map(async (work) =>
      setup.masks.every(await describeIncident(work, { store, setup, lines }), {
        incident: work.incident.id,
      }),
    ),
  );
  await store.close();
  const output = openOutput(process.stdout);
  await output.line(
    options.json ? JSON.stringify({ incidents: found, expectations: outcomes }) : tellIncidents(found),
  );
  await output.end();
  process.stderr.write(
    `${counts.records} records, ${counts.unread} unread, ${counts.matched} matched a rule, ${found.length} incidents\n`,
  );
  if (counts.late > 0) process.stderr.write(`${lateSentence(counts.late, latest)}\n`);
  if (open.length > 0) process.stderr.write(`${waitingSentence(open)}\n`);
  if (outcomes === undefined) return 0;
  const unmet = differences(outcomes);
  for (const line of unmet) process.stderr.write(`${line}\n`);
  process.stderr.write(`${outcomes.length} expectations, ${unmet.length} not met\n`);
  return unmet.length === 0 ? 0 : 1;
}

/** How many detections each rule made, by its id. */
async function countsOf(store: Store, facility: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let after = 0; ; ) {
    const page = await store.reads.detectionsAfter(facility, after, PAGE);
    for (const { detection } of page) counts.set(detection.rule.id, (counts.get(detection.rule.id) ?? 0) + 1);
    after = page.at(-1)?.detection.seq ?? after;
    if (page.length < PAGE) return counts;
  }
}

/** Says that time went back by more than a day, as in what is sorted newest first or holds one wrong date. */
function lateSentence(late: number, latest: { line: number; occurred: Instant }): string {
  const then = isoFromInstant(latest.occurred);
  return `${late} records are dated more than a day before one that stands above them, and count as late; sort the recording by time, or look at its latest date: ${then}, line ${latest.line}`;
}

/** Says of which correlations the end of the recording left groups undecided. */
function waitingSentence(open: readonly { title: string; groups: number }[]): string {
  const rules = open.map(({ title, groups }) => `${title} (${groups})`).join(", ");
  const all = open.reduce((sum, { groups }) => sum + groups, 0);
  return `${all} groups still waited for what had not come when the recording ended: ${rules}; --until says until when nothing more came`;
}

function usage(message: string): number {
  process.stderr.write(`replay: ${message}\n`);
  return 2;
}

function loadedFor(file: string | undefined): Pick<LoadedConfig, "config" | "assets"> {
  const path = file ?? DEFAULT_CONFIG;
  const { loaded, problems } =
    file === undefined && !existsSync(path) ? parseConfig(BARE, NOWHERE, null) : loadConfig(path, null);
  if (loaded !== undefined) return loaded;
  throw new TocsinError({
    code: "config_invalid",
    message: problems.map(problemSentence).join("\n"),
  });
}

/** When the record itself says it happened; what it does not say does not move the clock. */
function occurredOf(alert: Alert): Instant | undefined {
  const stated = alert["@timestamp"];
  if (stated === undefined || alert.tags?.includes(AlertTag.noTime)) return undefined;
  return instantFromIso(stated);
}

/** A clock that shows the latest event time seen; it never goes back. */
function recordedClock(): Clock & { advance(to: Instant): void } {
  let now = 0;
  return {
    now: () => now,
    advance(to) {
      now = Math.max(now, to);
    },
  };
}

/** Bytes that look random and are the same at every run. */
function counted(): (into: Uint8Array) => void {
  let turn = 0;
  return (into) => into.set(createHash("sha256").update(String(turn++)).digest().subarray(0, into.length));
}

async function allIncidents(store: Store, setup: Setup): Promise<Work[]> {
  const works: Work[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.reads.byState(setup.facility.id, "incident", [], { limit: 500, after });
    for (const { content } of page) {
      const work = await loadWork(store.reads, setup.facility.id, content.id);
      if (work !== undefined) works.push(work);
    }
    after = page.at(-1)?.content.id;
    if (page.length < 500) return works.sort((a, b) => a.incident.occurred - b.incident.occurred);
  }
}
