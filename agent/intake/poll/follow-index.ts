import { setImmediate } from "node:timers/promises";
import type { Poll } from "../../../config/poll.ts";
import { textOf } from "../../../connectors/shared/json.ts";
import { type Alert, AlertTag } from "../../core/alert.ts";
import { type Clock, isoFromInstant } from "../../core/clock.ts";
import type { IntakeMetrics } from "../metrics.ts";
import type { TextSource } from "../sources.ts";
import { readable, type Taker } from "../taker.ts";
import { openTurns } from "../turns.ts";
import { type OpenIndex, type Place, sortsUniquely } from "./open-index.ts";
import { PollFault } from "./poll-fault.ts";
import { identityOf, readDocument } from "./read-document.ts";
import type { Hit, Page } from "./read-page.ts";

/** Pages of one round: a view is not held for longer, since it keeps the index from tidying up. */
const ROUND_PAGES = 200;
/** Documents matched, and stored in one unit, before other sources have their turn. */
const TURN = 100;
/** Pages that may end no further than one before: while a page grows until it holds all that share one time. */
const STANDSTILL = 20;
/** Documents remembered as taken; those forgotten are matched again, and the store knows them. */
const REMEMBERED = 200_000;
/** Documents that an index gives at once by default (`index.max_result_window`). */
const LARGEST_PAGE = 10_000;

/** Where a reading stands, kept with the record. */
export interface Bookmark {
  read(): Promise<string | undefined>;
  write(content: string): Promise<void>;
}

/** What a bookmark says: through which time all is read, or since when, on our clock, the first answer is waited for. */
type Stand = { through: string } | { since: string };

/** What a round came to; `again` when the next one need not wait. */
export interface Round {
  outcome: "documents" | "empty" | "partial";
  again: boolean;
}

/** Follows an index: each document that is indexed within the overlap of its own time is taken once. */
export interface Follower {
  /** Reads what is there. Rejects with a PollFault, or with why it could not be stored. */
  round(signal: AbortSignal): Promise<Round>;
  /** Pages read so far. */
  pages(): number;
  /** How far the cursor is behind the cluster's clock, seconds. */
  lagSeconds(): number | undefined;
}

/** One reading from the overlap to what is newest, over one round or several. Times are in milliseconds. */
interface Pass {
  /** The cluster's time before it: the cursor goes no further, for what is indexed later may be of any time before. */
  now: number;
  /** Earliest time still to be read. */
  from: number;
  /** The last time read. */
  reached: number | undefined;
  /** Whether every shard answered every time. */
  whole: boolean;
}

/** Builds what follows the index of a source. */
export function followIndex(parts: {
  source: TextSource;
  poll: Poll;
  index: OpenIndex;
  bookmark: Bookmark;
  taker: Pick<Taker, "take" | "quarantine" | "unrecognised">;
  clock: Clock;
  metrics: IntakeMetrics;
}): Follower {
  const { source, poll, index, bookmark, taker, clock, metrics } = parts;
  const labels = { source: source.id, transport: "poll" };
  const received = metrics.received.of(labels);
  const overlap = poll.overlap_seconds * 1000;
  const turns = openTurns(parts);
  /** Where the reading stood before this process: what is read again after a start says nothing of the source. */
  let before = Number.NEGATIVE_INFINITY;
  /** Taken, with their times; the window is read again in every pass. */
  const seen = new Map<string, number>();
  /** Everything of before is taken, save what comes later than the overlap. */
  let cursor: number | undefined;
  let stands: Stand | undefined;
  /** Where readings stand while part of the index does not answer: the cursor waits, alerts do not. */
  let ahead: number | undefined;
  let pass: Pass | undefined;
  let pagesRead = 0;
  /** The cluster's clock less ours, microseconds. */
  let offset = 0;

  async function begin(signal: AbortSignal): Promise<Pass> {
    stands ??= await firstStand();
    const now = await index.now(signal);
    offset = now * 1000 - clock.now();
    if (cursor === undefined) {
      cursor = "through" in stands ? Date.parse(stands.through) : firstCursor(now, stands.since);
      await stand(cursor);
    }
    // A cursor ahead of their clock, which was set back, would pass over what comes until then.
    cursor = Math.min(cursor, now);
    return { now, from: (ahead ?? cursor) - overlap, reached: undefined, whole: true };
  }

  async function firstStand(): Promise<Stand> {
    const stored = standOf(await bookmark.read());
    if (stored === undefined) {
      // Written before the index ever answered, so that a restart until then forgets no document.
      const since: Stand = { since: isoFromInstant(clock.now()) };
      await bookmark.write(JSON.stringify(since));
      return since;
    }
    if ("through" in stored) before = Date.parse(stored.through);
    return stored;
  }

  /** Where the first reading begins; how long it had to wait, any clock can tell. */
  function firstCursor(now: number, since: string): number {
    if (poll.start !== "now") return Date.parse(poll.start) + overlap;
    const waited = clock.now() / 1000 - Date.parse(since);
    return now - Math.max(0, Math.floor(waited));
  }

  async function stand(through: number): Promise<void> {
    await bookmark.write(JSON.stringify({ through: new Date(through).toISOString() } satisfies Stand));
  }

  /** Reads the pages of one round; true when nothing is left. */
  async function readPages(here: Pass, signal: AbortSignal): Promise<{ ended: boolean; taken: number }> {
    const first = here.from;
    const fresh: Place = {
      from: first,
      after: undefined,
      view: undefined,
      size: poll.page_size,
      sources: true,
    };
    let place = fresh;
    let refusedSize = Number.POSITIVE_INFINITY;
    let taken = 0;
    /** What the furthest page ended at, and pages since. */
    let furthest: readonly unknown[] = [];
    let still = 0;
    try {
      for (let pages = 1; ; ) {
        let page: Page & { bytes: number };
        try {
          page = await index.page(place, signal);
        } catch (error) {
          const kind = error instanceof PollFault ? error.kind : undefined;
          if (kind === "too_large" && place.sources) {
            refusedSize = Math.min(refusedSize, place.size);
            place = place.size > 1 ? { ...place, size: place.size >> 1 } : { ...place, sources: false };
          } else if (kind === "index_missing" && place.view !== undefined) {
            // The view has expired, or its node is gone.
            place = { ...fresh, from: here.from };
          } else throw error;
          continue;
        }
        if (page.shards === 0) throw new PollFault("index_missing", `no index is named ${poll.index}`);
        metrics.bytes.of(labels).count += page.bytes;
        taken += await take(page.hits, place.sources);
        await moveOn(here, page);
        pagesRead++;
        if (page.view !== undefined && place.view !== undefined)
          place = { ...place, view: { ...place.view, id: page.view } };
        const last = page.hits.at(-1);
        if (last === undefined || page.hits.length < place.size) return { ended: true, taken };
        if (isAfter(last.sort, furthest)) {
          furthest = last.sort;
          still = 0;
        } else if (++still > STANDSTILL)
          throw new PollFault("malformed", "the index gives the same documents again and again");
        here.from = last.time;
        // Never between documents of one time: the next round begins with that time anew.
        if (pages >= ROUND_PAGES && last.time > first) return { ended: false, taken };
        const view = pages === 1 ? await index.openView(signal) : undefined;
        // A view numbers its documents anew.
        if (view !== undefined) furthest = [];
        place =
          view === undefined ? nextPlace(place, page.hits, refusedSize) : { ...fresh, from: last.time, view };
        pages++;
      }
    } finally {
      if (place.view !== undefined && !signal.aborted) await index.closeView(place.view, signal);
    }
  }

  /** Where the page after these hits begins. */
  function nextPlace(place: Place, hits: readonly Hit[], refusedSize: number): Place {
    const last = hits.at(-1)?.sort ?? [];
    const next = { ...place, size: Math.min(poll.page_size, place.size * 2), sources: true };
    if (sortsUniquely(place)) return { ...next, after: last };
    // Shards count by themselves: what equals the last hit may lie beyond, so that the page is begun before it.
    const before = hits.findLast(({ sort }) => sort.some((value, i) => value !== last[i]));
    if (before !== undefined) return { ...next, after: before.sort };
    const size = place.size * 2;
    // Equals that no page can hold are passed over: as many shards, or two documents as large as an answer may be.
    return size > LARGEST_PAGE || size >= refusedSize ? { ...next, after: last } : { ...place, size };
  }

  /** Takes what is new of a page, and remembers it; resolves once its alerts are durable. */
  async function take(hits: readonly Hit[], sources: boolean): Promise<number> {
    const pause = turns.pauses();
    const fresh = hits.filter((hit) => !seen.has(identityOf(hit)));
    for (let i = 0; i < fresh.length; i += TURN) {
      const turn = fresh.slice(i, i + TURN);
      const records: { alert: Alert; eventId: string }[] = [];
      for (const hit of turn) {
        await pause();
        records.push(...recordsOf(hit, sources));
      }
      await taker.take(source.id, records);
      for (const hit of turn) seen.set(identityOf(hit), hit.time);
      if (seen.size > REMEMBERED) forget();
      await setImmediate();
    }
    if (fresh.length === 0) return 0;
    received.count += fresh.length;
    if (fresh.some(({ time }) => time > before))
      metrics.lastSeen.set({ source: source.id }, Math.floor(clock.now() / 1_000_000));
    return fresh.length;
  }

  function recordsOf(hit: Hit, sources: boolean): { alert: Alert; eventId: string }[] {
    const eventId = identityOf(hit);
    if (!sources) {
      const message = `the document ${eventId} is over ${poll.response_bytes} bytes`;
      taker.quarantine(source.id, "document_too_large", message, "");
      return [];
    }
    const parsed = readDocument(source.connector, hit, { received: clock.now(), zone: source.zone });
    if (parsed.error !== undefined)
      taker.quarantine(source.id, parsed.error.code, parsed.error.message, textOf(hit.source));
    else if (parsed.alert.tags?.includes(AlertTag.unrecognised))
      taker.unrecognised(source.id, textOf(hit.source));
    return readable(parsed) ? [{ alert: parsed.alert, eventId }] : [];
  }

  async function moveOn(here: Pass, { hits, whole }: Page): Promise<void> {
    here.whole &&= whole;
    here.reached = hits.at(-1)?.time ?? here.reached;
    if (!here.whole || ahead !== undefined || here.reached === undefined) return;
    // A document dated in the future is taken, and leaves the cursor where the present is.
    const to = Math.min(here.now, here.reached);
    if (cursor !== undefined && to <= cursor) return;
    await stand(to);
    cursor = to;
  }

  /** Closes a pass; true when the next one has reason to follow at once. */
  function conclude(here: Pass): boolean {
    pass = undefined;
    const wasAhead = ahead !== undefined;
    if (here.whole) ahead = undefined;
    else if (here.reached !== undefined) ahead = Math.max(ahead ?? 0, Math.min(here.now, here.reached));
    forget();
    return here.whole && wasAhead;
  }

  function forget(): void {
    const window = (cursor ?? 0) - overlap;
    for (const [identity, time] of seen) if (time < window || seen.size > REMEMBERED) seen.delete(identity);
  }

  return {
    async round(signal) {
      // One that fails goes on where it stood: else what fails now and then would never come to its end.
      pass ??= await begin(signal);
      const here = pass;
      const { ended, taken } = await readPages(here, signal);
      const again = ended ? conclude(here) : true;
      return { outcome: here.whole ? (taken > 0 ? "documents" : "empty") : "partial", again };
    },
    pages: () => pagesRead,
    lagSeconds: () =>
      cursor === undefined ? undefined : Math.max(0, (clock.now() + offset) / 1_000_000 - cursor / 1000),
  };
}

/** Whether documents sorted by these come after those sorted by the others. */
function isAfter([time, tie]: readonly unknown[], [otherTime, otherTie]: readonly unknown[]): boolean {
  return (
    otherTime === undefined ||
    Number(time) > Number(otherTime) ||
    (time === otherTime && Number(tie) > Number(otherTie))
  );
}

function standOf(content: string | undefined): Stand | undefined {
  return content === undefined ? undefined : (JSON.parse(content) as Stand);
}
