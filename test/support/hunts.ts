import { createHash } from "node:crypto";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import type { HuntFilter } from "../../agent/core/hunt.ts";
import { DEFAULT_RULES } from "../../agent/setup.ts";
import type { SearchedRecord } from "../../agent/stages/hunt/open-search.ts";
import { planHunt, runHunt, storeSink } from "../../agent/stages/hunt/run-hunt.ts";
import { memorySink, tryHunt } from "../../agent/stages/hunt/try-hunt.ts";
import { parseText } from "../../agent/stages/ingest.ts";
import { loadWork } from "../../agent/stages/work.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { NIGHT } from "./incident.ts";
import type { Line, Stages } from "./pipeline.ts";

const LOADED = loadRules([DEFAULT_RULES]);
const RULES = compileRules(LOADED.rules);
const BY = { account: "acc-1", name: "Anne Martin" };

/** A line of a recording, as the sources of the stages write it. */
export function recorded({ minute = 0, host = "pacs-01", message, more = {} }: Line): string {
  const at = new Date((NIGHT + minute * MICROSECONDS.minute) / 1000).toISOString();
  return JSON.stringify({ "@timestamp": at, host, message, ...more });
}

export interface Searching {
  filter?: Partial<HuntFilter>;
  /** Stops after so many records, as a process that is killed does. */
  killedAfter?: number;
  name?: string;
}

async function started(stages: Stages, incident: string, { filter = {} }: Searching, dry: boolean) {
  const work = await loadWork(stages.store.reads, "ch-exemple", incident);
  if (work === undefined) throw new Error(`no incident ${incident}`);
  const memory = memorySink();
  const running = await runHunt({
    incident: work.incident,
    by: BY,
    filter: { hosts: [], since: null, until: null, all: false, ...filter },
    rules: RULES,
    correlations: LOADED.correlations,
    reads: stages.store.reads,
    setup: stages.setup,
    clock: stages.clock,
    sink: dry ? memory : storeSink(stages),
  });
  return { work, running, arrivals: memory.arrivals };
}

const readLine = (stages: Stages, text: string): SearchedRecord => ({
  alert: parseText("auto", text, { received: stages.clock.now(), zone: "UTC" }).alert,
});

const fileOf = (name: string, texts: readonly string[]) => {
  const text = texts.join("\n");
  const sha256 = createHash("sha256").update(text).digest("hex");
  return { what: "files" as const, files: [{ name, bytes: text.length, sha256 }] };
};

/** Searches a recording for an incident and has the sweeper end it; undefined when there was nothing new. */
export async function huntLines(
  stages: Stages,
  incident: string,
  texts: readonly string[],
  searching: Searching = {},
) {
  const { running } = await started(stages, incident, searching, false);
  for (const [i, text] of texts.entries()) {
    if (i === searching.killedAfter) {
      await running.flush();
      return undefined;
    }
    await running.take(readLine(stages, text));
  }
  const { hunt, payload } = await running.finish(fileOf(searching.name ?? "exports.ndjson", texts));
  if (payload === undefined) return { hunt, changed: false };
  const plan = planHunt(payload, { incident, setup: stages.setup, clock: stages.clock });
  await stages.store.commit({ facility: "ch-exemple", at: stages.clock.now(), writes: [plan] });
  while ((await stages.pipeline.advance()) > 0);
  while ((await stages.sweeper.sweep()) > 0);
  return { hunt, changed: true };
}

/** The same without keeping anything. */
export async function tryLines(
  stages: Stages,
  incident: string,
  texts: readonly string[],
  searching: Searching = {},
) {
  const { work, running, arrivals } = await started(stages, incident, searching, true);
  for (const text of texts) await running.take(readLine(stages, text));
  const { hunt } = await running.finish(fileOf(searching.name ?? "exports.ndjson", texts));
  const { store, setup, clock } = stages;
  const tried = await tryHunt(work, arrivals, { hunt, reads: store.reads, setup, now: clock.now() });
  return { hunt, arrivals, ...tried };
}
