import { type IntakeMetrics, intakeMetrics } from "../../agent/intake/metrics.ts";
import type { Ask } from "../../agent/intake/poll/ask.ts";
import { PollFault } from "../../agent/intake/poll/poll-fault.ts";
import { openPoll } from "../../agent/intake/poll.ts";
import type { Taker } from "../../agent/intake/taker.ts";
import { Poll } from "../../config/poll.ts";
import { generic } from "../../connectors/inbound/generic/index.ts";
import { type FakeAnswer, type FakeDocument, fakeIndex, type Product } from "./fake-index.ts";

export const SECOND = 1000;
/** When everything begins, on the cluster's clock. */
export const BEGIN = Date.UTC(2026, 10, 15, 1, 0);

type Answers = (
  ask: () => FakeAnswer,
  question: { method: string; path: string; body: unknown },
) => FakeAnswer | PollFault;

/** A poll of an imitated index, in a time of its own. */
export function scene(
  settings: Record<string, unknown> = {},
  options: { product?: Product; skew?: number; latency?: () => number } = {},
) {
  const { product = "elasticsearch", skew = 0, latency = () => 0 } = options;
  let time = BEGIN;
  const poll = Poll.parse({ url: "https://siem.example:9200", index: "logs-*", ...settings });
  const fake = fakeIndex({ product, name: "logs-*", field: poll.time_field, now: () => time });
  const taken: string[] = [];
  const refused: string[] = [];
  const log: { level: string; message: string; fields?: Record<string, unknown> | undefined }[] = [];
  const waits: number[] = [];
  const state = {
    bookmark: undefined as string | undefined,
    /** What is answered, or thrown, in place of the imitation. */
    answers: undefined as Answers | undefined,
    /** Fails the taking of a page. */
    failing: false,
  };
  const metrics = intakeMetrics();
  const alerts = new Map<string, Record<string, unknown>>();
  const taker: Pick<Taker, "take" | "quarantine" | "unrecognised"> = {
    async take(_source, records) {
      if (state.failing) throw new Error("the disk is full");
      return records.map(({ eventId = "", alert }) => {
        const known = taken.includes(eventId);
        taken.push(eventId);
        alerts.set(eventId, alert as Record<string, unknown>);
        return known ? "duplicate" : "stored";
      });
    },
    quarantine: (_source, code) => void refused.push(code),
    unrecognised: (_source, sample) => void refused.push(`unrecognised ${sample}`),
  };
  const ask: Ask = async ({ method, path, body }, signal) => {
    time += latency();
    signal.throwIfAborted();
    const whole = () =>
      fake.answer(method, path, body === undefined ? undefined : JSON.parse(JSON.stringify(body)));
    const answer = state.answers?.(whole, { method, path, body }) ?? whole();
    if (answer instanceof PollFault) throw answer;
    if (answer.status === 200) return { value: answer.body, bytes: JSON.stringify(answer.body).length };
    throw new PollFault(answer.status === 404 ? "index_missing" : "refused", JSON.stringify(answer.body));
  };

  /** Runs a new process until `seconds` have passed. */
  async function run(seconds: number, over?: () => boolean): Promise<void> {
    const end = time + seconds * SECOND;
    const done = Promise.withResolvers<void>();
    const poller = openPoll({
      source: { id: "siem", connector: generic, zone: "UTC" },
      poll,
      way: { ask, close: () => undefined },
      bookmark: {
        read: async () => state.bookmark,
        async write(content) {
          state.bookmark = content;
        },
      },
      taker,
      clock: { now: () => (time + skew) * 1000 },
      random: () => 1,
      async sleep(milliseconds, signal) {
        waits.push(milliseconds / SECOND);
        time += milliseconds;
        if (time < end && !over?.()) return;
        done.resolve();
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          signal.addEventListener("abort", () => resolve());
        });
      },
      metrics,
      log: {
        info: (message, fields) => void log.push({ level: "info", message, fields }),
        warn: (message, fields) => void log.push({ level: "warn", message, fields }),
        error: (message, fields) => void log.push({ level: "error", message, fields }),
      },
    });
    await done.promise;
    await poller.stop();
  }

  let next = 0;
  /** Adds a document whose time and arrival are seconds after the beginning; returns its identity. */
  function add(at: number, arrival = at, more: Partial<FakeDocument> = {}): string {
    const id = more.id ?? `d${next++}`;
    const document = { id, time: BEGIN + at * SECOND, visible: BEGIN + arrival * SECOND, ...more };
    fake.add({ source: { "@timestamp": new Date(document.time).toISOString(), message: id }, ...document });
    return `${more.index ?? "logs-000001"}/${id}`;
  }
  return { poll, fake, taken, refused, log, waits, state, metrics, alerts, run, add, now: () => time };
}

/** The value of a metric with these labels. */
export async function metricOf(
  metric: { get(): Promise<{ values: { value: number; labels: object }[] }> },
  labels: object,
) {
  const { values } = await metric.get();
  return values.find((each) =>
    Object.entries(labels).every(([name, value]) => (each.labels as Record<string, unknown>)[name] === value),
  )?.value;
}
/** Rounds of questions that ended so. */
export const rounds = (metrics: IntakeMetrics, outcome: string) => metricOf(metrics.pollRounds, { outcome });
