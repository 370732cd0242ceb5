import type { Instant } from "../../core/clock.ts";
import type { Decision } from "../../core/decision.ts";
import type { Declaration } from "../../core/declaration.ts";
import type { Fact } from "../../core/fact.ts";
import type { Incident } from "../../core/incident.ts";
import type { JournalEntry } from "../../core/journal.ts";
import type { Qualification } from "../../core/qualification.ts";
import { type NotifyPayload, notify, type Telling } from "../notify.ts";
import { newWork, type Setup, type Work } from "../work.ts";

/** A call that live mode would have made. */
export interface Call {
  role: "on_call" | "delegate";
  event: Telling;
  at: Instant;
}

/** One channel for each role: who they are is no matter. */
const CHANNELS: Setup["notify"] = [
  { id: "on_call", for: ["on_call"] },
  { id: "delegate", for: ["delegate"] },
];

/** Who would have been called about an incident, and when: its journal is gone through again as if it were live. */
export function wouldHaveTold(entries: readonly JournalEntry[], setup: Setup): Call[] {
  const live: Setup = { ...setup, mode: "live", notify: CHANNELS };
  const calls: Call[] = [];
  let work: Work | undefined;
  for (const [i, { type, at, content }] of entries.entries()) {
    if (content !== null && type.endsWith(".put")) work = put(work, type, JSON.parse(content).content);
    // What was committed together is seen together.
    if (work === undefined || entries[i + 1]?.at === at) continue;
    notify(work, live, at);
    for (const write of work.beside) {
      if (write.write !== "plan") continue;
      const { channel, event } = write.effect.payload as NotifyPayload;
      calls.push({ role: channel === "delegate" ? "delegate" : "on_call", event, at: write.effect.due });
    }
    work.beside = [];
  }
  return calls;
}

function put(work: Work | undefined, type: string, content: unknown): Work | undefined {
  if (type === "incident.put") {
    const incident = content as Incident;
    return work === undefined ? newWork(incident) : { ...work, incident };
  }
  if (work === undefined) return undefined;
  switch (type) {
    case "fact.put":
      return { ...work, facts: replaced(work.facts, content as Fact, ({ id }) => id) };
    case "decision.put":
      return { ...work, decisions: replaced(work.decisions, content as Decision, ({ id }) => id) };
    case "declaration.put":
      return {
        ...work,
        declarations: replaced(
          work.declarations,
          content as Declaration,
          ({ id, version }) => `${id}/${version}`,
        ),
      };
    case "qualification.put": {
      const qualification = content as Qualification;
      return qualification.leads === false ? work : { ...work, qualification };
    }
    default:
      return work;
  }
}

function replaced<T>(list: readonly T[], one: T, key: (each: T) => string): T[] {
  const at = list.findIndex((each) => key(each) === key(one));
  return at < 0 ? [...list, one] : list.with(at, one);
}
