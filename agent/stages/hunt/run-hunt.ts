import type { LoadedCorrelation } from "../../../rules/engine/correlation/correlation.ts";
import type { RuleSet } from "../../../rules/engine/rule-set.ts";
import { canonicalJson } from "../../core/canonical-json.ts";
import type { Clock } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";
import type { Hunt, HuntCounts, HuntFilter, HuntRecord } from "../../core/hunt.ts";
import type { Incident } from "../../core/incident.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Reads, Store, Write } from "../../store/store.ts";
import { breather } from "../breather.ts";
import type { Setup } from "../work.ts";
import type { HuntPayload } from "./carry-out-hunt.ts";
import { type Found, openSearch, type SearchedRecord } from "./open-search.ts";
import { readKnown } from "./read-known.ts";

/** Alerts committed together. */
const BATCH = 200;

/** What keeps or only looks at what a search finds, in order. */
export interface HuntSink {
  put(found: Found): Promise<void>;
  /** The last detection that was kept; 0 when none was. */
  through(): Promise<number>;
}

/** A search of old records for one incident, record by record. */
export interface RunningHunt {
  take(record: SearchedRecord): Promise<void>;
  /** Ends it: undefined when there is nothing that the incident does not know. Throws `nothing_recognised`. */
  finish(record: HuntRecord): Promise<{ hunt: Hunt; payload: HuntPayload | undefined }>;
  /** Resolves once all that was found so far is kept. */
  flush(): Promise<void>;
  counts: HuntCounts;
}

/** Begins a search; what it finds goes to the sink as it is found, so that a search cut short loses nothing. */
export async function runHunt(parts: {
  incident: Incident;
  by: Hunt["by"];
  filter: HuntFilter;
  rules: RuleSet;
  correlations: readonly LoadedCorrelation[];
  reads: Reads;
  setup: Setup;
  clock: Clock;
  sink: HuntSink;
}): Promise<RunningHunt> {
  const { incident, by, filter, sink } = parts;
  const known = await readKnown(parts.reads, incident, parts.setup);
  const search = openSearch({ ...parts, known });
  const breathe = breather();
  const put = async (found: readonly Found[]) => {
    for (const each of found) await sink.put(each);
  };
  return {
    counts: search.counts,
    flush: async () => void (await sink.through()),
    async take(record) {
      await put(await search.take(record));
      await breathe();
    },
    async finish(record) {
      if (search.counts.read > 0 && search.recognised() === 0)
        throw new TocsinError({
          code: "nothing_recognised",
          message: `none of ${search.counts.read} records was recognised`,
          remedy: "say what they are with --as, and how they lie with --input",
        });
      await put(await search.finish());
      const through = await sink.through();
      const counts = withoutNone(search.counts);
      const id = idOf(incident.id, record, filter);
      const hunt: Hunt = { id, by, record, filter, counts };
      const settled =
        counts.kept + search.pending() === 0 &&
        known.hunted === (incident.hunted ?? 0) &&
        incident.hunts?.some((each) => each.id === id) === true;
      return { hunt, payload: settled ? undefined : { hunt, through } };
    },
  };
}

/** Keeps what is found in the store, for the incident that it is marked with. */
export function storeSink({
  store,
  setup,
  clock,
}: {
  store: Pick<Store, "commit" | "reads">;
  setup: Setup;
  clock: Clock;
}): HuntSink {
  const facility = setup.facility.id;
  let waiting: Found[] = [];
  let last: Found["alert"] | undefined;

  async function flush(): Promise<void> {
    const writes: Write[] = waiting.map(({ alert, detections }) => ({ write: "alert", alert, detections }));
    last = waiting.at(-1)?.alert ?? last;
    waiting = [];
    if (writes.length === 0) return;
    const receipt = await store.commit({ facility, at: clock.now(), writes });
    if (receipt.outcome === "conflict") throw new Error(`alerts refused by the store: ${receipt.because}`);
  }

  const seqOf = async (alert: Found["alert"]): Promise<number[]> =>
    ((await store.reads.event(facility, alert))?.detections ?? []).map(({ seq }) => seq);

  return {
    async put(found) {
      if (found.counted.length > 0) {
        // Which numbers they have, only the store knows.
        await flush();
        const based_on = (await Promise.all(found.counted.map(seqOf))).flat();
        waiting.push({ ...found, detections: found.detections.map((each) => ({ ...each, based_on })) });
      } else waiting.push(withoutBase(found));
      if (waiting.length >= BATCH) await flush();
    },
    async through() {
      await flush();
      return last === undefined ? 0 : Math.max(0, ...(await seqOf(last)));
    },
  };

  /** What it counted is not the record's own: numbers of this search mean nothing there. */
  function withoutBase(found: Found): Found {
    return { ...found, detections: found.detections.map(({ based_on: _, ...each }) => each) };
  }
}

/** The write that has the pipeline end a search. */
export function planHunt(
  payload: HuntPayload,
  { incident, setup, clock }: { incident: string; setup: Setup; clock: Clock },
): Write & { write: "plan" } {
  const key = `clock:${setup.facility.id}:${incident}:hunt:${payload.hunt.id}:${setup.newId()}`;
  return { write: "plan", effect: { key, kind: "clock", incident, due: clock.now(), payload } };
}

/** The same texts under other names are the same search. */
function idOf(incident: string, record: HuntRecord, filter: HuntFilter): string {
  const searched = record.what === "files" ? record.files.map(({ sha256 }) => sha256) : record;
  return sha256Hex(canonicalJson({ incident, searched, filter })).slice(0, 32);
}

function withoutNone(counts: HuntCounts): HuntCounts {
  const left_out = Object.fromEntries(Object.entries(counts.left_out).filter(([, count]) => count !== 0));
  return { ...counts, left_out };
}
