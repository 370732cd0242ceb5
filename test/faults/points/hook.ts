import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { MessagePort } from "node:worker_threads";

/**
 * Preloaded into a daemon (`node --import`): ends it as `kill -9` does at one named point, or only writes down which points
 * it comes by. A point is a moment beside a commit: `before:` it is handed to the store, `after:` it is durable and nobody
 * knows.
 */
const { TOCSIN_KILL_AT, TOCSIN_POINTS, TOCSIN_LATER = "0" } = process.env;

type Write = Record<string, unknown> & { write: string };
type Question = { ask: string; id: number; unit?: { writes: Write[] } };

/** Kinds of effects by their keys, those that an earlier process planned too. */
const kindsFile = `${TOCSIN_POINTS}.kinds`;
const kinds = new Map(
  (existsSync(kindsFile) ? readFileSync(kindsFile, "utf8") : "")
    .split("\n")
    .map((line) => line.split("\t") as [string, string]),
);

function notePlan({ effect }: Write): string {
  const { key, kind } = effect as { key: string; kind: string };
  kinds.set(key, kind);
  appendFileSync(kindsFile, `${key}\t${kind}\n`);
  return `plan ${kind}`;
}

/** What a write is, by the words of the store. */
function nameOf(write: Write): string {
  const of = (key: unknown) => String(key).split(":")[0];
  switch (write.write) {
    case "record":
      return `put ${write.kind}`;
    case "claim":
      return `claim ${kinds.get(String(write.key))}`;
    case "settle":
      return `settle ${kinds.get(String(write.key))} ${write.state}`;
    case "plan":
      // Sealed: its members stand beside the word.
      return notePlan({ ...write, effect: write });
    case "note":
      return `note ${write.what}`;
    case "cursor":
      return `cursor ${of(write.name)}`;
    default:
      return write.write;
  }
}

const [wanted, times = "1"] = (TOCSIN_KILL_AT ?? "").split("#");
let left = Number(times);

function reach(points: readonly string[]): void {
  if (TOCSIN_POINTS !== undefined && points.length > 0)
    appendFileSync(TOCSIN_POINTS, `${points.join("\n")}\n`);
  if (!points.includes(wanted ?? "")) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, "SIGKILL");
}

const isQuestions = (message: unknown): message is Question[] =>
  Array.isArray(message) && message.every((each) => typeof each?.ask === "string");
const isAnswers = (message: unknown): message is { answer: string; id: number }[] =>
  Array.isArray(message) && message.every((each) => typeof each?.answer === "string");

/** What was asked over each port and is not answered yet. */
const asked = new WeakMap<object, Map<number, string[]>>();

const { postMessage, on } = MessagePort.prototype;
MessagePort.prototype.postMessage = function (this: MessagePort, message: unknown, ...rest: never[]) {
  if (isQuestions(message)) {
    const known = asked.get(this) ?? new Map<number, string[]>();
    asked.set(this, known);
    for (const { id, unit } of message) {
      const names = [...new Set((unit?.writes ?? []).map(nameOf))];
      known.set(id, names);
      reach(names.map((name) => `before: ${name}`));
    }
  }
  return postMessage.call(this, message, ...rest);
} as never;
MessagePort.prototype.on = function (this: MessagePort, event: string, listener: (message: unknown) => void) {
  if (event !== "message") return on.call(this, event as never, listener as never);
  return on.call(this, "message", (message: unknown) => {
    if (isAnswers(message)) {
      const known = asked.get(this);
      for (const { id } of message) {
        const names = known?.get(id) ?? [];
        known?.delete(id);
        reach(names.map((name) => `after: ${name}`));
      }
    }
    listener(message);
  });
} as never;

const ahead = Number(TOCSIN_LATER);
if (ahead > 0) {
  const { now } = Date;
  Date.now = () => now() + ahead;
}
