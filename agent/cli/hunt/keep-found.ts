import { setTimeout } from "node:timers/promises";
import type { LoadedConfig } from "../../../config/load.ts";
import { compileRules, type RuleSet } from "../../../rules/engine/rule-set.ts";
import { loadRuleFolders } from "../../../rules/meanings/load-rule-folders.ts";
import { type Clock, isoFromInstant, MICROSECONDS } from "../../core/clock.ts";
import { problemSentence, TocsinError } from "../../core/errors.ts";
import type { Hunt, HuntOutcome, HuntRecord, HuntResult } from "../../core/hunt.ts";
import { uuidv7 } from "../../core/id.ts";
import type { Incident } from "../../core/incident.ts";
import { masksOf, ownSecret, passingMasks, ruleFoldersOf, setupOf, stateFiles } from "../../setup.ts";
import { carryOutHunt, type HuntPayload } from "../../stages/hunt/carry-out-hunt.ts";
import { planHunt, type RunningHunt, runHunt, storeSink } from "../../stages/hunt/run-hunt.ts";
import { describeRecord } from "../../stages/hunt/settle-hunt.ts";
import { memorySink, tryHunt } from "../../stages/hunt/try-hunt.ts";
import { openPipeline } from "../../stages/open-pipeline.ts";
import type { Setup, Work } from "../../stages/work.ts";
import type { Reads, Store, Write } from "../../store/store.ts";
import { openInstalled } from "../config-option.ts";
import { type HeldRecord, holdRecord } from "../hold-record.ts";
import { listDetections, listFacts } from "./tell-hunt.ts";

/** How long a running daemon is waited for. */
const PATIENCE = MICROSECONDS.minute;
const LOOK_EVERY_MS = 200;

/** A search that is ready to begin. */
export interface AskedHunt {
  loaded: LoadedConfig;
  work: Work;
  by: Hunt["by"];
  filter: Hunt["filter"];
  /** Hands every record to the search; says what was read. */
  read: (running: RunningHunt) => Promise<HuntRecord>;
  clock: Clock;
}

type Rules = { rules: RuleSet; correlations: ReturnType<typeof loadRuleFolders>["correlations"] };

/** Says what a search would give its incident; nothing is kept. */
export async function tryAsked(asked: AskedHunt, reads: Reads): Promise<HuntResult> {
  const { loaded, work, clock } = asked;
  const setup = setupOf(loaded, uuidv7(clock), passingMasks(loaded));
  const sink = memorySink();
  const running = await runHunt({
    ...asked,
    ...rulesOf(loaded),
    incident: work.incident,
    reads,
    setup,
    sink,
  });
  const { hunt } = await running.finish(await asked.read(running));
  const tried = await tryHunt(work, sink.arrivals, { hunt, reads, setup, now: clock.now() });
  const result: HuntResult = {
    ...resultOf(hunt, tried.outcome, { incident: tried.after.incident, setup }),
    dry_run: true,
    state: tried.outcome === undefined ? "would_not_change" : "would_change",
    detections: listDetections(sink.arrivals),
    facts: listFacts(tried.facts, setup),
  };
  // Lines name machines and people: no patient leaves with them.
  return setup.masks.every(result, { incident: work.incident.id });
}

/** Searches and gives the incident what is found: by itself, or by the daemon that runs. */
export async function keepAsked(asked: AskedHunt): Promise<HuntResult> {
  const { loaded, work, clock } = asked;
  const { incident } = work;
  const rules = rulesOf(loaded);
  const held = await holdUnlessRunning(loaded);
  const { store } = await openInstalled(loaded);
  try {
    const masks = masksOf(loaded.config, ownSecret(stateFiles(loaded.stateDirectory).maskSecret));
    const setup = setupOf(loaded, uuidv7(clock), masks);
    const { reads } = store;
    const sink = storeSink({ store, setup, clock });
    const running = await runHunt({ ...asked, ...rules, incident, reads, setup, sink });
    const { hunt, payload } = await running.finish(await asked.read(running));
    if (payload === undefined)
      return { ...resultOf(hunt, undefined, { incident, setup }), state: "unchanged" };
    const plan = planHunt(payload, { incident: incident.id, setup, clock });
    // Planned before it is carried out: a search cut short here is ended by the next daemon.
    await store.commit({ facility: setup.facility.id, at: clock.now(), writes: [plan] });
    const carried = { key: plan.effect.key, incident: incident.id, store, setup, clock };
    const because = held === undefined ? await daemonHasIt(carried) : await carryOut(payload, carried, rules);
    if (because === undefined) return { ...resultOf(hunt, undefined, { incident, setup }), state: "waiting" };
    const after = await standing(reads, incident);
    const outcome = after.hunts?.find(({ id }) => id === hunt.id);
    if (outcome === undefined) throw new TocsinError({ code: "hunt_refused", message: because });
    const result: HuntResult = { ...resultOf(hunt, outcome, { incident: after, setup }), state: "settled" };
    return setup.masks.every(result, { incident: incident.id });
  } finally {
    await store.close();
    await held?.release();
  }
}

function rulesOf({ config }: LoadedConfig): Rules {
  const found = loadRuleFolders(ruleFoldersOf(config));
  for (const refused of found.refused) process.stderr.write(`${problemSentence(refused)}\n`);
  return {
    rules: compileRules(found.rules, { placeholders: config.placeholders }),
    correlations: found.correlations,
  };
}

/** Undefined while a daemon holds the record: it then takes in what is found. */
async function holdUnlessRunning(loaded: LoadedConfig): Promise<HeldRecord | undefined> {
  try {
    return await holdRecord(loaded);
  } catch (error) {
    if (error instanceof TocsinError && error.code === "state_in_use") return undefined;
    throw error;
  }
}

interface Carried {
  /** Of the effect that ends the search. */
  key: string;
  incident: string;
  store: Store;
  setup: Setup;
  clock: Clock;
}

/** No daemon runs: what was found is taken in here; says what came of it. */
async function carryOut(payload: HuntPayload, carried: Carried, { correlations }: Rules): Promise<string> {
  const { key, incident, store, setup, clock } = carried;
  const commit = (write: Write) =>
    store.commit({ facility: setup.facility.id, at: clock.now(), writes: [write] });
  await commit({ write: "claim", key, fence: 0, owner: "hunt" });
  const pipeline = await openPipeline({ store, setup, clock, correlations });
  while ((await pipeline.advance()) > 0);
  const done = await carryOutHunt(incident, payload, { store, pipeline, setup });
  const because = done.outcome === "refused" ? done.because : "recherche prise en compte";
  await commit({ write: "settle", key, fence: 1, state: "done", because });
  return because;
}

/** Waits until the daemon has carried the effect out, and says what came of it; undefined when it takes its time. */
async function daemonHasIt({ key, incident, store, setup, clock }: Carried): Promise<string | undefined> {
  const until = clock.now() + PATIENCE;
  while (clock.now() < until) {
    const effects = await store.reads.effectsOf(setup.facility.id, incident);
    const done = effects.find((effect) => effect.key === key && effect.state === "done");
    if (done !== undefined) return done.because ?? "";
    await setTimeout(LOOK_EVERY_MS);
  }
  return undefined;
}

/** The incident, or the one that it went into meanwhile. */
async function standing(reads: Reads, incident: Incident): Promise<Incident> {
  for (let id = incident.id; ; ) {
    const found = (await reads.record(incident.facility, "incident", id))?.content;
    if (found?.state !== "merged" || found.merged_into === undefined) return found ?? incident;
    id = found.merged_into;
  }
}

function resultOf(
  hunt: Hunt,
  outcome: HuntOutcome | undefined,
  { incident, setup }: { incident: Work["incident"]; setup: Setup },
): Omit<HuntResult, "state"> {
  const began = outcome?.began ?? null;
  return {
    dry_run: false,
    incident: incident.reference,
    what: describeRecord(hunt.record, setup.facility.time_zone),
    counts: hunt.counts,
    beginning:
      began === null ? null : { before: isoFromInstant(began), after: isoFromInstant(incident.occurred) },
    criteria: outcome?.criteria ?? [],
  };
}
