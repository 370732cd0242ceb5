import type { Instant } from "../../core/clock.ts";
import { FACTS } from "../../core/fact.ts";
import type { Setup } from "../work.ts";
import { locateOnce } from "./locate-once.ts";
import { type Arrival, eventTime, opens } from "./read-traits.ts";

/** Subjects remembered, the latest; and recoveries of one. */
const MOST_SUBJECTS = 50_000;
const MOST_OF_ONE = 8;

/** A recovery as it came, and whether an incident took it in. */
export interface Recovery {
  arrival: Arrival;
  placed: boolean;
}

/** Remembers what is well again: after a cut, a recovery may come before the outage that it ends. */
export interface Recoveries {
  note(arrival: Arrival, placed: boolean): void;
  /** True of a recovery that came after a later word that its subject is not well: it ends nothing any more. */
  isOvertaken(arrival: Arrival): boolean;
  /** Recoveries that came before this detection of a state that they end, which was not stated again since. */
  overtaking(arrival: Arrival): Recovery[];
  clear(): void;
}

interface Subject {
  /** The last instant at which it was stated not to be well. */
  stated: Instant;
  recoveries: Recovery[];
}

export function openRecoveries(setup: Pick<Setup, "locate">): Recoveries {
  const subjects = new Map<string, Subject>();

  function subjectOf({ alert }: Arrival, about?: readonly string[]): Subject | undefined {
    const { subject, system } = locateOnce(setup.locate, alert.alert, about);
    if (subject === null) return undefined;
    const key = `${system?.id ?? ""}/${subject}`;
    let known = subjects.get(key);
    if (known === undefined) {
      if (subjects.size >= MOST_SUBJECTS) subjects.delete(subjects.keys().next().value as string);
      known = { stated: Number.NEGATIVE_INFINITY, recoveries: [] };
      subjects.set(key, known);
    }
    return known;
  }

  return {
    note(arrival, placed) {
      const at = eventTime(arrival.alert);
      const { meaning, name } = arrival.detection.rule;
      for (const { fact, about, ended_by } of meaning?.facts ?? []) {
        if (FACTS[fact].lasts !== "state" || ended_by.length === 0) continue;
        const subject = subjectOf(arrival, about);
        if (subject !== undefined && at > subject.stated) subject.stated = at;
      }
      if (name === undefined || opens(arrival)) return;
      const subject = subjectOf(arrival);
      if (subject === undefined) return;
      subject.recoveries.push({ arrival, placed });
      if (subject.recoveries.length > MOST_OF_ONE) subject.recoveries.shift();
    },
    isOvertaken(arrival) {
      if (arrival.detection.rule.name === undefined || opens(arrival)) return false;
      return eventTime(arrival.alert) < (subjectOf(arrival)?.stated ?? Number.NEGATIVE_INFINITY);
    },
    overtaking(arrival) {
      const found = new Set<Recovery>();
      for (const { fact, about, ended_by } of arrival.detection.rule.meaning?.facts ?? []) {
        if (FACTS[fact].lasts !== "state" || ended_by.length === 0) continue;
        const subject = subjectOf(arrival, about);
        const [first] = (subject?.recoveries ?? [])
          .filter(
            ({ arrival: { detection, alert } }) =>
              ended_by.includes(detection.rule.name ?? "") && // In the same instant the order of arrival tells.
              eventTime(alert) > (subject?.stated ?? 0),
          )
          .sort((a, b) => eventTime(a.arrival.alert) - eventTime(b.arrival.alert));
        if (first !== undefined) found.add(first);
      }
      return [...found];
    },
    clear: () => subjects.clear(),
  };
}
