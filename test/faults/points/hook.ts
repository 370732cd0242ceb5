import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { MessagePort } from "node:worker_threads";

/**
 * Preloaded into a daemon (`node --import`): ends it as `kill -9` does at one named point (`before: put decision#2`, the
 * second time it comes by; `*#7` is the seventh point of all), or only writes down which points it comes by. A point is a
 * moment beside a commit: `before:` it is handed to the store, `after:` it is durable and nobody knows.
 */
const { TOCSIN_KILL_AT, TOCSIN_POINTS } = process.env;

type Write = Record<string, unknown> & { write: string };
type Question = { ask: string; id: number; unit?: { writes: Write[] } };

/** Names of effects by their keys, those that an earlier process planned too. */
const namesFile = `${TOCSIN_POINTS}.names`;
const names = new Map(
  (existsSync(namesFile) ? readFileSync(namesFile, "utf8") : "")
    .split("\n")
    .map((line) => line.split("\t") as [string, string]),
);

/** An effect is called by its kind and what it tells, or else by what its key begins with. */
function notePlan({ key, kind, payload }: Write): string {
  const { event } = (JSON.parse(String(payload)) ?? {}) as { event?: string };
  const begins = String(key).split(":")[0];
  const name = event !== undefined ? `${kind} ${event}` : begins === kind ? kind : `${kind} ${begins}`;
  names.set(String(key), String(name));
  appendFileSync(namesFile, `${key}\t${name}\n`);
  return `plan ${name}`;
}

/** What a write is, by the words of the store. */
function nameOf(write: Write): string {
  switch (write.write) {
    case "record":
      return `put ${write.kind}`;
    case "claim":
      return `claim ${names.get(String(write.key))}`;
    case "settle":
      return `settle ${names.get(String(write.key))} ${write.state}`;
    case "plan":
      return notePlan(write);
    case "note":
      return `note ${write.what}`;
    case "cursor":
      return `cursor ${String(write.name).split(":")[0]}`;
    default:
      return write.write;
  }
}

const [wanted = "", times = "1"] = (TOCSIN_KILL_AT ?? "").split("#");
let left = Number(times);

function reach(points: readonly string[]): void {
  if (TOCSIN_POINTS !== undefined && points.length > 0)
    appendFileSync(TOCSIN_POINTS, `${points.join("\n")}\n`);
  if (wanted === "*") left -= points.length;
  else if (points.includes(wanted)) left -= 1;
  else return;
  if (left <= 0) process.kill(process.pid, "SIGKILL");
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
    for (const { ask, id, unit } of message) {
      const all = ask === "commit" ? (unit?.writes ?? []).map(nameOf) : [ask];
      const each = [...new Set(all)];
      known.set(id, each);
      reach(each.map((name) => `before: ${name}`));
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
        const each = known?.get(id) ?? [];
        known?.delete(id);
        reach(each.map((name) => `after: ${name}`));
      }
    }
    listener(message);
  });
} as never;
