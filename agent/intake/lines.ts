import type { Gate } from "../../rules/engine/gate.ts";
import type { Alert } from "../core/alert.ts";
import type { Clock } from "../core/clock.ts";
import { parseText } from "../stages/ingest.ts";
import type { IntakeMetrics, Tally } from "./metrics.ts";
import type { TextSource } from "./sources.ts";
import { readable, type Taker } from "./taker.ts";

/** Takes records of text in: the gate on raw bytes, then the parser, then the rules. */
export interface LineTaker {
  /** Decides one record; returns at once when the gate refuses it or it cannot be read. */
  line(source: TextSource, bytes: Uint8Array, cut: boolean, peer: string | undefined): void;
  /** Alerts read and not durable yet. */
  pending(): number;
  /** Resolves when every line so far is decided and durable. */
  settled(): Promise<void>;
}

const STRICT = new TextDecoder("utf-8", { fatal: true });
const LENIENT = new TextDecoder("utf-8");

/** Builds the taker of one connection or socket; lines wait for each other so that a batch is one commit. */
export function openLines(parts: {
  taker: Taker;
  gate: Gate;
  clock: Clock;
  metrics: IntakeMetrics;
  lost: (source: string, count: number, error: unknown) => void;
}): LineTaker {
  const { taker, gate, clock, metrics } = parts;
  let waiting = new Map<TextSource, { alert: Alert }[]>();
  let inFlight: Promise<void> = Promise.resolve();
  let scheduled = false;
  let pending = 0;

  let last: { source: TextSource; tally: Tally } | undefined;
  function gatedOf(source: TextSource): Tally {
    if (last?.source !== source) last = { source, tally: metrics.gated.of({ source: source.id }) };
    return last.tally;
  }

  function send(): void {
    scheduled = false;
    const batch = waiting;
    waiting = new Map();
    inFlight = Promise.all([inFlight, ...[...batch].map(([source, alerts]) => store(source, alerts))]).then(
      () => undefined,
    );
  }

  async function store(source: TextSource, alerts: { alert: Alert }[]): Promise<void> {
    try {
      await taker.take(source.id, alerts);
    } catch (error) {
      // These transports have no acknowledgement to withhold: what is lost is counted.
      metrics.lost.inc({ source: source.id }, alerts.length);
      parts.lost(source.id, alerts.length, error);
    } finally {
      pending -= alerts.length;
    }
  }

  return {
    line(source, bytes, cut, peer) {
      if (!gate.scan(bytes, 0, bytes.length)) {
        gatedOf(source).count++;
        return;
      }
      const { text, utf8 } = decode(bytes);
      const received = clock.now();
      const parsed = parseText(source.connector, { text, utf8, cut }, { received, zone: source.zone, peer });
      if (parsed.error !== undefined)
        taker.quarantine(source.id, parsed.error.code, parsed.error.message, text);
      if (!readable(parsed)) return;
      pending++;
      const alerts = waiting.get(source);
      if (alerts === undefined) waiting.set(source, [{ alert: parsed.alert }]);
      else alerts.push({ alert: parsed.alert });
      if (!scheduled) {
        scheduled = true;
        queueMicrotask(send);
      }
    },
    pending: () => pending,
    async settled() {
      if (scheduled) send();
      await inFlight;
    },
  };
}

function decode(bytes: Uint8Array): { text: string; utf8: boolean } {
  try {
    return { text: STRICT.decode(bytes), utf8: true };
  } catch {
    return { text: LENIENT.decode(bytes), utf8: false };
  }
}
