import { randomBytes } from "node:crypto";
import type { MessagePort, Worker } from "node:worker_threads";
import type { MetricObjectWithValues, MetricValue } from "prom-client";
import type { Listen } from "../../config/source.ts";
import type { LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import type { RuleFolder } from "../../rules/meanings/load-rule-folders.ts";
import type { Instant } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import type { TriedRecord, UnderstoodRecord, UnfedRules } from "../core/house-view.ts";
import type { RuleTroubles } from "../core/rule-troubles.ts";
import type { HttpAddress } from "../http-server.ts";
import type { RecordPlace } from "../store/record-place.ts";
import type { RuleChange } from "./note-rules.ts";
import type { SignatureCheck } from "./signature.ts";
import type { PolledIndex } from "./sources.ts";

/** A source as the intake thread is given it. */
export interface SourceData {
  id: string;
  connector: string;
  zone: string;
  listen: Listen[];
  tokenDigest?: Uint8Array | undefined;
  signature?: SignatureCheck | undefined;
  client?: { names: string[]; fingerprints: string[] } | undefined;
  /** The index to ask, and what to name ourselves by. */
  poll?: PolledIndex | undefined;
  /** Silence that is told, µs. */
  silentAfter?: number | undefined;
}

/** What the intake thread is given at its start, and whenever the settings change. */
export interface IntakeData {
  facility: string;
  /** Folders and files of rules, each with the files that say what its rules mean. */
  rules: RuleFolder[];
  /** Values of the placeholders that rules use. */
  placeholders: Record<string, string[]>;
  /** Folders and files of mappings, beside those of the program. */
  mappings: string[];
  sources: SourceData[];
  /** Null when nothing is posted here. */
  http: HttpAddress | null;
  /** Whether this process asks indexes, watches for silence and notes which rules are in force, as one of a facility does. */
  correlates: boolean;
  limits: { body_bytes: number; record_bytes: number; connections: number; idle_seconds: number };
}

/** What it begins with: besides, the token by which this process knows its canaries. */
export type IntakeWork = IntakeData & { canary: string };

export interface Listening {
  /** Null for the HTTP listener that all sources share. */
  source: string | null;
  transport: Listen["transport"] | "http";
  address: string;
  port: number;
}

type Metrics = MetricObjectWithValues<MetricValue<string>>[];

/** What may be asked of the intake thread, and what it answers. */
interface Answers {
  metrics: Metrics;
  understood: UnderstoodRecord[];
  tried: TriedRecord;
  unfed: UnfedRules;
  reloaded: null;
  heard: Record<string, Instant>;
  followed: Listening[];
}

export type ToIntake =
  /** Said once, before all else. */
  | { ask: "begin"; data: IntakeWork }
  /** Opens the listeners; `store` is the way to the store thread. Without a record, nothing is read of one. */
  | { ask: "listen"; store: MessagePort; record: RecordPlace | undefined }
  | { ask: "metrics" | "understood" | "unfed" | "heard"; id: number }
  /** Says what each source last sent to other processes. */
  | { ask: "hear"; sources: Record<string, Instant> }
  /** Puts rules that are ready in force. */
  | { ask: "activate"; hash: string }
  /** Reads a record as a source would, or as what recognises it, and takes nothing in. */
  | { ask: "tried"; id: number; text: string; source: string | null }
  /** Reads the rules and mappings anew; what comes of it is said before the answer. */
  | { ask: "reload"; id: number; because: string }
  /** Follows other settings, rules and mappings included; when it cannot, all is as it was. */
  | { ask: "follow"; id: number; data: IntakeData; because: string }
  | { ask: "stop" };
export type FromIntake =
  | {
      say: "ready";
      listening: Listening[];
      rules: number;
      refused: number;
      correlations: readonly LoadedCorrelation[];
    }
  /** Which rules are in force: said at the start, and when a reload has changed them. */
  | { say: "rules"; change: RuleChange; correlations: readonly LoadedCorrelation[] }
  /** Other rules are ready, and come into force once they are activated. */
  | { say: "readied"; hash: string }
  /** What of the rules and mappings does not run: said at the start, and when it may have changed. */
  | { say: "troubled"; troubles: RuleTroubles }
  /** Which rules let everything of their sources in: said once the gate is made, and when it may have changed. */
  | { say: "gated"; ungated: string[] }
  | { say: "failed"; error: string }
  | { say: "detected"; count: number }
  /** Alerts cannot be stored, with the reason; without one, they can again. */
  | { say: "store"; failing?: string | undefined }
  | { say: "log"; level: "info" | "warn" | "error"; message: string; fields: Record<string, unknown> }
  | { say: "answer"; id: number; answer: Answers[keyof Answers] }
  | { say: "unanswered"; id: number; error: string }
  | { say: "stopped" };

/** The intake thread, preparing its rules until it is told to listen. */
export interface IntakeThread {
  /** The token by which it knows canaries. */
  canary: string;
  /** Opens the listeners; rejects with `intake_failed` when one cannot be opened. */
  listen(store: MessagePort, record: RecordPlace | undefined): Promise<Extract<FromIntake, { say: "ready" }>>;
  metrics(): Promise<Metrics>;
  /** What was understood last of each source. */
  understood(): Promise<UnderstoodRecord[]>;
  /** When each source last sent something. */
  heard(): Promise<Record<string, Instant>>;
  /** Says what each source last sent to other processes: it is not silent. */
  hearElsewhere(sources: Record<string, Instant>): void;
  /** Puts the rules of this hash in force, when they are ready. */
  activate(hash: string): void;
  /** Rules whose log source nothing came of. */
  unfedRules(): Promise<UnfedRules>;
  /** What would become of a record. */
  tryRecord(asked: { text: string; source: string | null }): Promise<TriedRecord>;
  /** Has the rules read anew; the present ones stay in force until the new ones are ready. */
  reload(because: string): Promise<unknown>;
  /** Follows other settings, and resolves with what listens then; when it rejects, all is as it was. */
  follow(data: IntakeData, because: string): Promise<Listening[]>;
  /** Stops listening, finishes what was received, then ends the thread. */
  stop(): Promise<void>;
}

/** Starts the intake of a launched thread. */
export function startIntake(
  worker: Worker,
  data: IntakeData,
  on: {
    detected: (count: number) => void;
    rules: (change: RuleChange, correlations: readonly LoadedCorrelation[]) => void;
    /** Told of rules that are ready and wait to be activated, where that is asked for. */
    readied?: (hash: string) => void;
    troubled: (troubles: RuleTroubles) => void;
    gated?: (ungated: string[]) => void;
    failing: (why: string | undefined) => void;
    log: (level: "info" | "warn" | "error", message: string, fields: Record<string, unknown>) => void;
    died: (error: unknown) => void;
  },
): IntakeThread {
  const asked = new Map<number, { resolve: (answer: never) => void; reject: (why: Error) => void }>();
  const ready = Promise.withResolvers<Extract<FromIntake, { say: "ready" }>>();
  // Heard by whoever awaits `listen`; a thread that dies before is told by `died`.
  ready.promise.catch(() => undefined);
  const stopped = Promise.withResolvers<void>();
  let next = 0;
  let stopping = false;
  const ask = (message: ToIntake, transfer: MessagePort[] = []) => worker.postMessage(message, transfer);

  const canary = randomBytes(16).toString("hex");
  ask({ ask: "begin", data: { ...data, canary } });

  function answered<K extends keyof Answers>(question: (id: number) => ToIntake): Promise<Answers[K]> {
    const id = next++;
    const answer = Promise.withResolvers<Answers[K]>();
    asked.set(id, answer);
    ask(question(id));
    return answer.promise;
  }

  worker.on("message", (message: FromIntake) => {
    switch (message.say) {
      case "ready":
        return ready.resolve(message);
      case "failed":
        // The sentence already holds its place and remedy.
        return ready.reject(new TocsinError({ code: "intake_failed", message: message.error }));
      case "detected":
        return on.detected(message.count);
      case "rules":
        return on.rules(message.change, message.correlations);
      case "readied":
        return on.readied?.(message.hash);
      case "troubled":
        return on.troubled(message.troubles);
      case "gated":
        return on.gated?.(message.ungated);
      case "store":
        return on.failing(message.failing);
      case "log":
        return on.log(message.level, message.message, message.fields);
      case "answer":
        asked.get(message.id)?.resolve(message.answer as never);
        asked.delete(message.id);
        return;
      case "unanswered":
        asked.get(message.id)?.reject(new Error(message.error));
        asked.delete(message.id);
        return;
      case "stopped":
        return stopped.resolve();
    }
  });
  worker.on("error", (error) => {
    ready.reject(error);
    on.died(error);
  });
  const ended = (why: string) => {
    stopped.resolve();
    const error = new Error(`the intake thread ended${why}`);
    ready.reject(error);
    if (!stopping) on.died(error);
  };
  worker.on("exit", (code) => ended(` with code ${code}`));
  // It was begun before there was anybody to be told of its end.
  if (worker.threadId === -1) ended(" before it was told what to do");

  return {
    canary,
    listen(store, record) {
      ask({ ask: "listen", store, record }, [store]);
      return ready.promise;
    },
    metrics: () => answered<"metrics">((id) => ({ ask: "metrics", id })),
    understood: () => answered<"understood">((id) => ({ ask: "understood", id })),
    heard: () => answered<"heard">((id) => ({ ask: "heard", id })),
    hearElsewhere: (sources) => ask({ ask: "hear", sources }),
    activate: (hash) => ask({ ask: "activate", hash }),
    unfedRules: () => answered<"unfed">((id) => ({ ask: "unfed", id })),
    tryRecord: (record) => answered<"tried">((id) => ({ ask: "tried", id, ...record })),
    reload: (because) => answered<"reloaded">((id) => ({ ask: "reload", id, because })),
    follow: (other, because) => answered<"followed">((id) => ({ ask: "follow", id, data: other, because })),
    async stop() {
      stopping = true;
      ask({ ask: "stop" });
      await stopped.promise;
      await worker.terminate();
    },
  };
}
