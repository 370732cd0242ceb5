import type { Parsed } from "../../connectors/contract.ts";
import { parseGeneric } from "../../connectors/inbound/generic/parse.ts";
import type { Alert } from "../core/alert.ts";
import { type Instant, isoFromInstant, MICROSECONDS } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { formatInstant } from "../stages/french.ts";

/** A source that says how long it may be silent. */
export interface WatchedSource {
  id: string;
  connector: string;
  /** Zone of the dates in messages. */
  zone: string;
  /** Silence that is told, µs. */
  after: number;
}

/** What is known of a source's silence; kept over restarts. */
export interface Silence {
  /** When it was last heard, unix seconds; null when it never was. */
  heard: number | null;
  /** When the wait for its first word began. */
  began: Instant;
  /** How long was listened since, µs: time in which Tocsin did not run is no silence of the source. */
  waited: number;
  /** Whether this silence was told. */
  told: boolean;
}

export type SilenceChange = "source_silent" | "source_heard";

/** Lets time pass over a silence; pure. */
export function passSilence(
  before: Silence,
  { seen, passed, after }: { seen: number | undefined; passed: number; after: number },
): { silence: Silence; change?: SilenceChange } {
  if (seen !== undefined && seen !== before.heard) {
    const silence = { ...before, heard: seen, waited: 0, told: false };
    return before.told ? { silence, change: "source_heard" } : { silence };
  }
  const waited = before.waited + passed;
  if (before.told || waited < after) return { silence: { ...before, waited } };
  return { silence: { ...before, waited, told: true }, change: "source_silent" };
}

/** The source whose alerts tell of sources. */
const OWN = "tocsin";
/** Two sweeps further apart than this: the program did not run in between, or a clock was set. */
const LONGEST_STEP = MICROSECONDS.minute;
/** How often what was waited is written down when nothing else is. */
const SAVE_EVERY = 30 * MICROSECONDS.second;

/** Says of which sources a silence, or its end, could not be told; the cause is that of the first. */
export class UntoldSilence extends Error {
  readonly sources: readonly string[];

  constructor(sources: readonly string[], cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = "UntoldSilence";
    this.sources = sources;
  }
}

/** Watches over sources that may not be silent for long. */
export interface SilenceWatch {
  /** Tells silences that became too long, and those that ended; rejects when it could not be stored, to be tried again. */
  sweep(now: Instant): Promise<void>;
  /** Writes down how long was waited. */
  close(): Promise<void>;
}

/** Builds the watch; `notes` keep what it knows over restarts. */
export async function openSilence(parts: {
  sources: readonly WatchedSource[];
  /** When a source was last heard, unix seconds. */
  seen: (source: string) => number | undefined;
  take: (source: string, records: { alert: Alert; eventId: string }[]) => Promise<unknown>;
  show: (source: string, silent: boolean) => void;
  notes: {
    read(source: string): Promise<string | undefined>;
    write(notes: { source: string; content: string }[]): Promise<void>;
  };
  now: Instant;
}): Promise<SilenceWatch> {
  const { notes } = parts;
  const watches = await Promise.all(
    parts.sources.map(async (source) => {
      const silence = silenceOf(await notes.read(source.id)) ?? {
        heard: null,
        began: parts.now,
        waited: 0,
        told: false,
      };
      parts.show(source.id, silence.told);
      return { source, silence };
    }),
  );
  let last = parts.now;
  let saved = parts.now;

  const save = () =>
    notes.write(
      watches.map(({ source, silence }) => ({ source: source.id, content: JSON.stringify(silence) })),
    );

  async function tell(
    change: SilenceChange,
    { source, silence }: { source: WatchedSource; silence: Silence },
    now: Instant,
  ): Promise<void> {
    const { alert } = silenceAlert(change, { source, silence, now });
    if (alert === undefined) return;
    // Its identity is the silence's: told twice, after a crash, it is a duplicate.
    await parts.take(OWN, [{ alert, eventId: alert.event?.id ?? "" }]);
  }

  return {
    async sweep(now) {
      const passed = Math.min(Math.max(now - last, 0), LONGEST_STEP);
      last = now;
      let changed = false;
      const untold: string[] = [];
      let failure: unknown;
      for (const watch of watches) {
        const { source } = watch;
        const seen = parts.seen(source.id);
        const { silence, change } = passSilence(watch.silence, { seen, passed, after: source.after });
        if (change !== undefined) {
          try {
            await tell(change, watch, now);
          } catch (error) {
            // Told at the next sweep; the silences of the others go on meanwhile.
            untold.push(source.id);
            failure ??= error;
            if (change === "source_silent") watch.silence = { ...silence, told: false };
            continue;
          }
          parts.show(source.id, silence.told);
          changed = true;
        }
        watch.silence = silence;
      }
      if (untold.length > 0) throw new UntoldSilence(untold, failure);
      if (watches.length === 0 || (!changed && Math.abs(now - saved) < SAVE_EVERY)) return;
      await save();
      saved = now;
    },
    close: async () => {
      if (watches.length > 0) await save();
    },
  };
}

function silenceOf(note: string | undefined): Silence | undefined {
  return note === undefined ? undefined : (JSON.parse(note) as Silence);
}

/** The alert of a silence that began or ended: a record of our own, read as any other. */
function silenceAlert(
  change: SilenceChange,
  { source, silence, now }: { source: WatchedSource; silence: Silence; now: Instant },
): Parsed {
  const since = silence.heard === null ? silence.began : silence.heard * MICROSECONDS.second;
  const minutes = source.after / MICROSECONDS.minute;
  const date = `${formatInstant(since, source.zone)} (${source.zone})`;
  const silent = change === "source_silent";
  const message = silent
    ? `La source « ${source.id} » se tait : rien n'est arrivé depuis le ${date}, pendant plus de ${minutes} min d'écoute.`
    : `La source « ${source.id} » parle de nouveau : elle se taisait depuis le ${date}.`;
  const record = {
    "@timestamp": isoFromInstant(now),
    message,
    event: {
      kind: silent ? "alert" : "event",
      module: OWN,
      dataset: "tocsin.sources",
      action: change,
      id: `${change}/${source.id}/${silence.heard === null ? "never/" : ""}${isoFromInstant(since)}`,
      risk_score_norm: silent ? 50 : 10,
      start: isoFromInstant(since),
      ...(silent ? {} : { end: isoFromInstant(now) }),
    },
    rule: { name: silent ? "Tocsin source silent" : "Tocsin source heard again" },
    service: { name: source.id, type: source.connector },
    "source.id": source.id,
    last_heard: silence.heard === null ? null : isoFromInstant(since),
    silent_after_minutes: minutes,
  };
  return parseGeneric(JSON.stringify(record), { received: now, zone: "UTC" });
}
