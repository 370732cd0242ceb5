import { System } from "../../agent/core/asset.ts";
import { type Instant, MICROSECONDS } from "../../agent/core/clock.ts";
import type { Cause } from "../../agent/core/detection.ts";
import type { FactKind } from "../../agent/core/fact.ts";
import { type Arrival, correlate } from "../../agent/stages/correlate.ts";
import { openCensus } from "../../agent/stages/grouping/census.ts";
import { openGrouping } from "../../agent/stages/grouping/grouping.ts";
import { openLinkIndex } from "../../agent/stages/grouping/link-index.ts";
import { eachCounted, linksOf, readTraits } from "../../agent/stages/grouping/read-traits.ts";
import { openShelf } from "../../agent/stages/grouping/shelf.ts";
import { takeApart } from "../../agent/stages/grouping/take-apart.ts";
import { locator } from "../../agent/stages/locate.ts";
import { openMutes } from "../../agent/stages/mute/mutes.ts";
import { openOutages } from "../../agent/stages/mute/outages.ts";
import { changesOf, type Setup, type Work } from "../../agent/stages/work.ts";
import { NIGHT } from "./incident.ts";
import { MASKS } from "./masks.ts";
import { SYSTEMS } from "./pipeline.ts";
import { fc } from "./property.ts";

/** What a detection names, as far as grouping is concerned. */
export interface Seen {
  at: Instant;
  host?: string;
  user?: string;
  address?: string;
  cause?: Cause;
  fact?: FactKind;
  /** Puts the host in a system of its own choosing. */
  system?: string;
}

const one = <T>(...values: T[]) => fc.constantFrom(...values);

/** Few hosts, users, addresses and acts, among them what everything passes through. */
export const SEEN: fc.Arbitrary<Seen> = fc.record(
  {
    at: fc.integer({ min: 0, max: 60 }).map((step) => NIGHT + step * 20 * MICROSECONDS.minute),
    host: fc.oneof(
      one("poste-1", "poste-2", "poste-3", "pacs-01", "pacs-02", "dpi-01", "dc01", "dc02", "samu-1"),
      fc.integer({ min: 4, max: 40 }).map((i) => `poste-${i}`),
    ),
    user: one("a.martin", "b.petit", "svc-scan", "svc-scan", "administrateur"),
    address: one("10.0.0.9", "10.0.0.9", "203.0.113.7", "198.51.100.4"),
    cause: one<Cause>("ransomware", "phishing", "infrastructure_failure"),
    fact: one<FactKind>("system_unavailable", "malicious_action_suspected", "data_altered"),
  },
  { requiredKeys: ["at"] },
);

const ALL = [...SYSTEMS, System.parse({ id: "postes", name: "Postes", kind: "other", hosts: ["bureau-*"] })];

export function groupingSetup(): Setup {
  let next = 0;
  return {
    facility: {
      id: "ch-exemple",
      name: "CH Exemple",
      kind: "etablissement_de_sante",
      address: "",
      ars: "",
      time_zone: "Europe/Paris",
    },
    mode: "observe",
    systems: new Map(ALL.map((system) => [system.id, system])),
    locate: locator(ALL),
    regimes: [],
    notify: [],
    outbound: [],
    newId: () => `id-${++next}`,
    masks: MASKS,
    mutes: openMutes(ALL),
    outages: openOutages(ALL),
  };
}

export function arrivalOf({ at, host, user, address, cause, fact }: Seen, seq: number): Arrival {
  return {
    alert: {
      id: `alert-${seq}`,
      source: "test",
      received: Math.max(at, NIGHT + 2 * MICROSECONDS.day),
      occurred: at,
      eventId: null,
      alert: {
        ...(host !== undefined && { host: { name: host } }),
        ...(user !== undefined && { user: { name: user } }),
        ...(address !== undefined && { source: { ip: address } }),
      },
    },
    detection: {
      id: `detection-${seq}`,
      alert: `alert-${seq}`,
      seq,
      occurred: at,
      because: [],
      rule: {
        id: "rule",
        version: "0",
        title: "rule",
        level: "high",
        tags: [],
        meaning: {
          title_fr: "règle",
          reason_fr: "règle",
          ...(cause !== undefined && { cause }),
          facts: fact === undefined ? [] : [{ fact, confidence: "suspected", ended_by: [] }],
        },
      },
    },
  };
}

/** Groups detections as the pipeline does, in batches, and as the definition says: both as sorted lists of their numbers. */
export async function groupAll(
  seen: readonly Seen[],
  batch = 10,
): Promise<{ partition: number[][]; expected: number[][]; works: Work[] }> {
  const setup = groupingSetup();
  const grouping = openGrouping(setup);
  const active = new Map<string, Work>();
  const joined = new Map<number, string>();
  const arrivals = seen.map((each, i) => arrivalOf(each, i + 1));
  let references = 0;
  for (let from = 0; from < arrivals.length; from += batch) {
    const shelf = openShelf({
      active,
      grouping,
      setup,
      now: NIGHT,
      seq: from,
      reference: () => `2026-${String(++references).padStart(4, "0")}`,
    });
    for (const arrival of arrivals.slice(from, from + batch)) {
      const home = correlate(arrival, shelf);
      if (home !== undefined) shelf.placed(arrival, home);
    }
    const reads = {
      detectionsOf: async (_: string, incident: string) =>
        arrivals.filter(({ detection }) => joined.get(detection.seq) === incident),
    };
    await takeApart(shelf, reads, { later: new Set() });
    for (const work of shelf.changed()) {
      const { writes, base } = changesOf(work);
      for (const write of writes) {
        if (write.write !== "join") continue;
        for (const [seq, incident] of joined) if (incident === write.of) joined.set(seq, write.incident);
        for (const seq of write.detections) joined.set(seq, write.incident);
      }
      const { id, state } = work.incident;
      if (state === "merged") active.delete(id);
      else active.set(id, { ...work, beside: [], base });
    }
  }
  const parts = Map.groupBy(
    arrivals.map((_, i) => i),
    (i) => joined.get(i + 1),
  );
  return {
    partition: sorted([...parts.values()]),
    expected: expectedOf(arrivals, setup),
    works: [...active.values()],
  };
}

/** Connected components, by comparing every detection with every other. */
function expectedOf(arrivals: readonly Arrival[], setup: Setup): number[][] {
  const census = openCensus();
  const traits = arrivals.map((each) => readTraits(each, setup));
  for (const each of traits) eachCounted(each, (key, partners) => census.note(key, each.at, partners));
  const links = traits.map((each) => linksOf(each, census.isHub));
  const component = arrivals.map((_, i) => i);
  const tied = (a: number, b: number) => {
    const [one, two] = [traits[a], traits[b]];
    return (links[a]?.looks ?? []).some((key) => {
      if (!links[b]?.adds.includes(key) || one === undefined || two === undefined) return false;
      const pair = openLinkIndex();
      pair.add(key, two.at, "b");
      let found = false;
      pair.find(key, one.at, () => {
        found = true;
      });
      return found;
    });
  };
  for (let a = 0; a < arrivals.length; a++)
    for (let b = 0; b < a; b++) {
      const [from, to] = [component[a], component[b]];
      if (from === to || !(tied(a, b) || tied(b, a))) continue;
      component.forEach((each, i) => {
        if (each === from) component[i] = to as number;
      });
    }
  return sorted([...Map.groupBy(component.keys(), (i) => component[i]).values()]);
}

/** The same groups in the order of a recording, of which `order` is how it arrived. */
export function inOrderOf(parts: readonly (readonly number[])[], order: readonly number[]): number[][] {
  return sorted(parts.map((part) => part.map((i) => order[i] as number)));
}

function sorted(parts: number[][]): number[][] {
  return parts.map((part) => part.sort((a, b) => a - b)).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}
