import type { Instant } from "../../core/clock.ts";
import type { Fact } from "../../core/fact.ts";
import type { Hunt, HuntOutcome } from "../../core/hunt.ts";
import type { Reads } from "../../store/store.ts";
import { type Arrival, eventTime } from "../grouping/read-traits.ts";
import { copyWork, type Setup, type Work } from "../work.ts";
import { deriveFound, foundOf } from "./derive-found.ts";
import type { HuntSink } from "./run-hunt.ts";
import { settleHunt } from "./settle-hunt.ts";

/** A sink that keeps nothing for good: what was found can be looked at. */
export function memorySink(): HuntSink & { arrivals: Arrival[] } {
  const arrivals: Arrival[] = [];
  return {
    arrivals,
    async put({ alert, detections }) {
      const { original: _, ...event } = alert.alert.event ?? {};
      const light = { ...alert, alert: { ...alert.alert, event } };
      for (const detection of detections)
        arrivals.push({
          // After all that the store holds.
          detection: { ...detection, seq: Number.MAX_SAFE_INTEGER, occurred: alert.occurred },
          alert: light,
        });
    },
    through: async () => 0,
  };
}

/** Says what a search would change of an incident; nothing is kept. */
export async function tryHunt(
  work: Work,
  arrivals: readonly Arrival[],
  { hunt, reads, setup, now }: { hunt: Hunt; reads: Reads; setup: Setup; now: Instant },
): Promise<{
  outcome: HuntOutcome | undefined;
  facts: { before: Fact | undefined; after: Fact }[];
  after: Work;
}> {
  const after = copyWork(work);
  const known = foundOf(reads, setup.facility.id, work.incident.id);
  const found = await deriveFound(work.incident, inOrder(known, arrivals), setup);
  const outcome = settleHunt(after, found, { hunt, setup, now });
  const before = new Map(work.facts.map((fact) => [fact.id, fact]));
  const facts = after.facts
    .filter((fact) => before.get(fact.id) !== fact)
    .map((fact) => ({ before: before.get(fact.id), after: fact }));
  return { outcome, facts, after };
}

/** What is on record and what is new, by event time. */
async function* inOrder(known: AsyncIterable<Arrival>, fresh: readonly Arrival[]): AsyncGenerator<Arrival> {
  const waiting = fresh.toSorted((a, b) => eventTime(b.alert) - eventTime(a.alert));
  for await (const arrival of known) {
    for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
      if (eventTime(next.alert) >= eventTime(arrival.alert)) break;
      waiting.pop();
      yield next;
    }
    yield arrival;
  }
  while (waiting.length > 0) yield waiting.pop() as Arrival;
}
