import type { Parsed } from "../../connectors/contract.ts";
import type { Gate, Skimmed } from "../../rules/engine/gate.ts";
import type { Match } from "../../rules/engine/rule-set.ts";
import { CANARY_SOURCE } from "../canary/mark.ts";
import { type Alert, AlertTag } from "../core/alert.ts";
import type { Clock } from "../core/clock.ts";
import { decodeText } from "../core/decode-text.ts";
import { parseText } from "../stages/ingest.ts";
import { type Backlog, openBacklog } from "./backlog.ts";
import { networkOf } from "./fair-share.ts";
import { type Holding, type Loss, openHolding, refusesAll } from "./holding.ts";
import type { IntakeMetrics } from "./metrics.ts";
import type { Sampler, Watch } from "./sampler.ts";
import type { TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";

/** Alerts of one connection on their way to the disk before its sender is made to wait. */
const PENDING = 1000;

/** Why alerts that were read are not in the record: besides, because there was no room for them. */
type Lost = Omit<Loss, "reason"> & { reason: Loss["reason"] | "no_room" };

/** An alert that matters, and why. */
interface Relevant {
  alert: Alert;
  matches: readonly Match[];
}

/** Takes records of text in: the gate on raw bytes, then the parser, then the rules. */
export interface LineTaker {
  /** Decides one record; returns at once when the gate refuses it or it cannot be read. */
  line(source: TextSource, bytes: Uint8Array, cut: boolean, peer: string | undefined): void;
  /** Reads one record and leaves its decision to the caller; undefined when it is decided: refused, and counted. */
  read(source: TextSource, bytes: Uint8Array, cut: boolean, peer: string | undefined): Alert | undefined;
  /** Passes over whole lines that the gate refuses, and counts them; see `Gate.skim`. */
  skim(source: TextSource, bytes: Uint8Array, span: Span): Skimmed;
  /** True when its sender is to wait. */
  full(): boolean;
  /**
   * Resolves when half of what waited for the disk is durable, so that there is always something on its way, and nothing
   * that was refused waits before it.
   */
  room(): Promise<void>;
  /** Calls when its sender is to wait although it sent nothing; returns how to stop. */
  watch(full: () => void): () => void;
  /** Resolves when every line so far is decided and durable. */
  settled(): Promise<void>;
}

/** Lines of a chunk, each no longer than `limit` bytes, and who sent them. */
interface Span {
  start: number;
  end: number;
  limit: number;
  peer: string | undefined;
}

/** How long the first of a batch waits for others, ms: each message to the store, and each commit, has its price. */
const GATHERING = 20;
/** A batch this large waits for nothing, in alerts or bytes of text: what is behind may have room for no larger one. */
const ENOUGH = 500;
const ENOUGH_BYTES = 256 * 1024;
const LF = 0x0a;
const TOO_MANY = new Error("too many alerts wait for the disk");

/** A way in without an acknowledgement: of the last alone, the sender cannot be made to wait. */
export type Unacknowledged = "tcp" | "tls" | "udp";

/** Relevant records of one source that go to the store together. */
interface Batch {
  alerts: Relevant[];
  bytes: number;
  /** What they weigh, by who sent them where that matters. */
  weights: Map<string | undefined, number>;
}

/** Builds the taker of one connection or socket; lines wait for each other so that a batch is one commit. */
export function openLines(parts: {
  taker: Taker;
  /** Read anew for each record: it is replaced with the rules. */
  readonly gate: Gate;
  clock: Clock;
  metrics: IntakeMetrics;
  sampler: Sampler;
  lost: (source: string, count: number, error: unknown) => void;
  /** Shared with the other listeners of the thread. */
  backlog?: Backlog | undefined;
  holding?: Holding | undefined;
  /** How they come. (Default: `tcp`.) */
  transport?: Unacknowledged | undefined;
}): LineTaker {
  const { taker, clock, metrics, sampler, backlog = openBacklog(), transport = "tcp" } = parts;
  const { holding = openHolding(parts) } = parts;
  const waits = transport !== "udp";
  let waiting = new Map<TextSource, Batch>();
  let inFlight: Promise<void> = Promise.resolve();
  let gathering: NodeJS.Timeout | undefined;
  let pending = 0;
  const waiters: (() => void)[] = [];

  let last: { source: TextSource; watch: Watch } | undefined;
  function watchOf(source: TextSource): Watch {
    if (last?.source !== source) last = { source, watch: sampler.watch(source) };
    return last.watch;
  }

  type Line = [source: TextSource, bytes: Uint8Array, cut: boolean, peer: string | undefined];

  function parse(...[source, bytes, cut, peer]: Line): { parsed: Parsed; text: string } {
    const { text, utf8 } = decodeText(bytes);
    const record = { text, utf8, cut, bytes: utf8 ? undefined : bytes };
    const context = { received: clock.now(), zone: source.zone, peer };
    return { parsed: parseText(source.connector, record, context), text };
  }

  /** Apart, so that the lines that are no sample pay for no closure. */
  function sample(watch: Watch, ...line: Line): void {
    sampler.sample(watch, line[0], () => parse(...line).parsed);
  }

  function read(source: TextSource, bytes: Uint8Array, cut: boolean, peer: string | undefined) {
    if (!parts.gate.scan(bytes, 0, bytes.length)) {
      const watch = watchOf(source);
      if (++watch.tally.count >= watch.due) sample(watch, source, bytes, cut, peer);
      return undefined;
    }
    const { parsed, text } = parse(source, bytes, cut, peer);
    if (parsed.error !== undefined)
      taker.quarantine(source.id, parsed.error.code, parsed.error.message, text);
    else if (parsed.alert.tags?.includes(AlertTag.unrecognised)) taker.unrecognised(source.id, text);
    else sampler.heard(source.id, parsed.alert);
    return parsed.alert;
  }

  function send(): void {
    clearTimeout(gathering);
    gathering = undefined;
    const batch = waiting;
    waiting = new Map();
    inFlight = Promise.all([inFlight, ...[...batch].map(([source, each]) => store(source, each))]).then(
      () => undefined,
    );
  }

  /** These transports have no acknowledgement to withhold: what is lost is counted. */
  function lose(source: TextSource, count: number, { reason, error }: Lost): void {
    metrics.lost.inc({ source: source.id, transport, reason }, count);
    // What the end cuts off is said once, by who held it.
    if (reason !== "stopped") parts.lost(source.id, count, error);
  }

  async function store(source: TextSource, { alerts, weights }: Batch): Promise<void> {
    const attempt = taker.keeping(source.id, alerts);
    const loss = waits ? await holding.keep(alerts.length, attempt) : await lossOf(attempt);
    if (loss !== undefined) lose(source, alerts.length, loss);
    pending -= alerts.length;
    for (const [sender, weight] of weights) {
      if (waits) backlog.remove(weight);
      else backlog.release(weight, sender);
    }
    if (pending <= PENDING / 2) for (const go of waiters.splice(0)) go();
  }

  /** Takes the room of one record, in the name of who sends it where that one cannot wait; false when there is none. */
  function takeRoom(
    source: TextSource,
    bytes: number,
    { weights }: Batch,
    peer: string | undefined,
  ): boolean {
    const sender = waits || source.id === CANARY_SOURCE ? undefined : `${source.id} ${networkOf(peer ?? "")}`;
    const weight = waits ? backlog.add(bytes) : backlog.squeeze(bytes, sender);
    if (weight === undefined) return false;
    weights.set(sender, (weights.get(sender) ?? 0) + weight);
    return true;
  }

  return {
    read,
    skim(source, bytes, { start, end, limit, peer }) {
      const skimmed = parts.gate.skim(bytes, start, end, limit);
      if (skimmed.lines === 0) return skimmed;
      const watch = watchOf(source);
      watch.tally.count += skimmed.lines;
      if (watch.tally.count >= watch.due)
        sample(watch, source, bytes.subarray(start, bytes.indexOf(LF, start)), false, peer);
      return skimmed;
    },
    line(source, bytes, cut, peer) {
      const alert = read(source, bytes, cut, peer);
      if (alert === undefined) return;
      // Here, in the turn of its sender: of long records the rules take longer than all the rest.
      const matches = taker.matches(source.id, alert);
      if (matches === undefined) return;
      if (matches.length === 0) return metrics.records.inc({ source: source.id, outcome: "irrelevant" });
      const batch: Batch = waiting.get(source) ?? { alerts: [], bytes: 0, weights: new Map() };
      if (!takeRoom(source, bytes.length, batch, peer))
        return lose(source, 1, { reason: "no_room", error: TOO_MANY });
      pending++;
      batch.alerts.push({ alert, matches });
      batch.bytes += bytes.length;
      waiting.set(source, batch);
      if (batch.alerts.length >= ENOUGH || batch.bytes >= ENOUGH_BYTES) send();
      else gathering ??= setTimeout(send, GATHERING);
    },
    full: () => pending >= PENDING || (waits && holding.refused()),
    async room() {
      for (;;) {
        if (holding.refused()) await holding.taken();
        else if (pending > PENDING / 2) await new Promise<void>((go) => void waiters.push(go));
        else return;
      }
    },
    watch: (full) => holding.watch(full),
    async settled() {
      if (gathering !== undefined) send();
      await inFlight;
    },
  };
}

/** Tries once: who sends cannot be made to wait for another time. */
async function lossOf(attempt: () => Promise<void>): Promise<Loss | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    return { reason: refusesAll(error) ? "not_stored" : "refused", error };
  }
}
