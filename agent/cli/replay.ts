import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { loadConfig, parseConfig } from "../../config/load.ts";
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
import { INCIDENT_STATES } from "../core/incident.ts";
import { CRITERION_VALUES, DEGREE_LABELS, VERDICTS } from "../core/qualification.ts";
import { passingMasks, ruleFoldersOf, setupOf } from "../setup.ts";
import { parseText } from "../stages/ingest.ts";
import { openPipeline } from "../stages/pipeline.ts";
import { describeFact } from "../stages/qualify.ts";
import { openSweeper } from "../stages/sweep.ts";
import { loadWork, type Setup, type Work } from "../stages/work.ts";
import { makeSigningKey } from "../store/keys.ts";
import { openSqlite } from "../store/sqlite.ts";
import type { Store, StoredAlert, StoredDetection, Write } from "../store/store.ts";
import { DEFAULT_CONFIG } from "./config-option.ts";
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
import { withProgress } from "./with-progress.ts";

interface ReplayOptions extends ReadOptions {
  config?: string;
  rules: string[];
  expect?: string;
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

/** Registers `replay`: the whole pipeline on a recording, in a store of its own that is thrown away. */
export function replayCommand(program: Command): void {
  const command = program
    .command("replay")
    .description("run a recording through the whole pipeline in a temporary store; reaches nobody")
    .argument("[files...]", "files of records, gzip too (Default: standard input)")
    .option("--config <file>", `facility and systems (Default: ${DEFAULT_CONFIG} when it exists)`)
    .option(
      "--rules <path>",
      "rules beside the default pack; may be repeated",
      (path: string, all: string[]) => [...all, path],
      [],
    )
    .option("--expect <file>", "how often rules must match; exits with 1 when they match otherwise")
    .option("--json", "print incidents as JSON");
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
  const config = configFor(options.config);
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
    ...setupOf({ config }, newId, passingMasks({ config })),
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

  const lines = new Map<string, number>();
  let waiting: Write[] = [];
  let since: Instant = 0;
  const counts = { records: 0, unread: 0, matched: 0 };
  const take = async () => {
    if (waiting.length > 0)
      await store.commit({ facility: setup.facility.id, at: clock.now(), writes: waiting });
    waiting = [];
    while ((await pipeline.advance()) > 0);
    await sweep();
  };

  const context = contextOf(options);
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

  const incidents = await allIncidents(store, setup);
  const outcomes =
    expectations === undefined
      ? undefined
      : compareCounts(expectations, known, await countsOf(store, setup.facility.id));
  const found = await Promise.all(
    incidents.map(async (work) =>
      setup.masks.every(await describe(work, store, setup, lines), { incident: work.incident.id }),
    ),
  );
  await store.close();
  const output = openOutput(process.stdout);
  await output.line(
    options.json ? JSON.stringify({ incidents: found, expectations: outcomes }) : tell(found),
  );
  await output.end();
  process.stderr.write(
    `${counts.records} records, ${counts.unread} unread, ${counts.matched} matched a rule, ${found.length} incidents\n`,
  );
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

function usage(message: string): number {
  process.stderr.write(`replay: ${message}\n`);
  return 2;
}

function configFor(file: string | undefined) {
  const path = file ?? DEFAULT_CONFIG;
  const { loaded, problems } =
    file === undefined && !existsSync(path) ? parseConfig(BARE, NOWHERE, null) : loadConfig(path, null);
  if (loaded !== undefined) return loaded.config;
  throw new TocsinError({
    code: "config_invalid",
    where: path,
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

/** What a replay says of one incident. */
type Replayed = Awaited<ReturnType<typeof describe>>;

async function describe(work: Work, store: Store, setup: Setup, lines: ReadonlyMap<string, number>) {
  const { incident, facts, qualification, others, deadlines } = work;
  const joined = await store.reads.detectionsOf(setup.facility.id, incident.id, 1_000_000);
  return {
    id: incident.id,
    reference: incident.reference,
    state: incident.state,
    occurred: isoFromInstant(incident.occurred),
    last_alert: isoFromInstant(incident.last_alert),
    systems: incident.systems,
    causes: incident.causes,
    alerts: alertsOf(joined, lines),
    facts: facts.map((fact) => ({
      fact: fact.kind,
      holds: fact.holds,
      system: fact.system,
      subjects: fact.subjects,
      since: isoFromInstant(fact.since),
      until: fact.until === null ? null : isoFromInstant(fact.until),
      because: describeFact(fact, setup.systems),
      alerts: fact.alerts,
    })),
    criteria: (qualification?.criteria ?? []).map(
      ({ id, label, article, legal, value, degree, because }) => ({
        id,
        value,
        degree,
        label,
        article,
        legal,
        because: because.map((each) => each.text),
      }),
    ),
    verdict: qualification?.verdict ?? "watching",
    sentence: qualification?.sentence ?? VERDICTS.watching,
    questions: (qualification?.questions ?? []).map((question) => question.text),
    regimes: [...(qualification ? [qualification] : []), ...others].map((each) => ({
      regime: each.regime,
      version: each.regime_version,
      leads: each.leads !== false,
      verdict: each.verdict,
      sentence: each.sentence,
      criteria: each.criteria.map(({ id, value, degree }) => ({ id, value, degree })),
      remarks: each.remarks ?? [],
      clocks: deadlines
        .filter((clock) => clock.regime === each.regime && clock.void !== true)
        .map(({ label, from, started, due, settled_by }) => ({
          label,
          from,
          started: isoFromInstant(started),
          due: due === null ? null : isoFromInstant(due),
          proposed: settled_by !== undefined,
        })),
    })),
  };
}

function alertsOf(
  joined: { detection: StoredDetection; alert: StoredAlert }[],
  lines: ReadonlyMap<string, number>,
) {
  const alerts = new Map<
    string,
    { id: string; line: number | null; "@timestamp": string; host: string | null; rules: string[] }
  >();
  for (const { detection, alert } of joined) {
    const known = alerts.get(alert.id);
    if (known !== undefined) known.rules.push(detection.rule.title);
    else {
      alerts.set(alert.id, {
        id: alert.id,
        line: lines.get(alert.id) ?? null,
        "@timestamp": isoFromInstant(alert.occurred),
        host: alert.alert.host?.name ?? null,
        rules: [detection.rule.title],
      });
    }
  }
  return [...alerts.values()];
}

function tell(incidents: readonly Replayed[]): string {
  if (incidents.length === 0) return "Aucun incident.";
  return incidents
    .map((incident) => {
      const criteria = incident.criteria.map(
        ({ id, label, value, degree }) =>
          `  ${id} ${label} : ${CRITERION_VALUES[value]}${degree === null ? "" : ` (${DEGREE_LABELS[degree]})`}`,
      );
      return [
        `Incident ${incident.reference} · ${INCIDENT_STATES[incident.state]} · depuis ${incident.occurred} · ${incident.alerts.length} alerte(s)`,
        `  ${incident.sentence}`,
        ...incident.facts.map((fact) => `  - ${fact.since} ${fact.because}`),
        ...criteria,
        ...incident.regimes
          .filter(({ leads, verdict }) => !leads && verdict !== "not_applicable")
          .map(({ regime, sentence }) => `  [${regime}] ${sentence}`),
      ].join("\n");
    })
    .join("\n\n");
}
