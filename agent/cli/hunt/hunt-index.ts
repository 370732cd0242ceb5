import type { LoadedConfig } from "../../../config/load.ts";
import type { Inbound } from "../../../connectors/contract.ts";
import { type Clock, type Instant, isoFromInstant } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";
import type { HuntRecord } from "../../core/hunt.ts";
import { intakeMetrics } from "../../intake/metrics.ts";
import type { Ask } from "../../intake/poll/ask.ts";
import { followIndex } from "../../intake/poll/follow-index.ts";
import { openIndex } from "../../intake/poll/open-index.ts";
import { PollFault } from "../../intake/poll/poll-fault.ts";
import type { PolledIndex } from "../../intake/sources.ts";
import { DUTIES } from "../../roles.ts";
import { intakeData } from "../../setup.ts";
import type { SearchedRecord } from "../../stages/hunt/open-search.ts";

/** A source that is asked for its documents. */
export interface AskedSource {
  id: string;
  connector: string;
  zone: string;
  index: PolledIndex;
}

/** Finds a source of the configuration that may be asked; throws `unknown_source`, or `not_polled`. */
export function askedSource(loaded: LoadedConfig, id: string): AskedSource {
  const { sources } = intakeData(loaded, DUTIES.all);
  const polled = sources.filter(({ poll }) => poll !== undefined).map((each) => each.id);
  const remedy =
    polled.length === 0
      ? "give the recording as a file: no source of the configuration is polled"
      : `one of ${polled.join(", ")}`;
  const source = sources.find((each) => each.id === id);
  if (source === undefined)
    throw new TocsinError({ code: "unknown_source", message: `--from ${id}: no such source`, remedy });
  if (source.poll === undefined)
    throw new TocsinError({
      code: "not_polled",
      message: `--from ${id}: this source sends by itself and cannot be asked`,
      remedy,
    });
  return { id, connector: source.connector, zone: source.zone, index: source.poll };
}

/**
 * Asks an index for its documents between two instants and hands them on, each once; where the live poll stands is
 * neither read nor moved. Throws `index_unreachable` with what the index said, or `index_partial`.
 */
export async function huntIndex(parts: {
  source: AskedSource;
  connector: Inbound;
  ask: Ask;
  since: Instant;
  until: Instant;
  clock: Clock;
  take: (record: SearchedRecord) => Promise<void>;
  progress: (done: number, total: number) => void;
}): Promise<HuntRecord> {
  const { source, connector, since, until, clock, take } = parts;
  const { settings } = source.index;
  const [from, to] = [Math.floor(since / 1000), Math.ceil(until / 1000)];
  const index = openIndex(settings, parts.ask);
  const { signal } = new AbortController();
  let read = 0;
  /** Documents that could not be read, not handed on yet. */
  let refused = 0;
  const handOnRefused = async () => {
    for (; refused > 0; refused--) await take({ alert: undefined });
  };
  const follower = followIndex({
    source: { id: source.id, connector, zone: source.zone },
    poll: { ...settings, start: isoFromInstant(from * 1000), overlap_seconds: 0 },
    index: { ...index, page: (place, stop) => index.page({ ...place, to }, stop) },
    bookmark: { read: async () => undefined, write: async () => undefined },
    taker: {
      async take(id, records) {
        await handOnRefused();
        for (const { alert, eventId = "" } of records) {
          read++;
          await take({ alert, event: { source: id, eventId } });
        }
        const last = records.at(-1)?.alert["@timestamp"];
        if (last !== undefined) parts.progress(Math.max(0, Date.parse(last) - from), to - from);
        return records.map(() => "irrelevant");
      },
      quarantine() {
        read++;
        refused++;
      },
      unrecognised: () => undefined,
    },
    clock,
    metrics: intakeMetrics(),
  });
  try {
    for (let again = true; again; ) {
      const round = await follower.round(signal);
      if (round.outcome === "partial")
        throw new TocsinError({
          code: "index_partial",
          where: source.id,
          message: "part of the index did not answer: not everything was read",
          remedy: "run it again once the index is whole; what was found is kept, and nothing is taken twice",
        });
      again = round.again;
    }
    await handOnRefused();
    if (read === 0 && !(await index.hasTimeField(signal)))
      throw new PollFault("refused", `the index has no date field ${settings.time_field}`);
  } catch (error) {
    if (!(error instanceof PollFault)) throw error;
    throw new TocsinError(
      {
        code: "index_unreachable",
        where: `${source.id} (${settings.url})`,
        message: `${error.kind}: ${error.message}`,
        remedy: "run it again: what was found so far is kept, and nothing is taken twice",
      },
      { cause: error },
    );
  }
  return {
    what: "query",
    source: source.id,
    index: settings.index,
    query: settings.query ?? null,
    since,
    until,
  };
}
